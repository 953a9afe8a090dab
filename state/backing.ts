/**
 * Where rows rest: what the state layer asks of a disk, and an in-memory one for drivers and tests.
 *
 * Keys are byte strings (`keys.ts`). Only checkpoints and the sweeper write.
 *
 * B1. A batch is all or nothing; after `write(true)` it survives power loss.
 * B2. `scan` sees the rows as they were when it was called, in byte order.
 * B3. Bytes given to `put` are not changed afterwards, bytes handed out are not changed by callers.
 */
export interface BackingBatch {
  put(key: string, value: Uint8Array): void;
  delete(key: string): void;
  write(sync: boolean): Promise<void>;
}

export type BackingRow = readonly [key: string, value: Uint8Array];

export interface Backing {
  getSync(key: string): Uint8Array | undefined;
  getMany(keys: readonly string[]): Promise<readonly (Uint8Array | undefined)[]>;
  batch(): BackingBatch;
  /** Pages of rows with `from` <= key < `to` (no upper end when undefined). */
  scan(from: string, to: string | undefined): AsyncIterable<readonly BackingRow[]>;
  close(): Promise<void>;
}

const PAGE_ROWS = 1000;

/** Rows that outlive a MemoryBacking: what a "disk" is to a driver that crashes and opens again. */
export type MemoryRows = Map<string, Uint8Array>;

/** A backing over a Map; give the same Map again to open after a crash. */
export class MemoryBacking implements Backing {
  private readonly rows: MemoryRows;

  constructor(rows: MemoryRows = new Map()) {
    this.rows = rows;
  }

  getSync(key: string): Uint8Array | undefined {
    return this.rows.get(key);
  }

  getMany(keys: readonly string[]): Promise<readonly (Uint8Array | undefined)[]> {
    return Promise.resolve(keys.map((key) => this.rows.get(key)));
  }

  batch(): BackingBatch {
    const changes: [string, Uint8Array | null][] = [];
    return {
      put: (key, value) => void changes.push([key, value]),
      delete: (key) => void changes.push([key, null]),
      write: async () => {
        // A disk answers later than it is asked; a test that forgets to wait must see that.
        await Promise.resolve();
        for (const [key, value] of changes) {
          if (value === null) this.rows.delete(key);
          else this.rows.set(key, value);
        }
      },
    };
  }

  scan(from: string, to: string | undefined): AsyncIterable<readonly BackingRow[]> {
    const rows = [...this.rows].filter(([key]) => key >= from && (to === undefined || key < to));
    rows.sort((left, right) => (left[0] < right[0] ? -1 : 1));
    return pagesOf(rows);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

// An async generator without an await: the pages of a Map are at hand, the port is asynchronous.
// eslint-disable-next-line @typescript-eslint/require-await
async function* pagesOf(rows: readonly BackingRow[]): AsyncGenerator<readonly BackingRow[]> {
  for (let at = 0; at < rows.length; at += PAGE_ROWS) yield rows.slice(at, at + PAGE_ROWS);
}
