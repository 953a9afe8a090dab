/**
 * Reading a whole task's state: the digest of what lives, and rows for people.
 *
 * D1. The digest is over live logical rows in key order, at their current version: it does not depend
 *     on what is cached, logged, swept or checkpointed, nor on how the state came about.
 * D2. What is read is the state at the call, even when rounds go on meanwhile.
 */
import { createHash, type Hash } from 'node:crypto';

import type { Backing, BackingRow } from './backing.js';
import type { Guard } from './guard.js';
import type { KeyedTable } from './keyed-table.js';
import { SPACE, bigEndian, prefixEnd } from './keys.js';

/** A row as found: decoded when it was cached so, else as stored; both undefined when absent. */
interface Found {
  readonly key: string;
  readonly value: unknown;
  readonly stored: Uint8Array | undefined;
}

/** What a table holds under a prefix at this moment, in key order. */
export function readTable(
  table: KeyedTable,
  backing: Backing,
  prefix: string,
): AsyncGenerator<Found> {
  const from = table.prefix + prefix;
  // Disk and overlay are taken in one breath (D2); only dirty entries differ from the disk.
  const pages = backing.scan(from, prefixEnd(from));
  const overlay: Found[] = [];
  for (const entry of table.entries.values()) {
    if (!entry.working && entry.version === undefined) continue;
    if (!entry.key.startsWith(prefix)) continue;
    overlay.push({ key: entry.key, value: entry.value, stored: entry.raw });
  }
  overlay.sort((left, right) => (left.key < right.key ? -1 : 1));
  return merged(table, pages, overlay);
}

async function* merged(
  table: KeyedTable,
  pages: AsyncIterable<readonly BackingRow[]>,
  overlay: readonly Found[],
): AsyncGenerator<Found> {
  const dirty = new Set(overlay.map((row) => row.key));
  let next = 0;
  const overlayBelow = function* (key: string | undefined): Generator<Found> {
    for (let row = overlay[next]; row !== undefined; row = overlay[next]) {
      if (key !== undefined && row.key > key) return;
      next += 1;
      if (isLive(table, row)) yield row;
    }
  };
  for await (const page of pages) {
    for (const [fullKey, stored] of page) {
      const row: Found = { key: fullKey.slice(table.prefix.length), value: undefined, stored };
      yield* overlayBelow(row.key);
      if (!dirty.has(row.key) && isLive(table, row)) yield row;
    }
  }
  yield* overlayBelow(undefined);
}

function isLive(table: KeyedTable, row: Found): boolean {
  if (row.stored === undefined) return table.isLive(row.value);
  return table.spec.expiresMs === undefined || table.isLive(valueOf(table, row));
}

export function valueOf(table: KeyedTable, row: Found): unknown {
  return row.stored === undefined ? row.value : table.decodeStored(row.key, row.stored);
}

/** The row's stored bytes at the current version. */
function currentBytes(table: KeyedTable, row: Found): Uint8Array {
  if (row.stored?.[0] === table.spec.version) return row.stored;
  return table.encode(valueOf(table, row));
}

function updateSized(hash: Hash, bytes: Uint8Array): void {
  const size = Buffer.allocUnsafe(4);
  size.writeUInt32BE(bytes.length);
  hash.update(size).update(bytes);
}

export interface DigestSource {
  readonly backing: Backing;
  readonly tables: readonly KeyedTable[];
  readonly guards: readonly (readonly [store: number, guard: Guard])[];
  readonly timers: KeyedTable;
}

/** sha256 hex over every live row. */
export async function digestOf(source: DigestSource): Promise<string> {
  const hash = createHash('sha256');
  const tables = [...source.tables, source.timers];
  const rows = tables.map((table) => readTable(table, source.backing, ''));
  const guards = source.guards.map(([store, guard]) => guardRows(store, guard));
  for (const [at, table] of tables.entries()) {
    for await (const row of rows[at] ?? []) {
      updateSized(hash, Buffer.from(table.prefix + row.key, 'latin1'));
      updateSized(hash, currentBytes(table, row));
    }
  }
  for (const sorted of guards) for (const row of sorted) updateSized(hash, row);
  return hash.digest('hex');
}

/** The entries of a guard, each with store and time bucket, in order of id. */
function guardRows(store: number, guard: Guard): readonly Uint8Array[] {
  const rows: Buffer[] = [];
  for (const bucket of guard.set.buckets) {
    const place = Buffer.from(
      SPACE.guardRun + bigEndian(store, 1) + bigEndian(bucket.timeBucket, 8),
      'latin1',
    );
    for (let number = 0; number < bucket.size; number += 1) {
      rows.push(Buffer.concat([bucket.entry(number), place]));
    }
  }
  return rows.sort((left, right) => Buffer.compare(left, right));
}

/** A guard's entries for people: id in hex, payload hash in hex. */
export function describeGuard(
  guard: Guard,
  prefix: string,
  limit: number,
): readonly (readonly [string, unknown])[] {
  const rows: (readonly [string, unknown])[] = [];
  for (const bucket of guard.set.buckets) {
    for (let number = 0; number < bucket.size; number += 1) {
      const entry = Buffer.from(bucket.entry(number)).toString('hex');
      if (!entry.startsWith(prefix)) continue;
      rows.push([entry.slice(0, 32), { payload: entry.slice(32), bucket: bucket.timeBucket }]);
    }
  }
  rows.sort((left, right) => (left[0] < right[0] ? -1 : 1));
  return rows.slice(0, limit);
}
