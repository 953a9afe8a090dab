/**
 * The heavy half of an import: files in, batches of encoded records out, the same on every run.
 *
 * A transaction gives four records (arrival, entities, anchor, AUTH_REQUEST), a label one; both are
 * *items*, numbered from 0 in order of (time, label before transaction). Batches end every
 * `batchItems` items, so item numbers are all a resumed import needs.
 * Runs in a thread (encode-worker.ts) or in the caller's; everything it needs is in the plan.
 * N1. Same files, map and pins: same items, records and bytes. No clock, no randomness.
 */
import { UsageError } from '../../schemas/errors.js';
import type { Pins } from '../../schemas/generated/label-assertion.js';
import type { SchemaLookup } from '../../schemas/schema-lookup.js';
import type { FlowFacts, Place } from '../world/engine-output.js';
import { EnvelopeWriter, PRODUCED_TOPICS } from '../world/envelope.js';
import { REQUEST } from '../world/feed.js';
import { HOUR_MICROS } from '../world/rhythm.js';
import type { ImportMap } from './import-map.js';
import { orderedRows, type BadRow } from './ordered-rows.js';
import { BatchPacker, type PackedRecords } from './packed-batch.js';
import { labelReader, transactionReader, type LabelRow, type Transaction } from './row-reader.js';

/** A plain value: it crosses to a thread as it is. */
export interface EncodePlan {
  readonly file: string;
  readonly labels: string | null;
  readonly map: ImportMap;
  readonly pins: Pins;
  /** Writer schema ids, in the order of PRODUCED_TOPICS. */
  readonly schemaIds: readonly number[];
  /** Partition counts, in the order of PRODUCED_TOPICS. */
  readonly partitions: readonly number[];
  /** Items already appended by an earlier run. */
  readonly skipItems: number;
  readonly batchItems: number;
}

/** What the files held in all, rows set aside not counted. */
export interface EncodeTotals {
  readonly items: number;
  readonly transactions: number;
  readonly labels: number;
  /** Time of the last item, skipped or not; 0 when there was none. */
  readonly lastTimeMs: number;
}

export interface EncodedBatch {
  /** Items up to and including this batch, skipped ones counted. */
  readonly items: number;
  readonly transactions: number;
  readonly labels: number;
  readonly firstTimeMs: number;
  readonly lastTimeMs: number;
  readonly packed: PackedRecords;
}

export async function* encodeImport(
  plan: EncodePlan,
  onBad: (row: BadRow) => void,
): AsyncGenerator<EncodedBatch, EncodeTotals> {
  const encoder = new ItemEncoder(plan);
  const transactions = new Ahead(transactionRows(plan, onBad), (row) => row.atMicros);
  const labels = new Ahead(labelRows(plan, onBad), (row) => row.observedMicros);
  for (;;) {
    if (transactions.empty && !transactions.ended) await transactions.more();
    if (labels.empty && !labels.ended) await labels.more();
    if (transactions.empty && labels.empty) break;
    while (transactions.ready && labels.ready) {
      if (transactions.empty && labels.empty) break;
      if (labels.nextTime <= transactions.nextTime) encoder.label(labels.take());
      else encoder.transaction(transactions.take());
      if (encoder.full) yield encoder.batch();
    }
  }
  if (encoder.started) yield encoder.batch();
  return encoder.totals;
}

function transactionRows(
  plan: EncodePlan,
  onBad: (row: BadRow) => void,
): AsyncGenerator<readonly Transaction[]> {
  const { transactions } = plan.map;
  return orderedRows({
    file: plan.file,
    delimiter: transactions.delimiter,
    order: transactions.order,
    reader: (header) => transactionReader(transactions, header, plan.file),
    timeOf: (row) => row.atMicros,
    idOf: (row) => row.flowId,
    onBad,
  });
}

async function* labelRows(
  plan: EncodePlan,
  onBad: (row: BadRow) => void,
): AsyncGenerator<readonly LabelRow[]> {
  const { labels: file, map } = plan;
  if (file === null) return;
  const { labels } = map;
  if (labels === null) {
    throw new UsageError(
      `the map ${map.name} says nothing of labels; add its labels part or leave --labels out`,
    );
  }
  yield* orderedRows({
    file,
    delimiter: labels.delimiter,
    order: labels.order,
    reader: (header) => labelReader(labels, header, file),
    timeOf: (row) => row.observedMicros,
    idOf: (row) => row.flowId,
    onBad,
  });
}

/** The next rows of one source, looked at without waiting. */
class Ahead<T> {
  ended = false;
  private readonly source: AsyncGenerator<readonly T[]>;
  private readonly timeOf: (row: T) => number;
  private rows: readonly T[] = [];
  private at = 0;

  constructor(source: AsyncGenerator<readonly T[]>, timeOf: (row: T) => number) {
    this.source = source;
    this.timeOf = timeOf;
  }

  get empty(): boolean {
    return this.at >= this.rows.length;
  }

  /** True when `nextTime` is known: a row is there, or none will come. */
  get ready(): boolean {
    return this.ended || !this.empty;
  }

  get nextTime(): number {
    const row = this.rows[this.at];
    return row === undefined ? Number.POSITIVE_INFINITY : this.timeOf(row);
  }

  take(): T {
    const row = this.rows[this.at];
    if (row === undefined) throw new RangeError('no row is ahead');
    this.at++;
    return row;
  }

  async more(): Promise<void> {
    const next = await this.source.next();
    if (next.done === true) this.ended = true;
    else this.rows = next.value;
    this.at = 0;
    if (this.ended) this.rows = [];
  }
}

class ItemEncoder {
  private readonly plan: EncodePlan;
  private readonly writer: EnvelopeWriter;
  private readonly packer: BatchPacker;
  private readonly places = new Map<string, Place>();
  private items = 0;
  private inBatch = 0;
  private transactions = 0;
  private labels = 0;
  private firstTimeMs = 0;
  private lastTimeMs = 0;

  constructor(plan: EncodePlan) {
    const { map, pins } = plan;
    this.plan = plan;
    this.packer = new BatchPacker(plan.partitions);
    this.writer = new EnvelopeWriter({
      pins,
      lookup: idsOnly(plan.schemaIds),
      clock: 'records',
      producer: `weir:import:${map.name}`,
      origin: { source: 'import', reference: pins.manifest_fingerprint },
    });
  }

  get full(): boolean {
    return this.inBatch >= this.plan.batchItems;
  }

  get started(): boolean {
    return this.inBatch > 0;
  }

  get totals(): EncodeTotals {
    const { items, transactions, labels, lastTimeMs } = this;
    return { items, transactions, labels, lastTimeMs };
  }

  transaction(row: Transaction): void {
    this.transactions++;
    if (!this.begin(Math.floor(row.atMicros / 1000))) return;
    const facts = this.facts(row);
    const { line, atMicros } = row;
    this.packer.add(this.writer.arrival(facts, line));
    this.packer.add(this.writer.entities(facts, line));
    this.packer.add(this.writer.anchor(facts, line));
    this.packer.add(this.writer.traffic(facts, { seq: 0, type: REQUEST, atMicros }, line));
  }

  label(row: LabelRow): void {
    this.labels++;
    if (!this.begin(Math.floor(row.observedMicros / 1000))) return;
    const map = this.plan.map.labels;
    if (map === null) throw new RangeError('a label without a label map');
    this.packer.add(
      this.writer.label({
        eventId: this.writer.trafficEventId(row.flowId, 0),
        labelType: row.labelType,
        labelValue: row.labelValue,
        effectiveMicros: row.effectiveMicros,
        observedMicros: row.observedMicros,
        source: map.source,
        actorId: map.actor,
        evidence: {
          refType: 'IMPORTED_LABEL',
          refId: `${this.plan.map.name}:${row.flowId}:${row.labelValue}`,
        },
      }),
    );
  }

  batch(): EncodedBatch {
    this.inBatch = 0;
    return {
      items: this.items,
      transactions: this.transactions,
      labels: this.labels,
      firstTimeMs: this.firstTimeMs,
      lastTimeMs: this.lastTimeMs,
      packed: this.packer.take(),
    };
  }

  /** Counts an item; false when an earlier run has it. */
  private begin(timeMs: number): boolean {
    this.items++;
    this.lastTimeMs = timeMs;
    if (this.items <= this.plan.skipItems) return false;
    if (this.inBatch === 0) this.firstTimeMs = timeMs;
    this.inBatch++;
    return true;
  }

  private facts(row: Transaction): FlowFacts {
    return {
      flowId: row.flowId,
      arrivalSeq: row.arrivalSeq,
      place: this.place(row.merchantId),
      partyId: row.partyId,
      accountId: row.accountId,
      instrumentId: row.instrumentId,
      deviceId: row.deviceId,
      ipId: row.ipId,
      sessionId: row.sessionId,
      atMicros: row.atMicros,
      bucketIndex: Math.floor(row.atMicros / HOUR_MICROS),
      amount: row.amount,
      fraud: false,
      campaignId: null,
    };
  }

  private place(merchantId: string): Place {
    let place = this.places.get(merchantId);
    if (place === undefined) {
      const { zone, offsetMinutes } = this.plan.map.place;
      if (this.places.size >= PLACES_MAX) this.places.clear();
      place = {
        merchantId,
        zone,
        offsetMinutes,
        virtual: false,
        channel: null,
        siteId: null,
        edgeId: null,
      };
      this.places.set(merchantId, place);
    }
    return place;
  }
}

const PLACES_MAX = 100_000;

/** Ids for writing; an import decodes nothing, so there is nothing to look up by id. */
function idsOnly(schemaIds: readonly number[]): SchemaLookup {
  const ids = new Map(PRODUCED_TOPICS.map(({ subject }, at) => [subject, schemaIds[at]]));
  return {
    byId: () => undefined,
    idOf: (subject) => {
      const id = ids.get(subject);
      if (id === undefined)
        throw new UsageError(`the import was given no schema id for ${subject}`);
      return id;
    },
  };
}
