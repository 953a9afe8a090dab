/**
 * The LevelDB under a task's state: one directory per (stage, partition).
 *
 * Only the process that owns the task opens it (LevelDB's own lock refuses a second one).
 * Keys cross as latin1 bytes, so LevelDB's order is the order of byte strings.
 */
import { ClassicLevel } from 'classic-level';

import { HaltError } from '../schemas/errors.js';
import type { Backing, BackingBatch, BackingRow } from './backing.js';

export interface LevelBackingOptions {
  /** Memory for the write buffer, bytes; LevelDB may hold two of them. */
  readonly writeBufferBytes?: number;
  /** Memory for cached blocks, bytes. */
  readonly blockCacheBytes?: number;
}

const PAGE_ROWS = 1000;
const MIB = 1 << 20;

type Db = ClassicLevel<Buffer, Uint8Array>;

/** Opens (and creates) the LevelDB in `directory`. */
export async function openLevelBacking(
  directory: string,
  options: LevelBackingOptions = {},
): Promise<Backing> {
  const db: Db = new ClassicLevel<Buffer, Uint8Array>(directory, {
    keyEncoding: 'buffer',
    valueEncoding: 'view',
    writeBufferSize: options.writeBufferBytes ?? 8 * MIB,
    cacheSize: options.blockCacheBytes ?? 8 * MIB,
    // Larger files mean fewer, shorter compaction stalls (COSTS: 13-15 ms instead of 160).
    maxFileSize: 32 * MIB,
  });
  try {
    await db.open();
  } catch (cause) {
    throw failed(directory, 'cannot be opened', cause);
  }
  return new LevelBacking(db, directory);
}

/** In weir's words: which task's folder, and what LevelDB says of it. */
function failed(directory: string, what: string, cause: unknown): HaltError {
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  const why = inner instanceof Error ? inner.message : String(inner);
  return new HaltError('STATE_FAILED', `the state in ${directory} ${what}: ${why}`, {
    origin: directory,
    cause,
  });
}

function bytesOf(key: string): Buffer {
  return Buffer.from(key, 'latin1');
}

class LevelBacking implements Backing {
  private readonly db: Db;
  private readonly directory: string;

  constructor(db: Db, directory: string) {
    this.db = db;
    this.directory = directory;
  }

  getSync(key: string): Uint8Array | undefined {
    try {
      return this.db.getSync(bytesOf(key));
    } catch (cause) {
      throw failed(this.directory, 'cannot be read', cause);
    }
  }

  async getMany(keys: readonly string[]): Promise<readonly (Uint8Array | undefined)[]> {
    try {
      return await this.db.getMany(keys.map(bytesOf));
    } catch (cause) {
      throw failed(this.directory, 'cannot be read', cause);
    }
  }

  batch(): BackingBatch {
    const batch = this.db.batch();
    return {
      put: (key, value) => void batch.put(bytesOf(key), value),
      delete: (key) => void batch.del(bytesOf(key)),
      write: async (sync) => {
        try {
          await batch.write({ sync });
        } catch (cause) {
          throw failed(this.directory, 'cannot be written', cause);
        }
      },
    };
  }

  scan(from: string, to: string | undefined): AsyncIterable<readonly BackingRow[]> {
    // The iterator takes its snapshot here and now (B2), not at the first page.
    const iterator = this.db.iterator({
      gte: bytesOf(from),
      ...(to === undefined ? {} : { lt: bytesOf(to) }),
    });
    return pagesOf(iterator);
  }

  close(): Promise<void> {
    return this.db.close();
  }
}

/** The part of a LevelDB iterator that pages need. */
interface Rows {
  nextv(size: number): Promise<[Buffer, Uint8Array][]>;
  close(): Promise<void>;
}

async function* pagesOf(iterator: Rows): AsyncGenerator<readonly BackingRow[]> {
  try {
    for (;;) {
      const page = await iterator.nextv(PAGE_ROWS);
      if (page.length === 0) return;
      yield page.map(([key, value]) => [key.toString('latin1'), value] as const);
    }
  } finally {
    await iterator.close();
  }
}
