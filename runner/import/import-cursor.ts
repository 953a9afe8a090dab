/**
 * How far an import came, as a durable row beside the log (`import/<id>` in the bus's meta store).
 *
 * The row is written after each append, not in it: the bus port has no batch for both. What a crash
 * between the two leaves behind the cursor is found again by `AppendedTail`, so a resumed import
 * appends nothing twice as long as it is the only writer of those bytes.
 * Keeps the map as well, so that reports can show the file's own ids again.
 */
import { HaltError } from '../../schemas/errors.js';
import type { Bus } from '../bus/port.js';
import type { ImportMap } from './import-map.js';

/** Per topic, one past the last offset of each partition, as decimal digits. */
export type Ends = Readonly<Record<string, readonly string[]>>;

export interface ImportCursor {
  readonly version: 1;
  readonly state: 'running' | 'done';
  readonly platformRunId: string;
  readonly file: string;
  readonly labels: string | null;
  readonly map: ImportMap;
  /** Items appended for certain. */
  readonly items: number;
  readonly transactions: number;
  readonly labelCount: number;
  readonly badRows: number;
  /** Of the first and last item appended; null before the first. */
  readonly firstTimeMs: number | null;
  readonly lastTimeMs: number;
  /** Ends of every source after the append this row tells of. */
  readonly ends: Ends;
}

const PREFIX = 'import/';

export async function loadCursor(bus: Bus, id: string): Promise<ImportCursor | null> {
  const bytes = await bus.meta.get(PREFIX + id);
  return bytes === undefined ? null : parseCursor(PREFIX + id, bytes);
}

export async function saveCursor(bus: Bus, id: string, cursor: ImportCursor): Promise<void> {
  await bus.meta.put(PREFIX + id, Buffer.from(JSON.stringify(cursor), 'utf8'));
}

/** All imports of a bus, by id. */
export async function listImports(bus: Bus): Promise<readonly (readonly [string, ImportCursor])[]> {
  const rows = await bus.meta.list(PREFIX);
  return rows.map(([key, bytes]) => [key.slice(PREFIX.length), parseCursor(key, bytes)] as const);
}

function parseCursor(key: string, bytes: Uint8Array): ImportCursor {
  const cursor = JSON.parse(Buffer.from(bytes).toString('utf8')) as
    ImportCursor | { readonly version: number };
  if (!('ends' in cursor)) {
    throw new HaltError(
      'STATE_FORMAT',
      `${key} is of version ${cursor.version} without what this build reads`,
    );
  }
  return cursor;
}

export async function endsOf(bus: Bus, topics: readonly string[]): Promise<Ends> {
  const ends: Record<string, readonly string[]> = {};
  for (const topic of topics) {
    const bounds = [...(await bus.bounds(topic))].sort((a, b) => a.partition - b.partition);
    ends[topic] = bounds.map(({ end }) => end.toString());
  }
  return ends;
}
