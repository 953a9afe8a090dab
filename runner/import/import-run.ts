/**
 * One import on its way: batches in, records and markers appended, the cursor after each append.
 *
 * Owns the cursor row of its import and nothing else on the bus; I1 to I4 of import-transactions.ts
 * are kept here.
 */
import { UsageError } from '../../schemas/errors.js';
import type { Pins } from '../../schemas/generated/label-assertion.js';
import { progressMarker } from '../bus/marker.js';
import type { Bus, ProducedRecord } from '../bus/port.js';
import { PRODUCED_TOPICS } from '../world/envelope.js';
import { AppendedTail } from './appended-tail.js';
import { encodeImport } from './encode-import.js';
import type { EncodedBatch, EncodePlan } from './encode-plan.js';
import { endsOf, loadCursor, saveCursor, type ImportCursor } from './import-cursor.js';
import type { ImportOptions, ImportReport } from './import-options.js';
import type { BadRow } from './ordered-rows.js';
import { unpackRecords } from './packed-batch.js';
import { threadBatches } from './thread-batches.js';

const BATCH_ITEMS = 1000;
const FIRST_BAD_ROWS = 100;
/** How long after the last event the run's time ends. */
export const END_AFTER_MS = 60_000;

export class ImportRun {
  private readonly options: ImportOptions;
  private readonly importId: string;
  private readonly pins: Pins;
  private readonly sources: readonly string[];
  private readonly resumedAfter: number;
  private readonly firstBadRows: BadRow[] = [];
  private cursor: ImportCursor;
  private tail: AppendedTail;
  private badRows = 0;
  private appended = 0;

  private constructor(
    options: ImportOptions,
    identity: { readonly importId: string; readonly pins: Pins },
    start: {
      readonly cursor: ImportCursor;
      readonly tail: AppendedTail;
      readonly sources: readonly string[];
    },
  ) {
    this.options = options;
    this.importId = identity.importId;
    this.pins = identity.pins;
    this.cursor = start.cursor;
    this.tail = start.tail;
    this.sources = start.sources;
    this.resumedAfter = start.cursor.items;
  }

  static async open(options: ImportOptions, importId: string, pins: Pins): Promise<ImportRun> {
    const { bus, file, map, labels = null } = options;
    const sources = [...new Set([...options.sources, ...PRODUCED_TOPICS.map(({ name }) => name)])];
    await requireTopics(bus, sources);
    let cursor = await loadCursor(bus, importId);
    if (cursor === null) {
      cursor = {
        version: 1,
        state: 'running',
        platformRunId: pins.platform_run_id,
        file,
        labels,
        map,
        items: 0,
        transactions: 0,
        labelCount: 0,
        badRows: 0,
        firstTimeMs: null,
        lastTimeMs: 0,
        ends: await endsOf(bus, sources),
      };
      await saveCursor(bus, importId, cursor);
    }
    const tail = await AppendedTail.load(bus, cursor.ends);
    return new ImportRun(options, { importId, pins }, { cursor, tail, sources });
  }

  get finished(): boolean {
    return this.cursor.state === 'done';
  }

  report(): ImportReport {
    const { cursor } = this;
    return {
      importId: this.importId,
      pins: this.pins,
      transactions: cursor.transactions,
      labels: cursor.labelCount,
      badRows: cursor.badRows,
      firstBadRows: this.firstBadRows,
      appended: this.appended,
      firstTimeMs: cursor.firstTimeMs ?? 0,
      lastTimeMs: cursor.lastTimeMs,
      resumedAfter: this.resumedAfter,
    };
  }

  async go(): Promise<ImportReport> {
    const { signal } = this.options;
    const plan = await this.plan();
    const onBad = (row: BadRow): void => {
      this.badRows++;
      if (this.firstBadRows.length < FIRST_BAD_ROWS) this.firstBadRows.push(row);
      this.options.onBadRow?.(row);
    };
    const batches =
      this.options.thread === false ? encodeImport(plan, onBad) : threadBatches(plan, onBad);
    try {
      let step = await batches.next();
      for (; step.done !== true; step = await batches.next()) {
        signal?.throwIfAborted();
        await this.append(step.value);
      }
      if (step.value.transactions === 0) {
        throw new UsageError(
          `${this.options.file} holds no usable transaction${this.firstReason()}`,
        );
      }
    } finally {
      await batches.return({ items: 0, transactions: 0, labels: 0, lastTimeMs: 0 });
    }
    const endMs = this.cursor.lastTimeMs + END_AFTER_MS;
    await this.write(this.markers(endMs), { ...this.cursor, badRows: this.badRows, state: 'done' });
    return this.report();
  }

  private async append(batch: EncodedBatch): Promise<void> {
    const records: ProducedRecord[] = [];
    const firstTimeMs = this.cursor.firstTimeMs ?? batch.firstTimeMs;
    if (this.cursor.items === 0) {
      await this.requireEarlier(firstTimeMs);
      records.push(...(await this.openingRecords(firstTimeMs)));
    }
    for (const record of unpackRecords(batch.packed)) records.push(record);
    for (const marker of this.markers(batch.lastTimeMs)) records.push(marker);
    await this.write(records, {
      ...this.cursor,
      items: batch.items,
      transactions: batch.transactions,
      labelCount: batch.labels,
      badRows: this.badRows,
      firstTimeMs,
      lastTimeMs: batch.lastTimeMs,
    });
    this.options.progress?.({
      transactions: batch.transactions,
      labels: batch.labels,
      badRows: this.badRows,
      timeMs: batch.lastTimeMs,
    });
  }

  /** Appends what is not there yet, then says so: the order that can repeat but never lose (I3). */
  private async write(records: readonly ProducedRecord[], cursor: ImportCursor): Promise<void> {
    const { bus } = this.options;
    const missing = this.tail.missing(records);
    const ends: Record<string, string[]> = {};
    if (missing.length < records.length) {
      // Part of it was there: where the partitions end only the bus knows.
      for (const [topic, list] of Object.entries(await endsOf(bus, this.sources)))
        ends[topic] = [...list];
    } else {
      for (const [topic, list] of Object.entries(this.cursor.ends)) ends[topic] = [...list];
    }
    const answers = missing.length === 0 ? [] : await bus.append(missing);
    for (const { topic, partition, offset } of answers) {
      const list = ends[topic];
      if (list !== undefined) list[partition] = (offset + 1n).toString();
    }
    this.appended += missing.length;
    this.cursor = { ...cursor, ends };
    await saveCursor(bus, this.importId, this.cursor);
  }

  private markers(timeMs: number): readonly ProducedRecord[] {
    return this.sources.flatMap((topic) =>
      (this.cursor.ends[topic] ?? []).map((_, partition) =>
        progressMarker({ topic, partition, timeMs }),
      ),
    );
  }

  private async openingRecords(firstTimeMs: number): Promise<readonly ProducedRecord[]> {
    const records = (await this.options.opening?.({ firstTimeMs, pins: this.pins })) ?? [];
    for (const { topic } of records) {
      if (!this.sources.includes(topic)) {
        throw new UsageError(
          `opening records for ${topic}, which is not among the sources of this import`,
        );
      }
    }
    return records.map((record) => ({ ...record, timeMs: firstTimeMs }));
  }

  /** A partition's times never fall (P4): events before what is there would be moved to it. */
  private async requireEarlier(firstTimeMs: number): Promise<void> {
    if (!this.tail.empty) return;
    for (const topic of this.sources) {
      for (const { partition, end, start, lastTimeMs } of await this.options.bus.bounds(topic)) {
        if (end > start && lastTimeMs > firstTimeMs) {
          throw new UsageError(
            `${topic}/${partition} already holds records up to ${lastTimeMs} ms, later than the first event ` +
              `of ${this.options.file} (${firstTimeMs} ms); import into an empty data directory`,
          );
        }
      }
    }
  }

  private async plan(): Promise<EncodePlan> {
    const { file, labels = null, map, lookup, bus, batchItems = BATCH_ITEMS } = this.options;
    const counts = new Map((await bus.topics()).map(({ name, partitions }) => [name, partitions]));
    return {
      file,
      labels,
      map,
      pins: this.pins,
      schemaIds: PRODUCED_TOPICS.map(({ subject, schema }) => lookup.idOf(subject, schema)),
      partitions: PRODUCED_TOPICS.map(({ name }) => counts.get(name) ?? 1),
      skipItems: this.cursor.items,
      batchItems,
    };
  }

  private firstReason(): string {
    const [first] = this.firstBadRows;
    return first === undefined
      ? ''
      : `; the first problem is in line ${first.line}: ${first.reason}`;
  }
}

async function requireTopics(bus: Bus, sources: readonly string[]): Promise<void> {
  const there = new Set((await bus.topics()).map(({ name }) => name));
  const missing = sources.filter((topic) => !there.has(topic));
  if (missing.length > 0) {
    throw new UsageError(`the bus lacks topics the import needs: ${missing.join(', ')}`);
  }
}
