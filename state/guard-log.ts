/**
 * How a guard becomes durable: runs and sets in blobs, merged runs on disk, and back.
 *
 * A sealed round writes the new entries of each bucket as one run, and the set of live buckets when it
 * changed. A checkpoint writes a bucket's entries from where the last one stopped, in rows of at most
 * 60 KB; rows of buckets that no longer live are deleted. Recovery reads the newest set, then the rows
 * on disk, then the runs of the blobs; an entry met twice counts once, so a crash between the slices of
 * a checkpoint does no harm.
 */
import type { Backing } from './backing.js';
import type { BlobWriter } from './blob.js';
import { ByteReader, ByteWriter } from './byte-writer.js';
import { EMPTY_SET, type Guard, type GuardSet } from './guard.js';
import { ENTRY_BYTES, GuardBucket, GuardProbe } from './guard-bucket.js';
import { HaltError } from '../schemas/errors.js';
import { guardRunKey, guardRunPrefix, guardSetKey, prefixEnd, readBigEndian } from './keys.js';

const VERSION = 1;
/** Entries of one row on disk: 60,000 bytes. */
const ROW_ENTRIES_MAX = 2500;

/** What a durable round left of a guard: live buckets, and how many entries of each. */
interface Sealed {
  readonly seq: number;
  readonly set: GuardSet;
  readonly sizes: readonly number[];
}

/** One row change for a checkpoint; null deletes. */
export type GuardRow = readonly [key: string, value: Uint8Array | null];

export class GuardLog {
  readonly guard: Guard;
  private readonly store: number;
  private sealed: GuardSet = EMPTY_SET;
  private readonly pending: Sealed[] = [];
  private durableState: Sealed = { seq: 0, set: EMPTY_SET, sizes: [] };
  /** The set whose row is on disk. */
  private setOnDisk: GuardSet = EMPTY_SET;
  /** Keys of rows on disk by bucket serial. */
  private readonly rowsOnDisk = new Map<number, string[]>();
  private readonly appliedRuns: (readonly [serial: number, run: Uint8Array])[] = [];
  private appliedSet: Uint8Array | undefined;

  constructor(guard: Guard, store: number) {
    this.guard = guard;
    this.store = store;
  }

  /** Writes the round's runs; call for every guard before any `sealSet`, so that keys stay sorted. */
  sealRuns(seq: number, out: BlobWriter): void {
    const prefix = guardRunPrefix(this.store);
    for (const bucket of this.guard.set.buckets) {
      if (bucket.size === bucket.sealedSize) continue;
      const run = bucket.packed(bucket.sealedSize, bucket.size, VERSION);
      const key = guardRunKey(this.store, bucket.serial, seq);
      out.row(prefix, key.slice(prefix.length), run);
      bucket.sealedSize = bucket.size;
    }
  }

  sealSet(seq: number, out: BlobWriter): void {
    const { set } = this.guard;
    if (set !== this.sealed) out.row(guardSetKey(this.store), '', encodeSet(set));
    this.sealed = set;
    this.pending.push({ seq, set, sizes: set.buckets.map((bucket) => bucket.size) });
  }

  durable(seq: number): void {
    for (
      let next = this.pending[0];
      next !== undefined && next.seq <= seq;
      next = this.pending[0]
    ) {
      this.durableState = next;
      this.pending.shift();
    }
  }

  /** Entries that wait for a checkpoint, in bytes. */
  get waitingBytes(): number {
    let entries = 0;
    for (const bucket of this.guard.set.buckets) entries += bucket.sealedSize - bucket.flushed;
    return entries * ENTRY_BYTES;
  }

  /** The rows that bring the disk up to the last durable round; `flushed` must follow their write. */
  rowsToWrite(): { readonly rows: readonly GuardRow[]; readonly flushed: () => void } {
    const { set, sizes } = this.durableState;
    const rows: GuardRow[] = [];
    const live = new Set<number>();
    const added: (readonly [serial: number, key: string])[] = [];
    set.buckets.forEach((bucket, at) => {
      live.add(bucket.serial);
      const end = sizes[at] ?? 0;
      for (let from = bucket.flushed; from < end; from += ROW_ENTRIES_MAX) {
        const to = Math.min(end, from + ROW_ENTRIES_MAX);
        const key = guardRunKey(this.store, bucket.serial, from);
        rows.push([key, bucket.packed(from, to, VERSION)]);
        added.push([bucket.serial, key]);
      }
    });
    const gone = [...this.rowsOnDisk].filter(([serial]) => !live.has(serial));
    for (const [, keys] of gone) for (const key of keys) rows.push([key, null]);
    if (set !== this.setOnDisk) rows.push([guardSetKey(this.store), encodeSet(set)]);
    const flushed = () => {
      set.buckets.forEach((bucket, at) => (bucket.flushed = sizes[at] ?? 0));
      for (const [serial, key] of added) this.rowsOf(serial).push(key);
      for (const [serial] of gone) this.rowsOnDisk.delete(serial);
      this.setOnDisk = set;
    };
    return { rows, flushed };
  }

  private rowsOf(serial: number): string[] {
    const known = this.rowsOnDisk.get(serial);
    if (known !== undefined) return known;
    const rows: string[] = [];
    this.rowsOnDisk.set(serial, rows);
    return rows;
  }

  /** Recovery: a run from a blob. */
  applyRun(key: string, run: Uint8Array): void {
    this.appliedRuns.push([readBigEndian(key, 2, 8), Buffer.from(run)]);
  }

  /** Recovery: a set from a blob. */
  applySet(bytes: Uint8Array): void {
    this.appliedSet = Buffer.from(bytes);
  }

  /** Ends recovery at round `seq`. */
  async ready(backing: Backing, seq: number): Promise<void> {
    const stored = backing.getSync(guardSetKey(this.store));
    const newest = this.appliedSet ?? stored;
    const set = newest === undefined ? EMPTY_SET : decodeSet(newest);
    const bySerial = new Map(set.buckets.map((bucket) => [bucket.serial, bucket]));
    const prefix = guardRunPrefix(this.store);
    for await (const page of backing.scan(prefix, prefixEnd(prefix))) {
      for (const [key, run] of page) {
        const serial = readBigEndian(key, 2, 8);
        this.rowsOf(serial).push(key);
        const bucket = bySerial.get(serial);
        if (bucket !== undefined) addRun(bucket, run);
      }
    }
    for (const bucket of set.buckets) bucket.flushed = bucket.size;
    for (const [serial, run] of this.appliedRuns.splice(0)) {
      const bucket = bySerial.get(serial);
      if (bucket !== undefined) addRun(bucket, run);
    }
    for (const bucket of set.buckets) bucket.sealedSize = bucket.size;
    this.guard.set = set;
    this.sealed = set;
    // A set only applied is not on disk yet; a set read from disk is.
    this.setOnDisk = this.appliedSet === undefined ? set : EMPTY_SET;
    this.durableState = { seq, set, sizes: set.buckets.map((bucket) => bucket.size) };
  }
}

function addRun(bucket: GuardBucket, run: Uint8Array): void {
  if (run[0] !== VERSION || (run.length - 1) % ENTRY_BYTES !== 0) {
    throw new HaltError('STATE_FORMAT', `a guard run of version ${run[0] ?? 0}`);
  }
  const probe = new GuardProbe();
  for (let at = 1; at < run.length; at += ENTRY_BYTES) {
    probe.bytes.set(run.subarray(at, at + ENTRY_BYTES));
    if (bucket.find(probe.words) < 0) bucket.add(probe.words);
  }
}

function encodeSet(set: GuardSet): Uint8Array {
  const out = new ByteWriter();
  out.byte(VERSION);
  out.varint(set.nextSerial);
  out.varint(set.dropped);
  out.varint(set.buckets.length);
  for (const bucket of set.buckets) {
    out.varint(bucket.serial);
    out.varint(bucket.timeBucket);
  }
  return out.take();
}

function decodeSet(bytes: Uint8Array): GuardSet {
  const input = new ByteReader(bytes);
  const version = input.byte();
  if (version !== VERSION) throw new HaltError('STATE_FORMAT', `a guard set of version ${version}`);
  const nextSerial = input.varint();
  const dropped = input.varint();
  const buckets: GuardBucket[] = [];
  for (let left = input.varint(); left > 0; left -= 1) {
    buckets.push(new GuardBucket(input.varint(), input.varint(), 0));
  }
  return { buckets, nextSerial, dropped };
}
