/**
 * The cache of one task's rows: who may be evicted, and what waits for a checkpoint.
 *
 * C1. Only clean entries are evicted: a logged one would read back old, a working one not at all.
 * C2. Nothing is evicted while a read from disk is under way, so an answer that arrives late meets
 *     either the entry that is newer than it, or a row that did not change meanwhile.
 * C3. Of an entry's versions, the newest durable one and every later one are kept, no others.
 *
 * Bounds: `bytesMax` of estimated heap for clean entries (dirty ones stay above it if they must; they
 * are bounded by the checkpoint's own limits).
 */
import type { Entry, Version } from './entry.js';

/** Heap beside key and value: the entry, its Map slot, its ring slot. */
const ENTRY_BYTES = 300;
/** A decoded value takes about this many times its encoding. */
const DECODED_FACTOR = 4;
/** Most steps of the clock hand for one insertion, so that no single read pays for many. */
const HAND_STEPS_MAX = 64;

export class Cache {
  bytes = 0;
  hits = 0;
  misses = 0;
  loggedEntries = 0;
  loggedBytes = 0;
  private readonly bytesMax: number;
  private readonly ring: Entry[] = [];
  private hand = 0;
  private readsUnderWay = 0;
  private logged: Entry[] = [];

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax;
  }

  get size(): number {
    return this.ring.length;
  }

  /** Takes a new entry in; `valueBytes` is the length of its encoding, as far as known. */
  add(entry: Entry, valueBytes: number): void {
    // Before, not after: the caller is about to change this entry, so it must not go at once.
    if (this.bytes > this.bytesMax) this.trim();
    entry.slot = this.ring.length;
    this.ring.push(entry);
    entry.owner.entries.set(entry.key, entry);
    this.recharge(entry, valueBytes);
  }

  /** Corrects the estimate once the encoding is known. */
  recharge(entry: Entry, valueBytes: number): void {
    const charge = ENTRY_BYTES + entry.key.length + valueBytes * DECODED_FACTOR;
    this.bytes += charge - entry.charge;
    entry.charge = charge;
  }

  /** Runs a read from disk during which nothing is evicted (C2). */
  async reading<T>(read: () => Promise<T>): Promise<T> {
    this.readsUnderWay += 1;
    try {
      return await read();
    } finally {
      this.readsUnderWay -= 1;
    }
  }

  /** Evicts clean, unused entries until the budget holds or the hand has gone far enough. */
  trim(): void {
    if (this.readsUnderWay > 0) return;
    let steps = Math.min(HAND_STEPS_MAX, 2 * this.ring.length);
    while (this.bytes > this.bytesMax && steps > 0 && this.ring.length > 1) {
      steps -= 1;
      if (this.hand >= this.ring.length) this.hand = 0;
      const entry = this.ring[this.hand];
      if (entry === undefined) return;
      if (entry.working || entry.version !== undefined) {
        this.hand += 1;
      } else if (entry.used) {
        entry.used = false;
        this.hand += 1;
      } else {
        this.evict(entry);
      }
    }
  }

  private evict(entry: Entry): void {
    const last = this.ring.pop();
    if (last !== undefined && last !== entry) {
      this.ring[entry.slot] = last;
      last.slot = entry.slot;
    }
    entry.slot = -1;
    this.bytes -= entry.charge;
    entry.owner.entries.delete(entry.key);
  }

  /** Adds the encoding that round `seq` left; older ones that can never be written go (C3). */
  log(entry: Entry, sealed: { seq: number; bytes: Uint8Array | null; durableSeq: number }): void {
    const { seq, bytes, durableSeq } = sealed;
    let older = entry.version;
    if (older === undefined) {
      this.loggedEntries += 1;
      if (!entry.listed) {
        entry.listed = true;
        this.logged.push(entry);
      }
    } else {
      older = this.withoutOutdated(entry, older, durableSeq);
    }
    entry.version = { seq, bytes, older };
    this.loggedBytes += loggedCharge(entry, bytes);
    this.recharge(entry, bytes === null ? 0 : bytes.length);
  }

  /** The versions from `newest` down to the newest durable one. */
  private withoutOutdated(entry: Entry, newest: Version, durableSeq: number): Version {
    if (newest.seq <= durableSeq) {
      this.forget(entry, newest.older);
      return newest.older === undefined ? newest : { ...newest, older: undefined };
    }
    if (newest.older === undefined) return newest;
    const older = this.withoutOutdated(entry, newest.older, durableSeq);
    return older === newest.older ? newest : { ...newest, older };
  }

  private forget(entry: Entry, versions: Version | undefined): void {
    for (let version = versions; version !== undefined; version = version.older) {
      this.loggedBytes -= loggedCharge(entry, version.bytes);
    }
  }

  /** Everything logged up to now, for a checkpoint; what it does not settle it gives back. */
  takeLogged(): readonly Entry[] {
    const taken = this.logged;
    this.logged = [];
    return taken;
  }

  /** The version of round `seq` is on disk: it and older ones go. */
  settle(entry: Entry, seq: number): void {
    const kept: Version[] = [];
    let version = entry.version;
    for (; version !== undefined && version.seq > seq; version = version.older) kept.push(version);
    this.forget(entry, version);
    let newest: Version | undefined;
    for (const later of kept.reverse()) newest = { ...later, older: newest };
    entry.version = newest;
    if (newest === undefined) this.loggedEntries -= 1;
  }

  /** Puts entries of an ended or failed checkpoint back in the list if they still wait. */
  giveBack(entries: readonly Entry[]): void {
    for (const entry of entries) {
      entry.listed = entry.version !== undefined;
      if (entry.listed) this.logged.push(entry);
    }
  }
}

function loggedCharge(entry: Entry, bytes: Uint8Array | null): number {
  return entry.key.length + (bytes === null ? 0 : bytes.length);
}

/** The newest version whose round is durable. */
export function durableVersion(entry: Entry, durableSeq: number): Version | undefined {
  let version = entry.version;
  while (version !== undefined && version.seq > durableSeq) version = version.older;
  return version;
}
