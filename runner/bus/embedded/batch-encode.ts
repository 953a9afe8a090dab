/**
 * Encodes records of one partition into batches (layout: batch-format.ts) of at most BATCH_BYTES_MAX
 * and BATCH_RECORDS_MAX, so that a reader never has to hold more than it asked for; one record larger
 * than that is a batch of its own.
 */
import { crc32 } from 'node:zlib';
import type { ProducedRecord } from '../port.js';
import { Arena } from './arena.js';
import { AT, BATCH_HEAD_BYTES, BATCH_VERSION, trustBatch, type Batch } from './batch-format.js';

export const BATCH_BYTES_MAX = 256 * 1024;
export const BATCH_RECORDS_MAX = 8192;

/** Records placed in a partition and not yet written: three lists of one length. */
export interface PlacedRecords {
  readonly records: readonly ProducedRecord[];
  readonly timesMs: readonly number[];
  readonly sequences: readonly number[];
  /** Offset of the first of them. */
  readonly base: number;
  /** Bytes of the partition before them. */
  readonly bytesBefore: number;
}

export class BatchEncoder {
  readonly #arena = new Arena(512 * 1024);
  readonly #names = new Map<string, number>();

  encode(placed: PlacedRecords): readonly Batch[] {
    const batches: Batch[] = [];
    let bytesBefore = placed.bytesBefore;
    for (let from = 0; from < placed.records.length;) {
      const batch = this.#encodeOne(placed, from, bytesBefore);
      batches.push(batch);
      from += batch.end - batch.base;
      bytesBefore += batch.bytes.length;
    }
    return batches;
  }

  #encodeOne(placed: PlacedRecords, from: number, bytesBefore: number): Batch {
    const { records, timesMs, sequences } = placed;
    const arena = this.#arena;
    arena.reset();
    arena.at = BATCH_HEAD_BYTES;
    this.#names.clear();
    const firstTime = timesMs[from] ?? 0;
    const firstSequence = sequences[from] ?? 0;
    let time = firstTime;
    let sequence = firstSequence - 1;
    let index = from;
    const until = Math.min(records.length, from + BATCH_RECORDS_MAX);
    for (; index < until; index++) {
      const record = records[index];
      if (record === undefined || (index > from && !roomFor(record, arena.at))) break;
      const recordTime = timesMs[index] ?? time;
      const recordSequence = sequences[index] ?? sequence + 1;
      arena.reserve(24);
      arena.varint(recordSequence - sequence - 1);
      arena.varint(recordTime - time);
      time = recordTime;
      sequence = recordSequence;
      arena.span(record.key);
      arena.span(record.value);
      this.#headers(record);
    }
    const namesAt = this.#nameTable();
    const bytes = arena.take();
    bytes.fill(0, 0, BATCH_HEAD_BYTES);
    bytes[AT.version] = BATCH_VERSION;
    bytes.writeUInt32BE(index - from, AT.count);
    bytes.writeUInt32BE(namesAt, AT.names);
    bytes.writeDoubleBE(firstTime, AT.firstTime);
    bytes.writeDoubleBE(time, AT.lastTime);
    bytes.writeDoubleBE(firstSequence, AT.firstSequence);
    bytes.writeDoubleBE(sequence, AT.lastSequence);
    bytes.writeDoubleBE(bytesBefore, AT.bytesBefore);
    bytes.writeDoubleBE(placed.base + from, AT.base);
    bytes.writeUInt32BE(crc32(bytes.subarray(4)), 0);
    return trustBatch(bytes);
  }

  #headers(record: ProducedRecord): void {
    const arena = this.#arena;
    arena.reserve(8);
    if (record.headers === undefined) {
      arena.varint(0);
      return;
    }
    const names = Object.keys(record.headers);
    arena.varint(names.length);
    for (const name of names) {
      let at = this.#names.get(name);
      if (at === undefined) {
        at = this.#names.size;
        this.#names.set(name, at);
      }
      arena.reserve(8);
      arena.varint(at);
      arena.span(record.headers[name] ?? null);
    }
  }

  #nameTable(): number {
    if (this.#names.size === 0) return 0;
    const arena = this.#arena;
    const at = arena.at;
    arena.reserve(8);
    arena.varint(this.#names.size);
    for (const name of this.#names.keys()) arena.span(Buffer.from(name, 'utf8'));
    return at;
  }
}

const roomFor = (record: ProducedRecord, at: number): boolean =>
  at + (record.key?.length ?? 0) + (record.value?.length ?? 0) <= BATCH_BYTES_MAX;
