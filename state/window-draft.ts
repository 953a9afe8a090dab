/**
 * A head being worked on: its cells copied, its chunks read and written through the store.
 *
 * N1. Entries are in order of (time, arrival); chunks are linked by number, the open one is the newest.
 * N2. A range's left pointer is at the first entry later than newest - delay - width; its right pointer
 *     (with a delay) at the first later than newest - delay. Its accumulators hold what lies between.
 * N3. Nothing a stored head or chunk refers to is changed: cells are copied, rows are replaced, and the
 *     open rows are appended to only by the head that saw all of them.
 */
import { HaltError } from '../schemas/errors.js';
import { chunkKey, keyOf } from './keys.js';
import type { KeyedStore } from './port.js';
import { Accumulators, STALE } from './window-accumulators.js';
import {
  EMPTY_LIST,
  isIdCount,
  type Chunk,
  type DistinctList,
  type EntryChunk,
  type Head,
  type PendingLabel,
} from './window-chunk.js';
import { CELL, RANGE, emptyCells, type Accumulator, type Range } from './window-layout.js';

/** Entries of a chunk when it is sealed. */
export const CHUNK_ENTRIES = 32;
/** Most ids kept in a head; beyond it they get rows. */
const HEAD_IDS_MAX = 64;

/** A row the head relies on is gone (it expired): the entity is begun anew. */
export class MissingChunk extends Error {}

export class HeadDraft extends Accumulators {
  entity = '';
  rows: number[] = [];
  size = 0;
  distinct: DistinctList[] = [];
  pending: readonly PendingLabel[] = [];
  chunks: KeyedStore<Chunk> | undefined = undefined;

  /** Begins with a stored head, or an empty one. */
  load(entity: string, head: Head | undefined, stepMs: number): void {
    this.entity = entity;
    if (head === undefined) {
      this.restart(stepMs);
      return;
    }
    this.cells = head.cells.slice();
    this.rows = head.rows;
    this.size = head.size;
    this.distinct = head.distinct.slice();
    this.pending = head.pending;
  }

  restart(stepMs: number): void {
    this.cells = emptyCells(this.layout);
    this.cells[CELL.era] = stepMs;
    this.rows = [];
    this.size = 0;
    this.distinct = Array.from({ length: this.layout.distincts }, () => EMPTY_LIST);
    this.pending = [];
  }

  head(): Head {
    const { cells, rows, size, distinct, pending } = this;
    return { cells, rows, size, distinct, pending };
  }

  cell(at: number): number {
    return this.cells[at] ?? 0;
  }

  store(): KeyedStore<Chunk> {
    if (this.chunks === undefined) throw new HaltError('STATE_MISUSE', 'a window without chunks');
    return this.chunks;
  }

  chunk(id: number): EntryChunk {
    const chunk = this.store().get(chunkKey(this.entity, id));
    if (chunk === undefined || isIdCount(chunk)) throw new MissingChunk();
    return chunk;
  }

  putChunk(id: number, chunk: Omit<EntryChunk, 'stepMs'>): void {
    const stepMs = this.cell(CELL.stepMs);
    this.store().put(chunkKey(this.entity, id), { ...chunk, stepMs });
  }

  /** Entries of a chunk, the open one included; see `sizeOf`. */
  rowsOf(id: number): readonly number[] {
    return id === this.cells[CELL.open] ? this.rows : this.chunk(id).rows;
  }

  sizeOf(id: number, rows: readonly number[]): number {
    return id === this.cells[CELL.open] ? this.size : rows.length / this.layout.stride;
  }

  prevOf(id: number): number {
    return id === this.cells[CELL.open] ? this.cell(CELL.openPrev) : this.chunk(id).prev;
  }

  /** Appends an entry to the open chunk. */
  append(entry: readonly number[]): void {
    const length = this.size * this.layout.stride;
    // Another head appended to the shared rows (and was rolled back): N3.
    if (this.rows.length !== length) this.rows = this.rows.slice(0, length);
    for (const value of entry) this.rows.push(value);
    this.size += 1;
    this.cells[CELL.entries] = this.cell(CELL.entries) + 1;
  }

  /** Moves a pointer over every entry at or before `bound`; each enters or leaves the window. */
  slide(range: Range, pointer: number, bound: number): void {
    const { cells } = this;
    if (!(this.cell(pointer + 2) <= bound)) return;
    const { stride } = this.layout;
    const entering = pointer === range.at + RANGE.rightChunk;
    const now = this.cell(CELL.newest);
    let id = this.cell(pointer);
    let index = this.cell(pointer + 1);
    let rows = this.rowsOf(id);
    let size = this.sizeOf(id, rows);
    let time = Infinity;
    for (;;) {
      if (index >= size) {
        if (id === cells[CELL.open]) break;
        id = this.chunk(id).next;
        rows = this.rowsOf(id);
        size = this.sizeOf(id, rows);
        index = 0;
        continue;
      }
      const off = index * stride;
      time = rows[off] ?? 0;
      if (time > bound) break;
      time = Infinity;
      if (entering) this.enter(range, rows, off, now);
      else this.leave(range, rows, off, now);
      index += 1;
    }
    cells[pointer] = id;
    cells[pointer + 1] = index;
    cells[pointer + 2] = time;
  }

  /** Closes the open chunk when it is full. */
  sealFull(): void {
    if (this.size < CHUNK_ENTRIES) return;
    const { cells } = this;
    const id = this.cell(CELL.open);
    const next = this.cell(CELL.nextChunk);
    // Nobody appends to these rows any more: a head that shares them saw fewer and copies.
    const whole = this.rows.length === this.size * this.layout.stride;
    const rows = whole ? this.rows : this.rows.slice(0, this.size * this.layout.stride);
    cells[CELL.nextChunk] = next + 1;
    const prev = this.cell(CELL.openPrev);
    this.putChunk(id, { prev, next, rows });
    cells[CELL.open] = next;
    cells[CELL.openPrev] = id;
    this.rows = [];
    this.size = 0;
    this.dropOld();
  }

  /** Drops chunks no window can reach, and the oldest ones of an entity over its bytes. */
  private dropOld(): void {
    const { cells, layout } = this;
    const reach = this.cell(CELL.newest) - layout.keep;
    // Two per sealed one keep up with any backlog.
    for (let left = 2; left > 0 && cells[CELL.tail] !== cells[CELL.open]; left -= 1) {
      const id = this.cell(CELL.tail);
      const { rows, next } = this.chunk(id);
      const newest = rows[rows.length - layout.stride] ?? 0;
      const over = this.cell(CELL.entries) > layout.entriesMax;
      if (newest > reach && !over) return;
      if (newest > reach) this.truncate(id, newest);
      else cells[CELL.expired] = Math.max(this.cell(CELL.expired), newest);
      this.store().delete(chunkKey(this.entity, id));
      cells[CELL.tail] = next;
      cells[CELL.entries] = this.cell(CELL.entries) - rows.length / layout.stride;
    }
  }

  /** Moves every pointer past a chunk that is dropped although windows reach it. */
  private truncate(id: number, newest: number): void {
    for (const range of this.layout.ranges) {
      const right = range.at + RANGE.rightChunk;
      if (range.delay > 0 && this.cells[right] === id) this.slide(range, right, newest);
      this.slide(range, range.at + RANGE.leftChunk, newest);
    }
    this.cells[CELL.truncated] = Math.max(this.cell(CELL.truncated), newest);
  }

  /** Finds the extremes again whose last holder left. */
  refreshExtremes(): void {
    for (const range of this.layout.ranges) {
      for (const one of range.accumulators) {
        if (one.kind !== 'min' && one.kind !== 'max') continue;
        if (this.cells[one.at + 1] === STALE) this.searchExtreme(range, one);
      }
    }
  }

  private searchExtreme(range: Range, one: Accumulator): void {
    const { stride } = this.layout;
    this.resetExtreme(one);
    const end = this.cell(CELL.newest) - range.delay;
    let id = this.cell(range.at + RANGE.leftChunk);
    let index = this.cell(range.at + RANGE.leftIndex);
    for (;;) {
      const rows = this.rowsOf(id);
      const size = this.sizeOf(id, rows);
      for (; index < size; index += 1) {
        if ((rows[index * stride] ?? 0) > end) return;
        this.enterOne(one, rows, index * stride);
      }
      if (id === this.cells[CELL.open]) return;
      id = this.chunk(id).next;
      index = 0;
    }
  }

  protected enterId(one: Accumulator, id: number): void {
    const list = this.distinct[one.place] ?? EMPTY_LIST;
    if (list.ids === undefined) {
      this.countRow(one, id, 1);
      return;
    }
    const at = list.ids.indexOf(id);
    if (at >= 0) {
      this.distinct[one.place] = {
        ids: list.ids,
        counts: list.counts.with(at, (list.counts[at] ?? 0) + 1),
      };
      return;
    }
    if (list.ids.length < HEAD_IDS_MAX) {
      this.distinct[one.place] = { ids: [...list.ids, id], counts: [...list.counts, 1] };
      this.cells[one.at] = list.ids.length + 1;
      return;
    }
    list.ids.forEach((known, place) => {
      this.putCount(one, known, list.counts[place] ?? 0);
    });
    this.distinct[one.place] = { ids: undefined, counts: [] };
    this.countRow(one, id, 1);
  }

  protected leaveId(one: Accumulator, id: number): void {
    const list = this.distinct[one.place] ?? EMPTY_LIST;
    if (list.ids === undefined) {
      this.countRow(one, id, -1);
      if (this.cells[one.at] === 0) this.distinct[one.place] = EMPTY_LIST;
      return;
    }
    const at = list.ids.indexOf(id);
    const count = list.counts[at] ?? 0;
    if (count > 1) {
      this.distinct[one.place] = { ids: list.ids, counts: list.counts.with(at, count - 1) };
      return;
    }
    this.distinct[one.place] = {
      ids: list.ids.toSpliced(at, 1),
      counts: list.counts.toSpliced(at, 1),
    };
    this.cells[one.at] = list.ids.length - 1;
  }

  /** The row that counts an id of a window with too many for its head. */
  private countKey(one: Accumulator, id: number): string {
    return this.entity + keyOf(this.cell(CELL.era), one.at, id);
  }

  private putCount(one: Accumulator, id: number, count: number): void {
    this.store().put(this.countKey(one, id), { stepMs: this.cell(CELL.stepMs), count });
  }

  private countRow(one: Accumulator, id: number, step: 1 | -1): void {
    const key = this.countKey(one, id);
    const row = this.store().get(key);
    const count = (row !== undefined && isIdCount(row) ? row.count : 0) + step;
    if (count < 0) throw new MissingChunk();
    if (count === 0) this.store().delete(key);
    else this.putCount(one, id, count);
    if (count === 0) this.cells[one.at] = this.cell(one.at) - 1;
    if (count === 1 && step === 1) this.cells[one.at] = this.cell(one.at) + 1;
  }
}
