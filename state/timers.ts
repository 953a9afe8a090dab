/**
 * Timers of one task: resident, in order of (dueMs, setter, operator, key), durable as rows.
 *
 * T1. At most one timer per (operator, key).
 * T2. The index holds exactly the timer rows that stand, from `ready` on.
 * T3. Setting, replacing and removing can be undone inside a savepoint.
 *
 * Cost: a binary heap with places, O(log n) per change; reading the next one is O(1).
 */
import { Entry } from './entry.js';
import { KeyedTable, type TableContext } from './keyed-table.js';
import { SPACE, prefixEnd, readBigEndian, timerId } from './keys.js';
import type { Codec, KeyedStoreSpec, TimerRow } from './port.js';
import { TimerHeap, type TimerNode } from './timer-heap.js';

/** What a timer's row holds beside its key. */
interface StoredTimer {
  readonly dueMs: number;
  readonly setter: string;
}

const codec: Codec<StoredTimer> = {
  encode: ({ dueMs, setter }) => {
    const bytes = Buffer.allocUnsafe(8 + Buffer.byteLength(setter));
    bytes.writeDoubleBE(dueMs, 0);
    bytes.write(setter, 8);
    return bytes;
  },
  decode: (bytes) => {
    const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return { dueMs: view.readDoubleBE(0), setter: view.toString('utf8', 8) };
  },
};

const spec: KeyedStoreSpec<StoredTimer> = { kind: 'keyed', codec, version: 1, keysMax: Infinity };

function toRow(id: string, stored: StoredTimer): TimerRow {
  return {
    operator: readBigEndian(id, 0, 4),
    key: id.slice(4),
    dueMs: stored.dueMs,
    setter: stored.setter,
  };
}

/** The timer rows as a table whose missing entries are known from the index, not read from disk. */
class TimerTable extends KeyedTable {
  private readonly resident: (id: string) => TimerRow | undefined;

  constructor(context: TableContext, resident: (id: string) => TimerRow | undefined) {
    super(spec, SPACE.timer, context);
    this.resident = resident;
  }

  protected override load(id: string): Entry {
    const row = this.resident(id);
    const entry = new Entry(this, id, row !== undefined);
    entry.value = row === undefined ? undefined : { dueMs: row.dueMs, setter: row.setter };
    this.context.cache.add(entry, row === undefined ? 0 : 32);
    return entry;
  }
}

export class Timers {
  readonly table: KeyedTable;
  private readonly context: TableContext;
  private readonly nodes = new Map<string, TimerNode>();
  private readonly heap = new TimerHeap();
  private readonly undoIds: string[] = [];
  private readonly undoRows: (TimerRow | undefined)[] = [];

  constructor(context: TableContext) {
    this.context = context;
    this.table = new TimerTable(context, (id) => this.nodes.get(id)?.row);
  }

  get size(): number {
    return this.nodes.size;
  }

  set(operator: number, key: string, dueMs: number | null, setter: string): void {
    const id = timerId(operator, key);
    const before = this.nodes.get(id)?.row;
    if (dueMs === null && before === undefined) return;
    // The table first: what it knows of the row on disk it asks of the index as it was.
    if (dueMs === null) this.table.delete(id);
    else this.table.put(id, { dueMs, setter });
    if (this.context.savepoint.marked) {
      this.undoIds.push(id);
      this.undoRows.push(before);
    }
    this.index(id, dueMs === null ? undefined : { operator, key, dueMs, setter });
  }

  of(operator: number, key: string): TimerRow | undefined {
    return this.nodes.get(timerId(operator, key))?.row;
  }

  next(): TimerRow | undefined {
    return this.heap.first();
  }

  private index(id: string, row: TimerRow | undefined): void {
    const node = this.nodes.get(id);
    if (node !== undefined) {
      this.heap.remove(node);
      this.nodes.delete(id);
    }
    if (row !== undefined) this.nodes.set(id, this.heap.add(row));
  }

  /** The savepoint is kept. */
  release(): void {
    if (this.undoIds.length === 0) return;
    this.undoIds.length = 0;
    this.undoRows.length = 0;
  }

  /** Undoes the index; the rows are undone by the savepoint. */
  rollback(): void {
    for (let at = this.undoIds.length - 1; at >= 0; at -= 1) {
      const id = this.undoIds[at];
      if (id !== undefined) this.index(id, this.undoRows[at]);
    }
    this.release();
  }

  /** Builds the index: rows on disk, overlaid by what recovery applied. */
  async ready(): Promise<void> {
    const { backing } = this.context;
    for await (const page of backing.scan(SPACE.timer, prefixEnd(SPACE.timer))) {
      for (const [key, stored] of page) {
        const id = key.slice(1);
        if (!this.table.entries.has(id)) this.load(id, this.table.decodeStored(id, stored));
      }
    }
    for (const [id, entry] of this.table.entries) this.load(id, this.table.valueOf(entry));
  }

  private load(id: string, stored: unknown): void {
    if (stored !== undefined) this.index(id, toRow(id, stored as StoredTimer));
  }
}
