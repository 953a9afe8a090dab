/**
 * The checkpoint: brings LevelDB up to a durable round, beside running rounds.
 *
 * P1. Only versions of durable rounds are written (never what the bus may still lose).
 * P2. Rows first, each slice synced, the mark last. A crash anywhere leaves the old mark, and the
 *     blobs after it put the same absolute values again.
 * P3. An entry is clean only after the write that holds it has resolved; until then a read that
 *     missed the cache would see the old row.
 * P4. A row that LevelDB never saw is not deleted from it.
 *
 * Slices are bounded in rows and bytes, not by a clock (none below runner/): measured at most 2 ms.
 */
import type { Backing } from './backing.js';
import { durableVersion, type Cache } from './cache.js';
import type { DurablePoint } from './durable-point.js';
import { byFullKey, type Entry, type Version } from './entry.js';
import type { GuardLog, GuardRow } from './guard-log.js';
import { MARK_KEY } from './keys.js';
import { encodeMark } from './mark.js';

const SLICE_ROWS = 512;
const SLICE_BYTES = 256 * 1024;

export interface CheckpointSource {
  readonly backing: Backing;
  readonly cache: Cache;
  readonly guards: readonly GuardLog[];
  readonly point: DurablePoint;
  readonly lineage: string;
}

/** Writes a checkpoint; resolves to the sequence and chain of its mark. */
export async function writeCheckpoint(
  source: CheckpointSource,
): Promise<{ readonly seq: number; readonly chain: Uint8Array | undefined }> {
  const { backing, cache, point } = source;
  // Fixed now: everything durable at this point is in the lists taken in the same breath.
  const mark = point.mark(source.lineage);
  const guards = source.guards.map((guard) => guard.rowsToWrite());
  const entries = cache.takeLogged();
  let done = 0;
  try {
    while (done < entries.length) {
      const slice = nextSlice(entries, done);
      await writeSlice(source, slice);
      cache.giveBack(slice);
      done += slice.length;
    }
  } finally {
    cache.giveBack(entries.slice(done));
  }
  for (const { rows, flushed } of guards) {
    await writeGuardRows(backing, rows);
    flushed();
  }
  const batch = backing.batch();
  batch.put(MARK_KEY, encodeMark(mark));
  await batch.write(true);
  return { seq: mark.seq, chain: mark.chain };
}

function nextSlice(entries: readonly Entry[], from: number): readonly Entry[] {
  let bytes = 0;
  let to = from;
  while (to < entries.length && to - from < SLICE_ROWS && bytes < SLICE_BYTES) {
    bytes += entries[to]?.version?.bytes?.length ?? 0;
    to += 1;
  }
  return entries.slice(from, to);
}

async function writeSlice(source: CheckpointSource, slice: readonly Entry[]): Promise<void> {
  const { backing, cache, point } = source;
  const batch = backing.batch();
  const written: (readonly [Entry, Version])[] = [];
  for (const entry of [...slice].sort(byFullKey)) {
    const version = durableVersion(entry, point.seq);
    if (version === undefined) continue;
    written.push([entry, version]);
    if (version.bytes !== null) {
      batch.put(entry.owner.prefix + entry.key, version.bytes);
      entry.onDisk = true;
    } else if (entry.onDisk) {
      batch.delete(entry.owner.prefix + entry.key);
    }
  }
  await batch.write(true);
  for (const [entry, version] of written) {
    if (version.bytes === null) entry.onDisk = false;
    cache.settle(entry, version.seq);
  }
}

async function writeGuardRows(backing: Backing, rows: readonly GuardRow[]): Promise<void> {
  let batch = backing.batch();
  let bytes = 0;
  for (const [key, value] of rows) {
    if (value === null) batch.delete(key);
    else batch.put(key, value);
    bytes += value?.length ?? key.length;
    if (bytes < SLICE_BYTES) continue;
    await batch.write(true);
    batch = backing.batch();
    bytes = 0;
  }
  await batch.write(true);
}
