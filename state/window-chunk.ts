/**
 * The rows of a window store: heads, chunks of entries, and counts of ids too many for a head.
 *
 * An entry is `stride` numbers in a flat array: time, values, ids, [flags], [entry id, labels]; a label
 * is the time it was observed, Infinity while there is none. Arrays of stored rows are never changed;
 * only the open rows of the newest head may be appended to (see `Head.rows`).
 *
 * Bytes: varints, entry times as differences, so that a typical head takes about 150 bytes and an
 * entry 6 to 8; the same on every machine.
 */
import { HaltError } from '../schemas/errors.js';
import { ByteReader, ByteWriter } from './byte-writer.js';
import type { Codec } from './port.js';
import type { WindowLayout } from './window-layout.js';

/** A sealed chunk: entries in order, linked to its neighbours by their numbers. */
export interface EntryChunk {
  readonly prev: number;
  readonly next: number;
  /** Record time it was last written, ms. */
  readonly stepMs: number;
  readonly rows: readonly number[];
}

/** How often an id stands in a window. */
export interface IdCount {
  readonly stepMs: number;
  readonly count: number;
}

export type Chunk = EntryChunk | IdCount;

export function isIdCount(chunk: Chunk): chunk is IdCount {
  return 'count' in chunk;
}

/** Ids of a window and how often each stands in it; `ids` undefined: they are in rows. */
export interface DistinctList {
  readonly ids: readonly number[] | undefined;
  readonly counts: readonly number[];
}

/** A label not yet counted because its time lies ahead of the entity's newest event. */
export interface PendingLabel {
  readonly observedAt: number;
  readonly time: number;
  readonly entryId: number;
  readonly flags: number;
  /** Offset of the label in an entry. */
  readonly source: number;
}

export interface Head {
  /** See CELL and the layout. */
  readonly cells: readonly number[];
  /**
   * Entries of the open chunk: the first `size` of them. Later heads of the same entity may share the
   * array and have appended to it, which this head does not see.
   */
  readonly rows: number[];
  readonly size: number;
  readonly distinct: readonly DistinctList[];
  readonly pending: readonly PendingLabel[];
}

export const EMPTY_LIST: DistinctList = { ids: [], counts: [] };

const TAG_ENTRIES = 0;
const TAG_COUNT = 1;

const out = new ByteWriter(1 << 12);

function writeRows(rows: readonly number[], size: number, layout: WindowLayout): void {
  const { stride, values, ids, labels, entryIdAt, flagsAt } = layout;
  out.varint(size);
  let before = 0;
  for (let at = 0; at < size * stride; at += stride) {
    const time = rows[at] ?? 0;
    out.signed(time - before);
    before = time;
    let next = at + 1;
    for (let left = values; left > 0; left -= 1) out.signed(rows[next++] ?? 0);
    for (let left = ids; left > 0; left -= 1) out.varint(rows[next++] ?? 0);
    if (flagsAt >= 0) out.varint(rows[next++] ?? 0);
    if (entryIdAt < 0) continue;
    out.varint(rows[next++] ?? 0);
    for (let left = labels; left > 0; left -= 1) writeTime(rows[next++] ?? Infinity, time);
  }
}

function readRows(input: ByteReader, layout: WindowLayout): number[] {
  const { values, ids, labels, entryIdAt, flagsAt } = layout;
  const rows: number[] = [];
  let before = 0;
  for (let entries = input.varint(); entries > 0; entries -= 1) {
    before += input.signed();
    rows.push(before);
    for (let left = values; left > 0; left -= 1) rows.push(input.signed());
    for (let left = ids; left > 0; left -= 1) rows.push(input.varint());
    if (flagsAt >= 0) rows.push(input.varint());
    if (entryIdAt < 0) continue;
    rows.push(input.varint());
    for (let left = labels; left > 0; left -= 1) rows.push(readTime(input, before));
  }
  return rows;
}

/** A time as its difference from `base`; the infinities have marks of their own. */
function writeTime(time: number, base: number): void {
  if (time === Infinity) out.byte(0);
  else if (time === -Infinity) out.byte(1);
  else {
    out.byte(2);
    out.signed(time - base);
  }
}

function readTime(input: ByteReader, base: number): number {
  const mark = input.byte();
  if (mark === 0) return Infinity;
  return mark === 1 ? -Infinity : base + input.signed();
}

/** Codec of chunk rows; entries depend on the layout. */
export function chunkCodec(layout: WindowLayout): Codec<Chunk> {
  return {
    encode: (chunk) => {
      if (isIdCount(chunk)) {
        out.byte(TAG_COUNT);
        out.varint(chunk.stepMs);
        out.varint(chunk.count);
        return out.view();
      }
      out.byte(TAG_ENTRIES);
      out.varint(chunk.prev);
      out.varint(chunk.next);
      out.varint(chunk.stepMs);
      writeRows(chunk.rows, chunk.rows.length / layout.stride, layout);
      return out.view();
    },
    decode: (bytes) => {
      const input = new ByteReader(bytes);
      const tag = input.byte();
      if (tag === TAG_COUNT) return { stepMs: input.varint(), count: input.varint() };
      if (tag !== TAG_ENTRIES) throw new HaltError('STATE_FORMAT', `a chunk row tagged ${tag}`);
      const prev = input.varint();
      const next = input.varint();
      const stepMs = input.varint();
      return { prev, next, stepMs, rows: readRows(input, layout) };
    },
  };
}

/** Codec of heads. */
export function headCodec(layout: WindowLayout): Codec<Head> {
  return {
    encode: (head) => {
      const newest = head.cells[0] ?? 0;
      out.signed(newest);
      for (let cell = 1; cell < layout.cells; cell += 1) {
        const value = head.cells[cell] ?? 0;
        if (layout.isTime[cell] === true) writeTime(value, newest);
        else out.signed(value);
      }
      writeRows(head.rows, head.size, layout);
      for (const list of head.distinct) writeList(list);
      out.varint(head.pending.length);
      for (const label of head.pending) {
        out.signed(label.observedAt - newest);
        out.signed(label.time - newest);
        out.varint(label.entryId);
        out.varint(label.flags);
        out.varint(label.source);
      }
      return out.view();
    },
    decode: (bytes) => {
      const input = new ByteReader(bytes);
      const newest = input.signed();
      const cells = [newest];
      for (let cell = 1; cell < layout.cells; cell += 1) {
        cells.push(layout.isTime[cell] === true ? readTime(input, newest) : input.signed());
      }
      const rows = readRows(input, layout);
      const distinct: DistinctList[] = [];
      while (distinct.length < layout.distincts) distinct.push(readList(input));
      const pending: PendingLabel[] = [];
      for (let left = input.varint(); left > 0; left -= 1) {
        pending.push({
          observedAt: newest + input.signed(),
          time: newest + input.signed(),
          entryId: input.varint(),
          flags: input.varint(),
          source: input.varint(),
        });
      }
      return { cells, rows, size: rows.length / layout.stride, distinct, pending };
    },
  };
}

function writeList(list: DistinctList): void {
  out.varint(list.ids === undefined ? 0 : list.ids.length + 1);
  if (list.ids === undefined) return;
  for (let at = 0; at < list.ids.length; at += 1) {
    out.varint(list.ids[at] ?? 0);
    out.varint(list.counts[at] ?? 0);
  }
}

function readList(input: ByteReader): DistinctList {
  const marked = input.varint();
  if (marked === 0) return { ids: undefined, counts: [] };
  const ids: number[] = [];
  const counts: number[] = [];
  for (let left = marked - 1; left > 0; left -= 1) {
    ids.push(input.varint());
    counts.push(input.varint());
  }
  return { ids, counts };
}
