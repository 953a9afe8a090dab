/**
 * Avro bytes in the making, for the writers generated from the hottest schemas: a growing buffer that
 * is used again and again.
 *
 * A1. The bytes are those of the Avro specification, as avsc writes them (test/schemas/avro-out.test.ts).
 * A2. A shared value is found by identity and written once. Values are immutable (house rule), so its
 *     bytes stay true; they live as long as the object.
 *
 * A decision names its run's pins, posture, policy and bundle in three records; written this way it
 * costs a third of what a walk over the schema does. source: COSTS rules 5 and 7.
 */
import { Buffer } from 'node:buffer';

const FIRST_BYTES = 16 * 1024;
/** Longest text whose length is one byte of zigzag varint. */
const ONE_BYTE_MAX = 63;
/** Below this a loop over chars (hex64 ids are most of them) beats calls into the runtime. */
const SHORT_MAX = 96;
const ASCII_MAX = 127;
const INT_MAX = 2 ** 30;
/** avsc's own bound. */
const LONG_MAX = 2 ** 53 - 2;

export type AvroWrite<T> = (out: AvroOut, value: T) => void;

/** Bytes of values that recur as the same object. */
export type SharedBytes = WeakMap<object, Buffer>;

export class AvroOut {
  bytes = Buffer.allocUnsafeSlow(FIRST_BYTES);
  length = 0;

  /** Starts over; what `view` lent is no longer valid. */
  begin(): this {
    this.length = 0;
    return this;
  }

  /** What was written so far; valid until the next write. */
  view(): Buffer {
    return this.bytes.subarray(0, this.length);
  }

  text(text: string): void {
    const size = text.length;
    if (size > SHORT_MAX) {
      this.longText(text);
      return;
    }
    this.reserve(2 + size);
    const { bytes, length } = this;
    const from = size > ONE_BYTE_MAX ? length + 2 : length + 1;
    for (let at = 0; at < size; at += 1) {
      const unit = text.charCodeAt(at);
      if (unit > ASCII_MAX) {
        this.longText(text);
        return;
      }
      bytes[from + at] = unit;
    }
    if (size > ONE_BYTE_MAX) {
      bytes[length] = ((size * 2) & 127) | 128;
      bytes[length + 1] = size >> 6;
    } else bytes[length] = size * 2;
    this.length = from + size;
  }

  private longText(text: string): void {
    const size = Buffer.byteLength(text);
    this.long(size);
    this.reserve(size);
    this.length += this.bytes.write(text, this.length, 'utf8');
  }

  /** A whole number of at most 2^53 - 2 in size. */
  long(value: number): void {
    this.reserve(10);
    if (value >= -INT_MAX && value < INT_MAX) {
      let rest = (value << 1) ^ (value >> 31);
      while (rest > 127) {
        this.bytes[this.length] = (rest & 127) | 128;
        this.length += 1;
        rest >>>= 7;
      }
      this.bytes[this.length] = rest;
      this.length += 1;
      return;
    }
    if (!Number.isInteger(value) || Math.abs(value) > LONG_MAX) {
      throw new TypeError(`${value} is not a whole number avsc would read`);
    }
    let rest = value >= 0 ? value * 2 : -value * 2 - 1;
    while (rest > 127) {
      this.bytes[this.length] = (rest % 128) | 128;
      this.length += 1;
      rest = Math.floor(rest / 128);
    }
    this.bytes[this.length] = rest;
    this.length += 1;
  }

  /** A list of [null, double], as feature values are. */
  maybeDoubles(values: readonly (number | null)[]): void {
    const size = values.length;
    if (size > 0) {
      this.long(size);
      this.reserve(size * 9);
      const { bytes } = this;
      let at = this.length;
      for (const value of values) {
        bytes[at] = value === null ? 0 : 2;
        at += 1;
        if (value !== null) at = bytes.writeDoubleLE(value, at);
      }
      this.length = at;
    }
    this.long(0);
  }

  double(value: number): void {
    this.reserve(8);
    this.bytes.writeDoubleLE(value, this.length);
    this.length += 8;
  }

  flag(value: boolean): void {
    this.reserve(1);
    this.bytes[this.length] = value ? 1 : 0;
    this.length += 1;
  }

  fixed(value: Uint8Array, size: number): void {
    if (value.length !== size) throw new TypeError(`${value.length} bytes, not ${size}`);
    this.raw(value);
  }

  sized(value: Uint8Array): void {
    this.long(value.length);
    this.raw(value);
  }

  symbol(symbols: readonly string[], value: string): void {
    const index = symbols.indexOf(value);
    if (index < 0) throw new TypeError(`${value} is none of ${symbols.join(', ')}`);
    this.long(index);
  }

  list<T>(items: readonly T[], write: AvroWrite<T>): void {
    if (items.length > 0) {
      this.long(items.length);
      for (const item of items) write(this, item);
    }
    this.long(0);
  }

  maybe<T>(value: T | null, write: AvroWrite<T>): void {
    if (value === null) this.long(0);
    else {
      this.long(1);
      write(this, value);
    }
  }

  /** A2. */
  shared<T extends object>(known: SharedBytes, value: T, write: AvroWrite<T>): void {
    const found = known.get(value);
    if (found !== undefined) {
      this.raw(found);
      return;
    }
    const from = this.length;
    write(this, value);
    known.set(value, Buffer.from(this.bytes.subarray(from, this.length)));
  }

  private raw(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  private reserve(size: number): void {
    if (this.length + size <= this.bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(this.bytes.length * 2, this.length + size));
    this.bytes.copy(grown, 0, 0, this.length);
    this.bytes = grown;
  }
}
