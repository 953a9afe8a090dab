/**
 * A round's blob: what it changed, absolute, so that applying it twice is applying it once.
 *
 * Layout: u8 format | varint seq | f64 clockMs | varint stores changed, each: u8 store, varint rows
 * standing, varint buckets, each: varint bucket, varint rows | rows in key order, each: varint bytes
 * shared with the key before, varint length of the rest, the rest, varint 0 for a delete or 1 + length
 * of the stored value, the value.
 *
 * The stream is cut into parts of at most 512 KiB wherever the bound falls; parts are read joined.
 */
import { createHash } from 'node:crypto';

import { HaltError } from '../schemas/errors.js';
import { ByteReader, ByteWriter } from './byte-writer.js';
import type { CountChange } from './live-count.js';
import type { SealedBlob } from './port.js';

export const PART_BYTES_MAX = 512 * 1024;
const FORMAT = 1;

export interface BlobHead {
  readonly seq: number;
  readonly clockMs: number;
  readonly counts: readonly (readonly [store: number, change: CountChange])[];
}

/** Writes one blob at a time; rows must come in key order. */
export class BlobWriter {
  private readonly out = new ByteWriter(1 << 16);
  private prefix = '';
  private key = '';
  private puts = 0;
  private deletes = 0;

  begin(head: BlobHead): void {
    this.prefix = '';
    this.key = '';
    this.puts = 0;
    this.deletes = 0;
    this.out.length = 0;
    this.out.byte(FORMAT);
    this.out.varint(head.seq);
    this.out.double(head.clockMs);
    this.out.varint(head.counts.length);
    for (const [store, change] of head.counts) {
      this.out.byte(store);
      writeCountChange(this.out, change);
    }
  }

  /** One row: `prefix` (key space and store) and `key` are its full key; null deletes. */
  row(prefix: string, key: string, value: Uint8Array | null): void {
    const { out } = this;
    if (prefix === this.prefix) {
      const shared = sharedLength(this.key, key);
      out.varint(prefix.length + shared);
      out.varint(key.length - shared);
      out.chars(key, shared);
    } else {
      out.varint(0);
      out.varint(prefix.length + key.length);
      out.chars(prefix, 0);
      out.chars(key, 0);
      this.prefix = prefix;
    }
    this.key = key;
    if (value === null) {
      this.deletes += 1;
      out.varint(0);
    } else {
      this.puts += 1;
      out.varint(value.length + 1);
      out.raw(value);
    }
  }

  end(): SealedBlob {
    const bytes = this.out.take();
    const parts: Uint8Array[] = [];
    for (let at = 0; at < bytes.length; at += PART_BYTES_MAX) {
      parts.push(bytes.subarray(at, at + PART_BYTES_MAX));
    }
    const digest = createHash('sha256').update(bytes).digest();
    return { parts, digest, puts: this.puts, deletes: this.deletes, bytes: bytes.length };
  }
}

function sharedLength(left: string, right: string): number {
  const end = Math.min(left.length, right.length);
  let at = 0;
  while (at < end && left.charCodeAt(at) === right.charCodeAt(at)) at += 1;
  return at;
}

export function writeCountChange(out: ByteWriter, change: CountChange): void {
  out.varint(change.standing);
  out.varint(change.buckets.length);
  for (const [bucket, rows] of change.buckets) {
    out.varint(bucket);
    out.varint(rows);
  }
}

export function readCountChange(input: ByteReader): CountChange {
  const standing = input.varint();
  const buckets: (readonly [number, number])[] = [];
  for (let left = input.varint(); left > 0; left -= 1)
    buckets.push([input.varint(), input.varint()]);
  return { standing, buckets };
}

/** Reads a blob: its head, then every row by `onRow` (full key; value is a view, null deletes). */
export class BlobReader {
  readonly head: BlobHead;
  private readonly input: ByteReader;

  constructor(parts: readonly Uint8Array[]) {
    const [only] = parts;
    this.input = new ByteReader(parts.length === 1 && only ? only : Buffer.concat(parts));
    const format = this.input.byte();
    if (format !== FORMAT) throw new HaltError('STATE_FORMAT', `a blob of format ${format}`);
    const seq = this.input.varint();
    const clockMs = this.input.double();
    const counts: (readonly [number, CountChange])[] = [];
    for (let left = this.input.varint(); left > 0; left -= 1) {
      counts.push([this.input.byte(), readCountChange(this.input)]);
    }
    this.head = { seq, clockMs, counts };
  }

  rows(onRow: (key: string, value: Uint8Array | null) => void): void {
    const { input } = this;
    let before = '';
    while (!input.done) {
      const shared = input.varint();
      const size = input.varint();
      if (shared > before.length) throw new HaltError('BLOB_CORRUPT', 'a key shares too much');
      const key = before.slice(0, shared) + input.chars(size);
      const length = input.varint();
      onRow(key, length === 0 ? null : input.raw(length - 1));
      before = key;
    }
  }
}
