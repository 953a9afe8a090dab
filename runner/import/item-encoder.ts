/**
 * Rows of an import into records, in batches of items.
 *
 * E1. Skipped items (an earlier run has them) are counted and otherwise cost nothing.
 * E2. Truth stays out: fraud_flag false and campaign_id null in every event (ruling 1).
 */
import { UsageError } from '../../schemas/errors.js';
import type { SchemaLookup } from '../../schemas/schema-lookup.js';
import type { FlowFacts, Place } from '../world/engine-output.js';
import { EnvelopeWriter, PRODUCED_TOPICS } from '../world/envelope.js';
import { REQUEST } from '../world/feed.js';
import { HOUR_MICROS } from '../world/rhythm.js';
import type { EncodedBatch, EncodePlan, EncodeTotals } from './encode-plan.js';
import { BatchPacker } from './packed-batch.js';
import type { LabelRow, Transaction } from './row-reader.js';

export class ItemEncoder {
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
