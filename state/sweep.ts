/**
 * The sweeper: removes rows that expired for good, a bounded number per call, in no digest.
 *
 * W1. Only rows that no longer stand at the clock of a *durable* round go: a recovery to that round
 *     or a later one reads them as absent anyway.
 * W2. Sweeps and checkpoints take turns, so a newer version that waits in the cache is written after
 *     the old row is gone, never before.
 */
import type { Backing } from './backing.js';
import type { DurablePoint } from './durable-point.js';
import type { KeyedTable } from './keyed-table.js';
import { prefixEnd } from './keys.js';

export class Sweeper {
  private readonly backing: Backing;
  private readonly tables: readonly (readonly [store: number, table: KeyedTable])[];
  private readonly point: DurablePoint;
  private table = 0;
  private from = '';

  constructor(
    backing: Backing,
    tables: readonly (readonly [store: number, table: KeyedTable])[],
    point: DurablePoint,
  ) {
    this.backing = backing;
    this.tables = tables.filter(([, table]) => table.spec.expiresMs !== undefined);
    this.point = point;
  }

  /** Looks at up to `rowsMax` rows from where the last call stopped; resolves to those removed. */
  async sweep(rowsMax: number): Promise<number> {
    let looked = 0;
    let removed = 0;
    for (let passes = 0; passes < this.tables.length && looked < rowsMax; passes += 1) {
      const one = await this.sweepTable(rowsMax - looked);
      looked += one.looked;
      removed += one.removed;
    }
    return removed;
  }

  private async sweepTable(rowsMax: number): Promise<{ looked: number; removed: number }> {
    const [store, table] = this.tables[this.table] ?? [];
    if (store === undefined || table === undefined) return { looked: 0, removed: 0 };
    let looked = 0;
    let removed = 0;
    const { prefix } = table;
    for await (const page of this.backing.scan(prefix + this.from, prefixEnd(prefix))) {
      const rows = page.slice(0, rowsMax - looked);
      looked += rows.length;
      const batch = this.backing.batch();
      for (const [fullKey, stored] of rows) {
        const key = fullKey.slice(prefix.length);
        this.from = `${key}\x00`;
        if (!this.isGone(store, table, { key, stored })) continue;
        batch.delete(fullKey);
        removed += 1;
      }
      await batch.write(false);
      if (looked >= rowsMax) return { looked, removed };
    }
    this.from = '';
    this.table = (this.table + 1) % this.tables.length;
    return { looked, removed };
  }

  private isGone(
    store: number,
    table: KeyedTable,
    row: { readonly key: string; readonly stored: Uint8Array },
  ): boolean {
    const value = table.decodeStored(row.key, row.stored);
    return this.point.counts[store]?.stands(table.expiryOf(value)) === false;
  }
}
