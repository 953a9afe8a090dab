/** A place state can rest, which a test can photograph at any moment and open again from the photo. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
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
      const copy = mkdtempSync(join(tmpdir(), 'weir-state-'));
      cpSync(directory, copy, { recursive: true });
      return levelDiskIn(copy);
    },
    remove: async () => {
      for (const backing of opened) await backing.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
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
