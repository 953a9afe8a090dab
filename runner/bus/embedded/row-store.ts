/**
 * The few things the embedded bus asks of a sorted store of rows, over LevelDB or memory.
 *
 * One page of a range is one call: rows in key order until `limit` rows or about `bytesMax` bytes.
 * A write is atomic; with `durable` it resolves only after it survives kill -9 (LevelDB `sync: true`).
 */
import { HaltError } from '../../../schemas/errors.js';

export interface RowPut {
  readonly key: Buffer;
  /** Null deletes the row. */
  readonly value: Buffer | null;
}

export interface RowRange {
  readonly from: Buffer;
  /** Exclusive, also when read backwards. */
  readonly until: Buffer;
  readonly reverse?: boolean;
  readonly limit: number;
  readonly bytesMax?: number;
}

export type Row = readonly [key: Buffer, value: Buffer];

export interface RowStore {
  get(key: Buffer): Promise<Buffer | undefined>;
  getMany(keys: readonly Buffer[]): Promise<readonly (Buffer | undefined)[]>;
  range(range: RowRange): Promise<readonly Row[]>;
  keys(range: RowRange): Promise<readonly Buffer[]>;
  write(puts: readonly RowPut[], durable: boolean): Promise<void>;
  close(): Promise<void>;
}

interface LevelRange {
  readonly gte: Buffer;
  readonly lt: Buffer;
  readonly reverse: boolean;
  readonly limit: number;
  readonly highWaterMarkBytes: number;
}

type LevelOperation =
  | { readonly type: 'del'; readonly key: Buffer }
  | { readonly type: 'put'; readonly key: Buffer; readonly value: Buffer };

interface LevelPages<T> {
  nextv(size: number): Promise<T[]>;
  close(): Promise<void>;
}

/** What classic-level and memory-level both offer, opened with buffer keys and values. */
interface LevelRows {
  get(key: Buffer): Promise<Buffer | undefined>;
  getMany(keys: Buffer[]): Promise<(Buffer | undefined)[]>;
  iterator(range: LevelRange): LevelPages<[Buffer, Buffer]>;
  keys(range: LevelRange): LevelPages<Buffer>;
  batch(operations: LevelOperation[], options: { sync: boolean }): Promise<void>;
  close(): Promise<void>;
}

const rangeOptions = (range: RowRange): LevelRange => ({
  gte: range.from,
  lt: range.until,
  reverse: range.reverse ?? false,
  limit: range.limit,
  // Understood by classic-level (how much one nextv reads ahead); memory-level has no use for it.
  highWaterMarkBytes: range.bytesMax ?? 64 * 1024,
});

/** Errors of the database in weir's words (P5). */
const asWeirError = (cause: unknown): HaltError => {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  if (code.endsWith('_NOT_OPEN')) {
    return new HaltError('BUS_CLOSED', 'the bus was closed while it was being read.', { cause });
  }
  const why = cause instanceof Error ? cause.message : String(cause);
  return new HaltError('BUS_FAILED', `the store of the bus failed: ${why}`, { cause });
};

const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (cause) {
    throw asWeirError(cause);
  }
};

/** Rows of a database opened with buffer keys and values. */
export const levelRows = (level: LevelRows): RowStore => ({
  get: (key) => guarded(() => level.get(key)),
  getMany: (keys) => guarded(() => level.getMany([...keys])),
  range: (range) =>
    guarded(async () => {
      const iterator = level.iterator(rangeOptions(range));
      try {
        return await iterator.nextv(range.limit);
      } finally {
        await iterator.close();
      }
    }),
  keys: (range) =>
    guarded(async () => {
      const iterator = level.keys(rangeOptions(range));
      try {
        return await iterator.nextv(range.limit);
      } finally {
        await iterator.close();
      }
    }),
  // As an array: classic-level frees a chained batch only when it is garbage collected.
  write: (puts, durable) =>
    guarded(() =>
      level.batch(
        puts.map(({ key, value }) =>
          value === null ? { type: 'del', key } : { type: 'put', key, value },
        ),
        { sync: durable },
      ),
    ),
  close: () => guarded(() => level.close()),
});
