/**
 * One growing buffer that batches are encoded into; reused for every batch, so encoding a record
 * allocates nothing. It doubles when full and falls back to its first size when a batch was far larger
 * than usual (R6: one giant batch does not keep its memory).
 */
const KEEP_BYTES_MAX = 4 * 1024 * 1024;

export class Arena {
  bytes: Buffer;
  at = 0;
  readonly #firstBytes: number;

  constructor(firstBytes: number) {
    this.#firstBytes = firstBytes;
    this.bytes = Buffer.allocUnsafeSlow(firstBytes);
  }

  /** Starts over; what was encoded before is gone. */
  reset(): void {
    this.at = 0;
    if (this.bytes.length > KEEP_BYTES_MAX) this.bytes = Buffer.allocUnsafeSlow(this.#firstBytes);
  }

  /** Makes sure `more` bytes can be written at `at`. */
  reserve(more: number): void {
    const wanted = this.at + more;
    if (wanted <= this.bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(wanted, this.bytes.length * 2));
    this.bytes.copy(grown, 0, 0, this.at);
    this.bytes = grown;
  }

  /** LEB128 of a safe integer >= 0; 8 bytes at most, which the caller has reserved. */
  varint(value: number): void {
    let rest = value;
    while (rest > 0x7fffffff) {
      this.bytes[this.at++] = (rest % 128) | 0x80;
      rest = Math.floor(rest / 128);
    }
    while (rest > 0x7f) {
      this.bytes[this.at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.bytes[this.at++] = rest;
  }

  /** Length plus one as a varint, then the bytes; null is a zero. */
  span(value: Uint8Array | null): void {
    if (value === null) {
      this.reserve(8);
      this.bytes[this.at++] = 0;
      return;
    }
    this.reserve(value.length + 8);
    this.varint(value.length + 1);
    this.bytes.set(value, this.at);
    this.at += value.length;
  }

  /** A copy of its own, owned by nobody else. */
  take(): Buffer {
    const taken = Buffer.allocUnsafeSlow(this.at);
    this.bytes.copy(taken, 0, 0, this.at);
    return taken;
  }
}
