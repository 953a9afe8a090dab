/**
 * One partition: where it starts and ends, what waits to be written to it, and how it is read.
 *
 * L1. `end`, `lastTimeMs` and the bytes change only in `publish`, after the write is durable; so nobody
 *     reads what a crash could take back.
 * L2. A read starts exactly at the offset asked for, and every batch must start where the one before
 *     ended: a missing or damaged row halts (BATCH_CORRUPT), a removed one halts (SOURCE_TRUNCATED).
 */
import { HaltError } from '../../../schemas/errors.js';
import type { ProducedRecord, Pulled, StoredRecord } from '../port.js';
import type { BatchEncoder } from './batch-encode.js';
import { BatchCursor, openBatch, type Batch } from './batch-format.js';
import { RecentSuffix, type RecentBatches } from './recent-batches.js';
import { baseOfBatchKey, batchKey } from './row-keys.js';
import type { Row, RowPut, RowStore } from './row-store.js';

/** Readers whose place is remembered per partition; beyond it the oldest is looked up again. */
const CURSORS_MAX = 4;
const ROWS_PER_READ = 64;
const NO_RECORDS: readonly StoredRecord[] = [];

/** Where a partition stands; also the JSON of its row after retention. */
export interface PartitionPlace {
  readonly start: number;
  readonly end: number;
  readonly startBytes: number;
  readonly endBytes: number;
  readonly lastTimeMs: number;
  readonly lastSequence: number;
}

export const NEW_PLACE: PartitionPlace = {
  start: 0,
  end: 0,
  startBytes: 0,
  endBytes: 0,
  lastTimeMs: 0,
  lastSequence: 0,
};

export class PartitionLog {
  readonly topicId: number;
  readonly partition: number;
  readonly where: string;
  readonly recent = new RecentSuffix();
  start: number;
  startBytes: number;
  readonly #rows: RowStore;
  #end: number;
  #endBytes: number;
  #lastTimeMs: number;
  #lastSequence: number;
  readonly #cursors = new Map<number, BatchCursor | null>();
  /** Placed in the group now being put together. */
  #placed: ProducedRecord[] = [];
  #placedTimes: number[] = [];
  #placedSequences: number[] = [];
  #encoded: readonly Batch[] = [];

  constructor(
    id: { readonly topic: string; readonly topicId: number; readonly partition: number },
    rows: RowStore,
    place: PartitionPlace,
  ) {
    this.topicId = id.topicId;
    this.partition = id.partition;
    this.where = `${id.topic}/${id.partition}`;
    this.#rows = rows;
    this.start = place.start;
    this.startBytes = place.startBytes;
    this.#end = place.end;
    this.#endBytes = place.endBytes;
    this.#lastTimeMs = place.lastTimeMs;
    this.#lastSequence = place.lastSequence;
  }

  get end(): number {
    return this.#end;
  }

  get lastTimeMs(): number {
    return this.#lastTimeMs;
  }

  get bytes(): number {
    return this.#endBytes - this.startBytes;
  }

  get place(): PartitionPlace {
    return {
      start: this.start,
      end: this.#end,
      startBytes: this.startBytes,
      endBytes: this.#endBytes,
      lastTimeMs: this.#lastTimeMs,
      lastSequence: this.#lastSequence,
    };
  }

  get placedCount(): number {
    return this.#placed.length;
  }

  /** The time a record would get, were it placed now (P4: never below the one before). */
  raised(timeMs: number): number {
    const last = this.#placedTimes[this.#placedTimes.length - 1] ?? this.#lastTimeMs;
    return timeMs > last ? timeMs : last;
  }

  /** Adds a record to the group; returns its offset. `timeMs` has gone through `raised`. */
  placeRecord(record: ProducedRecord, timeMs: number, sequence: number): number {
    this.#placed.push(record);
    this.#placedTimes.push(timeMs);
    this.#placedSequences.push(sequence);
    return this.#end + this.#placed.length - 1;
  }

  /** Encodes what was placed into rows of the group's write. */
  encodePlaced(encoder: BatchEncoder, puts: RowPut[]): void {
    this.#encoded = encoder.encode({
      records: this.#placed,
      timesMs: this.#placedTimes,
      sequences: this.#placedSequences,
      base: this.#end,
      bytesBefore: this.#endBytes,
    });
    this.#placed = [];
    this.#placedTimes = [];
    this.#placedSequences = [];
    for (const batch of this.#encoded) {
      puts.push({ key: batchKey(this.topicId, this.partition, batch.base), value: batch.bytes });
    }
  }

  /** L1: the write is durable, its records become readable. */
  publish(cache: RecentBatches): void {
    for (const batch of this.#encoded) {
      this.#end = batch.end;
      this.#endBytes = batch.bytesBefore + batch.bytes.length;
      this.#lastTimeMs = batch.lastTimeMs;
      this.#lastSequence = batch.lastSequence;
      cache.add(this.recent, batch);
    }
    this.#encoded = [];
  }

  async pull(from: bigint, bytesMax: number): Promise<Pulled> {
    const at = Number(from);
    const end = this.#end;
    if (at < this.start) throw this.#truncated(at);
    if (at > end) throw this.#rewound(at);
    if (at === end) return { records: NO_RECORDS, next: from, end: from };
    const records: StoredRecord[] = [];
    const next =
      at >= this.recent.baseOr(end)
        ? this.#readRecent(at, bytesMax, records)
        : await this.#readRows(at, end, bytesMax, records);
    return { records, next: BigInt(next), end: BigInt(end) };
  }

  #readRecent(at: number, bytesMax: number, out: StoredRecord[]): number {
    let left = bytesMax;
    let index = this.recent.indexOf(at);
    let cursor = this.#takeCursor(at) ?? this.#cursorIn(this.recent.at(index), at);
    for (;;) {
      left -= cursor.read(out, left);
      const batch = this.recent.at(++index);
      if (left <= 0 || batch === undefined) break;
      cursor = new BatchCursor(batch);
    }
    return this.#remember(cursor);
  }

  async #readRows(at: number, end: number, bytesMax: number, out: StoredRecord[]): Promise<number> {
    let left = bytesMax;
    let next = at;
    const known = this.#takeCursor(at);
    if (known !== undefined && known !== null) {
      left -= known.read(out, left);
      next = this.#remember(known);
      if (left <= 0 || next >= end) return next;
    }
    const rows = await this.#rows.range({
      from: batchKey(
        this.topicId,
        this.partition,
        known === undefined ? await this.#rowBase(at) : next,
      ),
      until: batchKey(this.topicId, this.partition, end),
      limit: ROWS_PER_READ,
      bytesMax: left,
    });
    if (at < this.start) throw this.#truncated(at);
    let cursor: BatchCursor | null = null;
    for (const row of rows) {
      cursor = this.#openRow(row, next);
      left -= cursor.read(out, left);
      next = cursor.offset;
      if (left <= 0) break;
    }
    if (cursor !== null) return this.#remember(cursor);
    if (out.length === 0) throw this.#missing(at);
    return next;
  }

  /** L2: the batch of a row must hold the offset to be read next. */
  #openRow([key, value]: Row, next: number): BatchCursor {
    const base = baseOfBatchKey(key);
    const batch = openBatch(value, base, this.where);
    if (base > next || batch.end <= next) throw this.#missing(next);
    return this.#cursorIn(batch, next);
  }

  /** Offset at which the stored batch that holds `at` begins. */
  async #rowBase(at: number): Promise<number> {
    const keys = await this.#rows.keys({
      from: batchKey(this.topicId, this.partition, 0),
      until: batchKey(this.topicId, this.partition, at + 1),
      reverse: true,
      limit: 1,
    });
    const key = keys[0];
    if (at < this.start) throw this.#truncated(at);
    if (key === undefined) throw this.#missing(at);
    return baseOfBatchKey(key);
  }

  #cursorIn(batch: Batch | undefined, at: number): BatchCursor {
    if (batch === undefined) throw this.#missing(at);
    const cursor = new BatchCursor(batch);
    cursor.skipTo(at);
    return cursor;
  }

  /** A cursor belongs to one read at a time. Null: a batch starts at `at`. */
  #takeCursor(at: number): BatchCursor | null | undefined {
    const known = this.#cursors.get(at);
    this.#cursors.delete(at);
    return known;
  }

  /** Keeps the place where this read stopped, and returns its offset. */
  #remember(cursor: BatchCursor): number {
    this.#cursors.delete(cursor.offset);
    this.#cursors.set(cursor.offset, cursor.done ? null : cursor);
    if (this.#cursors.size > CURSORS_MAX) {
      const [oldest] = this.#cursors.keys();
      if (oldest !== undefined) this.#cursors.delete(oldest);
    }
    return cursor.offset;
  }

  #truncated(at: number): HaltError {
    return new HaltError(
      'SOURCE_TRUNCATED',
      `${this.where} starts at offset ${this.start}; offset ${at} was removed by retention.`,
      { origin: `${this.where}/${at}` },
    );
  }

  #rewound(at: number): HaltError {
    return new HaltError(
      'SOURCE_REWOUND',
      `${this.where} ends at offset ${this.#end}; offset ${at} was never written here.`,
      { origin: `${this.where}/${at}` },
    );
  }

  #missing(at: number): HaltError {
    return new HaltError(
      'BATCH_CORRUPT',
      `the batch of ${this.where} offset ${at} is missing from the log.`,
      { origin: `${this.where}/${at}` },
    );
  }
}
