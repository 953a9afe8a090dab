/**
 * Growing bytes and reading them back: varints (LEB128, up to 2^53), big-endian doubles, byte strings.
 *
 * The writer's buffer is reused: `take` copies what was written, `view` lends it; both start again.
 */
import { HaltError } from '../schemas/errors.js';

/** Below this a loop over chars beats a call into the runtime. */
const LOOP_CHARS_MAX = 24;

export class ByteWriter {
  private bytes: Buffer;
  length = 0;

  constructor(initialBytes = 256) {
    this.bytes = Buffer.allocUnsafe(initialBytes);
  }

  private reserve(size: number): void {
    if (this.length + size <= this.bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(this.bytes.length * 2, this.length + size));
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
  }

  byte(value: number): void {
    this.reserve(1);
    this.bytes[this.length] = value;
    this.length += 1;
  }

  /** A whole number from 0 to 2^53 - 1 (or an even one below 2^54, see `signed`). */
  varint(value: number): void {
    this.reserve(8);
    const { bytes } = this;
    let at = this.length;
    let rest = value;
    // Divisions only for what bit operations cannot hold.
    while (rest >= 0x8000_0000) {
      bytes[at++] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    while (rest > 127) {
      bytes[at++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    bytes[at] = rest;
    this.length = at + 1;
  }

  /** A whole number between -2^52 and 2^52: its sign is the lowest bit. */
  signed(value: number): void {
    this.varint(value < 0 ? -2 * value - 1 : 2 * value);
  }

  double(value: number): void {
    this.reserve(8);
    this.bytes.writeDoubleBE(value, this.length);
    this.length += 8;
  }

  raw(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  /** The chars of a byte string from `from` on. */
  chars(text: string, from: number): void {
    const size = text.length - from;
    this.reserve(size);
    if (size > LOOP_CHARS_MAX) {
      this.bytes.write(from === 0 ? text : text.slice(from), this.length, 'latin1');
    } else {
      for (let at = 0; at < size; at += 1) {
        this.bytes[this.length + at] = text.charCodeAt(from + at);
      }
    }
    this.length += size;
  }

  /** What was written, as a view that the next write overwrites; starts again. */
  view(): Uint8Array {
    const view = this.bytes.subarray(0, this.length);
    this.length = 0;
    return view;
  }

  /** What was written, as bytes of their own. */
  take(): Buffer {
    const taken = Buffer.from(this.bytes.subarray(0, this.length));
    this.length = 0;
    return taken;
  }
}

/** Reads what ByteWriter wrote; runs past the end are BLOB_CORRUPT. */
export class ByteReader {
  readonly bytes: Buffer;
  at = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get done(): boolean {
    return this.at >= this.bytes.length;
  }

  byte(): number {
    const value = this.bytes[this.at];
    if (value === undefined) throw this.cut();
    this.at += 1;
    return value;
  }

  varint(): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.byte();
      value += (byte & 127) * scale;
      if (byte < 128) return value;
      scale *= 128;
      if (scale > 2 ** 49) throw new HaltError('BLOB_CORRUPT', 'a number too long');
    }
  }

  signed(): number {
    const value = this.varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  double(): number {
    if (this.at + 8 > this.bytes.length) throw this.cut();
    this.at += 8;
    return this.bytes.readDoubleBE(this.at - 8);
  }

  /** A view of the next `size` bytes. */
  raw(size: number): Buffer {
    if (this.at + size > this.bytes.length) throw this.cut();
    this.at += size;
    return this.bytes.subarray(this.at - size, this.at);
  }

  chars(size: number): string {
    if (this.at + size > this.bytes.length) throw this.cut();
    this.at += size;
    return this.bytes.toString('latin1', this.at - size, this.at);
  }

  private cut(): HaltError {
    return new HaltError('BLOB_CORRUPT', `the bytes end at ${this.bytes.length}, inside an entry`);
  }
}
