/**
 * Duplicate guard of one store: who was seen within `keepMs`, resident.
 *
 * in: digest of an id, hash of its payload, the record's time. out: new, same (a repeat) or other (the
 * id came with another payload; the first one stands).
 * bound: at most 8 time buckets and `keysMax` entries of 24 bytes (and 8 to 16 of index); at keysMax
 * the oldest bucket goes, and what it held is counted as dropped.
 * time: buckets go by the time given, never by a clock; a time older than every bucket counts as the
 * oldest kept one.
 *
 * G1. An id is remembered for at least keepMs of given time, unless keysMax drops its bucket.
 * G2. An id is in at most one bucket.
 * G3. What the guard answers depends on what it was given only: not on seals, checkpoints, restarts.
 */
import { HaltError } from '../schemas/errors.js';
import { BUCKET_ENTRIES_MAX, GuardBucket, GuardProbe } from './guard-bucket.js';
import type { GuardStore, GuardStoreSpec, GuardVerdict } from './port.js';
import type { Savepoint } from './savepoint.js';

export const BUCKETS_MAX = 8;

/** Which buckets live; replaced, never changed. */
export interface GuardSet {
  /** In order of serial. */
  readonly buckets: readonly GuardBucket[];
  readonly nextSerial: number;
  /** Entries lost because keysMax was reached. */
  readonly dropped: number;
}

export const EMPTY_SET: GuardSet = { buckets: [], nextSerial: 1, dropped: 0 };

export class Guard implements GuardStore {
  readonly spec: GuardStoreSpec;
  /** What the guard holds; `guard-log.ts` seals, stores and restores it. */
  set: GuardSet = EMPTY_SET;
  private readonly savepoint: Savepoint;
  private readonly bucketMs: number;
  private readonly probe = new GuardProbe();
  /** Buckets to take the last entry from, and sets to go back to, in order. */
  private readonly undo: (GuardBucket | GuardSet)[] = [];

  constructor(spec: GuardStoreSpec, savepoint: Savepoint) {
    if (!(spec.keysMax >= 1 && spec.keysMax <= BUCKET_ENTRIES_MAX) || !(spec.keepMs >= 1)) {
      const limit = `keysMax 1 to ${BUCKET_ENTRIES_MAX}, keepMs at least 1`;
      throw new HaltError('STATE_MISUSE', `a guard store takes ${limit}`);
    }
    this.spec = spec;
    this.savepoint = savepoint;
    // Seven whole buckets always lie between a new time and one that is dropped for it (G1).
    this.bucketMs = Math.ceil(spec.keepMs / (BUCKETS_MAX - 1));
  }

  get size(): number {
    let size = 0;
    for (const bucket of this.set.buckets) size += bucket.size;
    return size;
  }

  admit(id: Uint8Array, payload: Uint8Array, atMs: number): GuardVerdict {
    if (id.length < 16 || payload.length < 8 || !Number.isFinite(atMs)) {
      throw new HaltError('STATE_MISUSE', 'a guard takes 16 bytes of id, 8 of payload and a time');
    }
    const { probe } = this;
    probe.load(id, payload);
    const { buckets } = this.set;
    for (let at = buckets.length - 1; at >= 0; at -= 1) {
      const bucket = buckets[at];
      const number = bucket === undefined ? -1 : bucket.find(probe.words);
      if (number < 0) continue;
      return bucket?.samePayload(number, probe.words) === true ? 'same' : 'other';
    }
    const bucket = this.bucketAt(atMs);
    bucket.add(probe.words);
    if (this.savepoint.marked) this.undo.push(bucket);
    return 'new';
  }

  /** The bucket a new entry goes to; drops what is expired or over the bound. */
  private bucketAt(atMs: number): GuardBucket {
    let buckets = this.set.buckets;
    let newest = -1;
    for (const bucket of buckets) newest = Math.max(newest, bucket.timeBucket);
    const own = Math.max(0, Math.floor(atMs / this.bucketMs));
    const timeBucket = Math.max(own, newest - BUCKETS_MAX + 1);
    let { dropped, nextSerial } = this.set;
    if (timeBucket > newest) {
      buckets = buckets.filter((bucket) => bucket.timeBucket > timeBucket - BUCKETS_MAX);
    }
    if (this.size >= this.spec.keysMax && buckets.length > 0) {
      const oldest = buckets.reduce((a, b) => (b.timeBucket < a.timeBucket ? b : a));
      dropped += oldest.size;
      buckets = buckets.filter((bucket) => bucket !== oldest);
    }
    let target = buckets.find((bucket) => bucket.timeBucket === timeBucket);
    if (target === undefined) {
      const expected = buckets.at(-1)?.size ?? 0;
      target = new GuardBucket(nextSerial, timeBucket, expected);
      nextSerial += 1;
      buckets = [...buckets, target];
    }
    if (buckets !== this.set.buckets) this.replace({ buckets, nextSerial, dropped });
    return target;
  }

  private replace(set: GuardSet): void {
    if (this.savepoint.marked) this.undo.push(this.set);
    this.set = set;
  }

  release(): void {
    if (this.undo.length > 0) this.undo.length = 0;
  }

  rollback(): void {
    for (let step = this.undo.pop(); step !== undefined; step = this.undo.pop()) {
      if (step instanceof GuardBucket) step.removeLast();
      else this.set = step;
    }
  }
}
