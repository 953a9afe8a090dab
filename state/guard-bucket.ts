/**
 * One time bucket of a duplicate guard: dense 24-byte entries and an open-addressing index over them.
 *
 * An entry is 16 bytes of id, then 8 of payload hash, as they came: the same bytes go to blob and disk.
 * The index holds, per slot, an 8-bit tag and the entry's number plus one, so that an id that is not
 * here costs one cache line. Entries are only added, and taken back in reverse order.
 */
const ENTRY_WORDS = 6;
export const ENTRY_BYTES = 4 * ENTRY_WORDS;
/** Entry numbers have 24 bits of a slot. */
export const BUCKET_ENTRIES_MAX = (1 << 24) - 2;
const NUMBER_BITS = 0xffffff;
const CAPACITY_MIN = 1024;

/** The id and payload looked for: 24 bytes, seen as words of the machine. */
export class GuardProbe {
  readonly bytes = new Uint8Array(ENTRY_BYTES);
  readonly words = new Uint32Array(this.bytes.buffer);

  load(id: Uint8Array, payload: Uint8Array): void {
    const { bytes } = this;
    for (let at = 0; at < 16; at += 1) bytes[at] = id[at] ?? 0;
    for (let at = 0; at < 8; at += 1) bytes[16 + at] = payload[at] ?? 0;
  }
}

export class GuardBucket {
  readonly serial: number;
  readonly timeBucket: number;
  size = 0;
  /** Entries that sealed rounds left; the rest is of the present round. */
  sealedSize = 0;
  /** Entries already in LevelDB. */
  flushed = 0;
  private bytes: Uint8Array;
  private words: Uint32Array;
  private slots: Uint32Array;

  constructor(serial: number, timeBucket: number, expected: number) {
    this.serial = serial;
    this.timeBucket = timeBucket;
    let capacity = CAPACITY_MIN;
    while (capacity < expected) capacity *= 2;
    this.bytes = new Uint8Array(capacity * ENTRY_BYTES);
    this.words = new Uint32Array(this.bytes.buffer);
    this.slots = new Uint32Array(capacity * 2);
  }

  /** Number of the probe's id, or -1. */
  find(probe: Uint32Array): number {
    const { slots, words } = this;
    const mask = slots.length - 1;
    const first = probe[0] ?? 0;
    const second = probe[1] ?? 0;
    const tag = second >>> 24;
    for (let slot = first & mask; ; slot = (slot + 1) & mask) {
      const found = slots[slot] ?? 0;
      if (found === 0) return -1;
      if (found >>> 24 !== tag) continue;
      const number = (found & NUMBER_BITS) - 1;
      const at = number * ENTRY_WORDS;
      if (
        words[at] === first &&
        words[at + 1] === second &&
        words[at + 2] === probe[2] &&
        words[at + 3] === probe[3]
      ) {
        return number;
      }
    }
  }

  /** Has entry `number` the probe's payload? */
  samePayload(number: number, probe: Uint32Array): boolean {
    const at = number * ENTRY_WORDS;
    return this.words[at + 4] === probe[4] && this.words[at + 5] === probe[5];
  }

  /** Adds an id that is not here. */
  add(probe: Uint32Array): void {
    if ((this.size + 1) * 2 > this.slots.length) this.grow();
    this.words.set(probe, this.size * ENTRY_WORDS);
    this.size += 1;
    this.link(this.size - 1);
  }

  private link(number: number): void {
    const mask = this.slots.length - 1;
    const at = number * ENTRY_WORDS;
    let slot = (this.words[at] ?? 0) & mask;
    while (this.slots[slot] !== 0) slot = (slot + 1) & mask;
    this.slots[slot] = ((this.words[at + 1] ?? 0) & 0xff000000) | (number + 1);
  }

  private grow(): void {
    const bytes = new Uint8Array(this.bytes.length * 2);
    bytes.set(this.bytes);
    this.bytes = bytes;
    this.words = new Uint32Array(bytes.buffer);
    this.slots = new Uint32Array(this.slots.length * 2);
    for (let number = 0; number < this.size; number += 1) this.link(number);
  }

  /** Takes the newest entry back. Safe for linear probing because nothing was linked after it. */
  removeLast(): void {
    const mask = this.slots.length - 1;
    const at = (this.size - 1) * ENTRY_WORDS;
    let slot = (this.words[at] ?? 0) & mask;
    while (((this.slots[slot] ?? 0) & NUMBER_BITS) !== this.size) slot = (slot + 1) & mask;
    this.slots[slot] = 0;
    this.size -= 1;
  }

  /** Entries `from` to `to` (exclusive) as stored: a version byte, then the entries. */
  packed(from: number, to: number, version: number): Uint8Array {
    const run = Buffer.allocUnsafe(1 + (to - from) * ENTRY_BYTES);
    run[0] = version;
    run.set(this.bytes.subarray(from * ENTRY_BYTES, to * ENTRY_BYTES), 1);
    return run;
  }

  /** The 24 bytes of an entry, a view. */
  entry(number: number): Uint8Array {
    return this.bytes.subarray(number * ENTRY_BYTES, (number + 1) * ENTRY_BYTES);
  }
}
