/**
 * A batch: consecutive records of one partition as one row. Written by batch-encode.ts, read here.
 *
 *    0 u32  crc32 of everything after it          24 f64  time of the last record, ms
 *    4 u8   format version                        32 f64  append sequence of the first record
 *    8 u32  records                               40 f64  append sequence of the last record
 *   12 u32  where the header names start, or 0    48 f64  bytes of the partition before this batch
 *   16 f64  time of the first record, ms          56 f64  offset of the first record
 *   64      records: sequence step - 1, time step, key, value, header count, {name, value}...
 *           (all varints; a span is length + 1, then bytes; 0 is null)
 *      ...  header names: count, spans
 *
 * Owner: the reader lends views into the batch's buffer; whoever keeps a value longer copies it.
 */
import { crc32 } from 'node:zlib';
import { HaltError } from '../../../schemas/errors.js';
import type { Headers, StoredRecord } from '../port.js';

export const BATCH_VERSION = 1;
export const BATCH_HEAD_BYTES = 64;

export const AT = {
  version: 4,
  count: 8,
  names: 12,
  firstTime: 16,
  lastTime: 24,
  firstSequence: 32,
  lastSequence: 40,
  bytesBefore: 48,
  base: 56,
} as const;

export interface Batch {
  readonly bytes: Buffer;
  /** Offset of the first record, and one past the last. */
  readonly base: number;
  readonly end: number;
  readonly firstTimeMs: number;
  readonly lastTimeMs: number;
  readonly firstSequence: number;
  readonly lastSequence: number;
  /** Bytes of the partition before this batch, counted from its first ever record. */
  readonly bytesBefore: number;
  readonly names: readonly string[];
}

/** Reads the head of a batch and checks crc, version and place; BATCH_CORRUPT names `where`. */
export const openBatch = (bytes: Buffer, base: number, where: string): Batch => {
  const corrupt = (what: string): HaltError =>
    new HaltError('BATCH_CORRUPT', `the batch of ${where} offset ${base} is damaged: ${what}.`, {
      origin: `${where}/${base}`,
    });
  if (bytes.length < BATCH_HEAD_BYTES) throw corrupt(`only ${bytes.length} bytes`);
  if (bytes.readUInt32BE(0) !== crc32(bytes.subarray(4))) throw corrupt('its checksum differs');
  if (bytes[AT.version] !== BATCH_VERSION) {
    throw corrupt(`format version ${bytes[AT.version] ?? 0}, this build reads ${BATCH_VERSION}`);
  }
  const batch = trustBatch(bytes);
  if (batch.base !== base) throw corrupt(`it says it starts at ${batch.base}`);
  return batch;
};

/** The same without checks, for bytes this process has just encoded. */
export const trustBatch = (bytes: Buffer): Batch => {
  const base = bytes.readDoubleBE(AT.base);
  return {
    bytes,
    base,
    end: base + bytes.readUInt32BE(AT.count),
    firstTimeMs: bytes.readDoubleBE(AT.firstTime),
    lastTimeMs: bytes.readDoubleBE(AT.lastTime),
    firstSequence: bytes.readDoubleBE(AT.firstSequence),
    lastSequence: bytes.readDoubleBE(AT.lastSequence),
    bytesBefore: bytes.readDoubleBE(AT.bytesBefore),
    names: readNames(bytes),
  };
};

const NO_NAMES: readonly string[] = [];

const readNames = (bytes: Buffer): readonly string[] => {
  const start = bytes.readUInt32BE(AT.names);
  if (start === 0) return NO_NAMES;
  const reader = new SpanReader(bytes, start);
  const names: string[] = [];
  for (let left = reader.varint(); left > 0; left--) {
    names.push(reader.span()?.toString('utf8') ?? '');
  }
  return names;
};

/** Walks varints and spans; a batch that passed its crc is well formed, so nothing is checked. */
class SpanReader {
  readonly bytes: Buffer;
  at: number;

  constructor(bytes: Buffer, at: number) {
    this.bytes = bytes;
    this.at = at;
  }

  varint(): number {
    const first = this.bytes[this.at++] ?? 0;
    return first < 128 ? first : this.#longVarint(first);
  }

  #longVarint(first: number): number {
    let value = first & 0x7f;
    let scale = 128;
    for (;;) {
      const next = this.bytes[this.at++] ?? 0;
      value += (next & 0x7f) * scale;
      if (next < 128) return value;
      scale *= 128;
    }
  }

  span(): Buffer | null {
    const length = this.varint() - 1;
    if (length < 0) return null;
    const start = this.at;
    this.at = start + length;
    return this.bytes.subarray(start, this.at);
  }

  skipSpan(): void {
    const length = this.varint() - 1;
    if (length > 0) this.at += length;
  }
}

/** A place between two records of a batch, from which reading goes on. */
export class BatchCursor {
  readonly batch: Batch;
  /** Offset of the next record. */
  offset: number;
  readonly #reader: SpanReader;
  #timeMs: number;
  #sequence: number;

  constructor(batch: Batch) {
    this.batch = batch;
    this.offset = batch.base;
    this.#reader = new SpanReader(batch.bytes, BATCH_HEAD_BYTES);
    this.#timeMs = batch.firstTimeMs;
    this.#sequence = batch.firstSequence - 1;
  }

  get done(): boolean {
    return this.offset >= this.batch.end;
  }

  /** Passes over records below `offset`. */
  skipTo(offset: number): void {
    const reader = this.#reader;
    while (this.offset < offset && !this.done) {
      this.#sequence += reader.varint() + 1;
      this.#timeMs += reader.varint();
      reader.skipSpan();
      reader.skipSpan();
      for (let left = reader.varint(); left > 0; left--) {
        reader.varint();
        reader.skipSpan();
      }
      this.offset++;
    }
  }

  /** Appends records to `out` until the batch ends or `bytesMax` is passed; returns bytes read. */
  read(out: StoredRecord[], bytesMax: number): number {
    const reader = this.#reader;
    const start = reader.at;
    while (this.offset < this.batch.end && reader.at - start < bytesMax) {
      this.#sequence += reader.varint() + 1;
      this.#timeMs += reader.varint();
      const key = reader.span();
      const value = reader.span();
      const headerCount = reader.varint();
      out.push({
        offset: BigInt(this.offset++),
        timeMs: this.#timeMs,
        sequence: this.#sequence,
        key,
        value,
        headers: headerCount === 0 ? null : this.#headers(headerCount),
      });
    }
    return reader.at - start;
  }

  #headers(count: number): Headers {
    // No prototype: a header may be called `__proto__`.
    const headers = Object.create(null) as Record<string, Uint8Array>;
    for (let left = count; left > 0; left--) {
      const name = this.batch.names[this.#reader.varint()] ?? '';
      headers[name] = this.#reader.span() ?? Buffer.alloc(0);
    }
    return headers;
  }
}
