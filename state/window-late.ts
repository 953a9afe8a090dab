/**
 * Where an event older than the newest of its entity belongs: found, inserted, and every window end
 * mended. It is answered by `window-glance.ts`.
 *
 * Bound: at most `scanChunksMax` chunks walked to find the place. An event whose place lies beyond is
 * not inserted; from then on windows that reach its time answer null with LATE_BEYOND_SCAN, so that no
 * inexact number is ever told.
 */
import { HeadDraft, CHUNK_ENTRIES } from './window-draft.js';
import { CELL, RANGE } from './window-layout.js';

/** A place in the list of chunks. */
export interface Place {
  readonly chunk: number;
  readonly index: number;
}

/** A chunk is split when it grows to this. */
const CHUNK_ENTRIES_MAX = 2 * CHUNK_ENTRIES;

/** The place behind every entry at or before `time`; undefined when it is too far to walk. */
export function placeOf(draft: HeadDraft, time: number): Place | undefined {
  const { stride, scanChunksMax } = draft.layout;
  let chunk = nearestPointer(draft, time);
  let steps = 0;
  while (chunk !== draft.cells[CELL.tail] && firstTime(draft, chunk, -Infinity) > time) {
    chunk = draft.prevOf(chunk);
    if ((steps += 1) > scanChunksMax) return undefined;
  }
  while (chunk !== draft.cells[CELL.open]) {
    const { next } = draft.chunk(chunk);
    if (firstTime(draft, next, Infinity) > time) break;
    chunk = next;
    if ((steps += 1) > scanChunksMax) return undefined;
  }
  const rows = draft.rowsOf(chunk);
  let index = draft.sizeOf(chunk, rows);
  while (index > 0 && (rows[(index - 1) * stride] ?? 0) > time) index -= 1;
  return { chunk, index };
}

/** Time of a chunk's first entry; `empty` for the open chunk when it has none. */
function firstTime(draft: HeadDraft, chunk: number, empty: number): number {
  const rows = draft.rowsOf(chunk);
  return draft.sizeOf(chunk, rows) === 0 ? empty : (rows[0] ?? 0);
}

/** The chunk of the pointer whose time is nearest; the open chunk stands for the newest time. */
function nearestPointer(draft: HeadDraft, time: number): number {
  let nearest = draft.cell(draft.size === 0 ? CELL.openPrev : CELL.open);
  let distance = Math.abs(draft.cell(CELL.newest) - time);
  for (const range of draft.layout.ranges) {
    const pointers = range.delay > 0 ? [RANGE.leftChunk, RANGE.rightChunk] : [RANGE.leftChunk];
    for (const pointer of pointers) {
      const away = Math.abs(draft.cell(range.at + pointer + 2) - time);
      if (away >= distance) continue;
      distance = away;
      nearest = draft.cell(range.at + pointer);
    }
  }
  return nearest;
}

/** Inserts an entry older than the newest; undefined when it is out of reach. */
export function insertLate(draft: HeadDraft, entry: readonly number[]): Place | undefined {
  const time = entry[0] ?? 0;
  // No window that can still be exact reaches what was dropped.
  if (time <= Math.max(draft.cell(CELL.expired), draft.cell(CELL.truncated))) return undefined;
  const place = placeOf(draft, time);
  if (place === undefined) {
    draft.cells[CELL.missing] = Math.max(draft.cell(CELL.missing), time);
    return undefined;
  }
  const off = place.index * draft.layout.stride;
  if (place.chunk === draft.cells[CELL.open]) {
    draft.rows = draft.rows.slice(0, draft.size * draft.layout.stride).toSpliced(off, 0, ...entry);
    draft.size += 1;
  } else {
    const chunk = draft.chunk(place.chunk);
    draft.putChunk(place.chunk, { ...chunk, rows: chunk.rows.toSpliced(off, 0, ...entry) });
  }
  draft.cells[CELL.entries] = draft.cell(CELL.entries) + 1;
  mendPointers(draft, place, time);
  enterRanges(draft, entry);
  return splitFull(draft, place);
}

/** Makes every pointer right again (N2) after an insertion at `place`. */
function mendPointers(draft: HeadDraft, place: Place, time: number): void {
  const newest = draft.cell(CELL.newest);
  for (const range of draft.layout.ranges) {
    const right = newest - range.delay;
    mendPointer(draft, range.at + RANGE.leftChunk, { place, time, bound: right - range.width });
    if (range.delay > 0) {
      mendPointer(draft, range.at + RANGE.rightChunk, { place, time, bound: right });
    }
  }
}

function mendPointer(
  draft: HeadDraft,
  pointer: number,
  inserted: { readonly place: Place; readonly time: number; readonly bound: number },
): void {
  const { cells } = draft;
  const { place, time, bound } = inserted;
  if (time > bound) {
    if (draft.cell(pointer + 2) <= time) return;
    cells[pointer] = place.chunk;
    cells[pointer + 1] = place.index;
    cells[pointer + 2] = time;
  } else if (cells[pointer] === place.chunk && draft.cell(pointer + 1) >= place.index) {
    cells[pointer + 1] = draft.cell(pointer + 1) + 1;
  }
}

function enterRanges(draft: HeadDraft, entry: readonly number[]): void {
  const time = entry[0] ?? 0;
  const newest = draft.cell(CELL.newest);
  for (const range of draft.layout.ranges) {
    const right = newest - range.delay;
    if (time <= right && time > right - range.width) draft.enter(range, entry, 0, newest);
  }
}

/** Splits a chunk that grew too large; returns where the inserted entry is now. */
function splitFull(draft: HeadDraft, place: Place): Place {
  if (place.chunk === draft.cells[CELL.open]) return place;
  const { stride, ranges } = draft.layout;
  const chunk = draft.chunk(place.chunk);
  if (chunk.rows.length < CHUNK_ENTRIES_MAX * stride) return place;
  const half = CHUNK_ENTRIES * stride;
  const made = draft.cell(CELL.nextChunk);
  draft.cells[CELL.nextChunk] = made + 1;
  const { prev, next } = chunk;
  draft.putChunk(place.chunk, { prev, next: made, rows: chunk.rows.slice(0, half) });
  draft.putChunk(made, { prev: place.chunk, next, rows: chunk.rows.slice(half) });
  if (next === draft.cells[CELL.open]) draft.cells[CELL.openPrev] = made;
  else draft.putChunk(next, { ...draft.chunk(next), prev: made });
  for (const range of ranges) {
    for (const at of [range.at + RANGE.leftChunk, range.at + RANGE.rightChunk]) {
      if (draft.cells[at] !== place.chunk || draft.cell(at + 1) < CHUNK_ENTRIES) continue;
      draft.cells[at] = made;
      draft.cells[at + 1] = draft.cell(at + 1) - CHUNK_ENTRIES;
    }
  }
  if (place.index < CHUNK_ENTRIES) return place;
  return { chunk: made, index: place.index - CHUNK_ENTRIES };
}
