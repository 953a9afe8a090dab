/** A place state can rest, which a test can photograph at any moment and open again from the photo. */
import { cpSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { MemoryBacking, type Backing, type MemoryRows } from '../../state/backing.js';
import { openLevelBacking } from '../../state/level-backing.js';

export interface Disk {
  open(): Promise<Backing>;
  /** What kill -9 would leave at this moment. */
  photo(): Disk;
  /** Closes what is open and removes everything. */
  remove(): Promise<void>;
}

export function memoryDisk(rows: MemoryRows = new Map()): Disk {
  return {
    open: () => Promise.resolve(new MemoryBacking(rows)),
    photo: () => memoryDisk(new Map(rows)),
    remove: () => Promise.resolve(),
  };
}

export function levelDisk(): Disk {
  return levelDiskIn(mkdtempSync(join(tmpdir(), 'weir-state-')));
}

function levelDiskIn(directory: string): Disk {
  const opened: Backing[] = [];
  return {
    open: async () => {
      const backing = await openLevelBacking(directory, { writeBufferBytes: 1 << 20 });
      opened.push(backing);
      return backing;
    },
    photo: () => {
      return levelDiskIn(copyAtOneMoment(directory));
    },
    remove: async () => {
      for (const backing of opened) await backing.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/**
 * kill -9 leaves one moment; copying takes many, and LevelDB compacts in a thread of its own meanwhile.
 * A copy counts only if no file came, went or grew while it was made.
 */
function copyAtOneMoment(directory: string): string {
  for (let tries = 0; tries < 100; tries += 1) {
    const copy = mkdtempSync(join(tmpdir(), 'weir-state-'));
    const before = filesOf(directory);
    if (before !== undefined && copied(directory, copy) && filesOf(directory) === before)
      return copy;
    rmSync(copy, { recursive: true, force: true });
  }
  throw new Error('LevelDB never stood still for a photo');
}

function isGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

function copied(from: string, to: string): boolean {
  try {
    cpSync(from, to, { recursive: true });
    return true;
  } catch (error) {
    if (isGone(error)) return false;
    throw error;
  }
}

/** Names and sizes; undefined when a file went between being listed and looked at. */
function filesOf(directory: string): string | undefined {
  try {
    return readdirSync(directory)
      .sort()
      .map((name) => `${name} ${statSync(join(directory, name)).size}`)
      .join('\n');
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

/** A backing that calls `before` ahead of every write, in order; a test photographs the disk there. */
export function watchedBacking(inner: Backing, before: (write: number) => void): Backing {
  let writes = 0;
  return {
    getSync: (key) => inner.getSync(key),
    getMany: (keys) => inner.getMany(keys),
    scan: (from, to) => inner.scan(from, to),
    close: () => inner.close(),
    batch: () => {
      const batch = inner.batch();
      return {
        put: (key, value) => {
          batch.put(key, value);
        },
        delete: (key) => {
          batch.delete(key);
        },
        write: async (sync) => {
          before(writes);
          writes += 1;
          await batch.write(sync);
        },
      };
    },
  };
}
