/**
 * Looks at the windows of an entity as they are at some time, changing nothing.
 *
 * in: a head, and a time before or after its newest event. out: an answer per aggregate over the entries
 * stepped so far whose event time lies in the window that ends then. It begins at the window ends the
 * head stands at and walks from there, so a look a little back or ahead costs a few entries, however
 * wide the window. Label counts further back are counted anew over the window.
 * bound: `scanChunksMax` chunks walked per window end; a window beyond answers null, LATE_BEYOND_SCAN.
 *
 * G1. Nothing reaches the store: chunks are read through an overlay that is thrown away.
 */
import type { KeyedStore } from './port.js';
import { boundsOf, passes, type Answers } from './window-accumulators.js';
import type { Chunk, Head } from './window-chunk.js';
import { HeadDraft, MissingChunk } from './window-draft.js';
import { ripen } from './window-label.js';
import { CELL, RANGE, type Range, type WindowLayout } from './window-layout.js';

export interface Look {
  readonly time: number;
  /** True when the newest entry at or before `time` is the event that looks: `last` passes it over. */
  readonly own: boolean;
}

/** Reads through; keeps writes to itself (G1). */
class Overlay implements KeyedStore<Chunk> {
  private readonly under: KeyedStore<Chunk>;
  private readonly written = new Map<string, Chunk | undefined>();

  constructor(under: KeyedStore<Chunk>) {
    this.under = under;
  }

  get(key: string): Chunk | undefined {
    return this.written.size > 0 && this.written.has(key)
      ? this.written.get(key)
      : this.under.get(key);
  }

  put(key: string, chunk: Chunk): void {
    this.written.set(key, chunk);
  }

  delete(key: string): void {
    this.written.set(key, undefined);
  }

  clear(): void {
    if (this.written.size > 0) this.written.clear();
  }
}

/** A place in the list of chunks, moved by the walks. */
interface Spot {
  id: number;
  index: number;
}

export class WindowGlance {
  private readonly layout: WindowLayout;
  private readonly draft: HeadDraft;
  private readonly overlay: Overlay;
  private steps = 0;

  constructor(layout: WindowLayout, chunks: KeyedStore<Chunk>) {
    this.layout = layout;
    this.overlay = new Overlay(chunks);
    this.draft = new HeadDraft(layout);
    this.draft.chunks = this.overlay;
  }

  /** The answers of `head` at `look.time`. */
  at(entity: string, head: Head | undefined, look: Look): Answers {
    const { draft } = this;
    this.overlay.clear();
    draft.load(entity, head, 0);
    try {
      const floor = look.time >= draft.cell(CELL.newest) ? this.ahead(look.time) : this.back(look);
      draft.refreshExtremes();
      return draft.read(look.time, boundsOf(draft.cells, floor));
    } catch (error) {
      if (!(error instanceof MissingChunk)) throw error;
      return draft.read(look.time, { unseen: Infinity, least: Infinity });
    }
  }

  private ahead(time: number): number {
    const { draft } = this;
    if (draft.pending.length > 0) ripen(draft, time);
    draft.cells[CELL.newest] = time;
    for (const range of this.layout.ranges) {
      if (range.delay > 0) draft.slide(range, range.at + RANGE.rightChunk, time - range.delay);
      draft.noteLast(range);
      draft.slide(range, range.at + RANGE.leftChunk, time - range.delay - range.width);
    }
    return -Infinity;
  }

  /** Moves every window back; returns the time below which some could not be looked at. */
  private back({ time, own }: Look): number {
    const { draft } = this;
    const newest = draft.cell(CELL.newest);
    let floor = -Infinity;
    for (const range of this.layout.ranges) {
      const right = time - range.delay;
      const low = right - range.width;
      this.steps = this.layout.scanChunksMax;
      const end = this.retreat(range, { right, low, newest });
      this.findLast(range, { end, low, own: own && range.delay === 0 });
      this.recountLabels(range, end, time);
      if (this.steps < 0) floor = Math.max(floor, low + 1);
    }
    draft.cells[CELL.newest] = time;
    return floor;
  }

  /** Moves both ends of one window back to (low, right]; returns the place behind its last entry. */
  private retreat(
    range: Range,
    to: { readonly right: number; readonly low: number; readonly newest: number },
  ): Spot {
    const { draft } = this;
    const { right, low, newest } = to;
    const lowBefore = newest - range.delay - range.width;
    const left = range.at + RANGE.leftChunk;
    const end =
      range.delay === 0
        ? { id: draft.cell(CELL.open), index: draft.size }
        : {
            id: draft.cell(range.at + RANGE.rightChunk),
            index: draft.cell(range.at + RANGE.rightIndex),
          };
    this.walkBack(end, right, (rows, off) => {
      if ((rows[off] ?? 0) > lowBefore) draft.leave(range, rows, off, newest);
      return 'on';
    });
    const begin = { id: draft.cell(left), index: draft.cell(left + 1) };
    this.walkBack(begin, low, (rows, off) => {
      if ((rows[off] ?? 0) <= right) draft.enter(range, rows, off, newest);
      return 'on';
    });
    draft.cells[left] = begin.id;
    draft.cells[left + 1] = begin.index;
    return end;
  }

  /** Visits entries later than `bound`, newest first; `spot` ends before the last one visited. */
  private walkBack(
    spot: Spot,
    bound: number,
    visit: (rows: readonly number[], off: number) => 'on' | 'stop',
  ): void {
    const { draft } = this;
    const { stride } = this.layout;
    let rows = draft.rowsOf(spot.id);
    for (;;) {
      if (spot.index === 0) {
        if (spot.id === draft.cells[CELL.tail] || !this.mayStep()) return;
        spot.id = draft.prevOf(spot.id);
        rows = draft.rowsOf(spot.id);
        spot.index = draft.sizeOf(spot.id, rows);
        continue;
      }
      const off = (spot.index - 1) * stride;
      if ((rows[off] ?? 0) <= bound) return;
      spot.index -= 1;
      if (visit(rows, off) === 'stop') return;
    }
  }

  private mayStep(): boolean {
    this.steps -= 1;
    return this.steps >= 0;
  }

  /** What every `last` of the window says: the newest entry before its end that passes the filter. */
  private findLast(
    range: Range,
    from: { readonly end: Spot; readonly low: number; readonly own: boolean },
  ): void {
    const { draft, layout } = this;
    for (const one of range.accumulators) {
      if (one.kind !== 'last') continue;
      draft.lastTimes[one.place] = -Infinity;
      let passOver = from.own;
      this.walkBack({ ...from.end }, from.low, (rows, off) => {
        const isOwn = passOver;
        passOver = false;
        if (isOwn || (one.where !== 0 && !passes(one.where, rows[off + layout.flagsAt]))) {
          return 'on';
        }
        draft.lastTimes[one.place] = rows[off] ?? 0;
        draft.lastValues[one.place] = rows[off + one.source] ?? 0;
        return 'stop';
      });
    }
  }

  /** Counts the labels of the window anew, as they were known at `time`. */
  private recountLabels(range: Range, end: Spot, time: number): void {
    const { draft, layout } = this;
    const labels = range.accumulators.filter((one) => one.kind === 'labels');
    if (labels.length === 0) return;
    for (const one of labels) draft.cells[one.at] = 0;
    const bound = time - range.delay - range.width;
    this.walkBack({ ...end }, bound, (rows, off) => {
      for (const one of labels) {
        if (one.where !== 0 && !passes(one.where, rows[off + layout.flagsAt])) continue;
        if ((rows[off + one.source] ?? Infinity) > time) continue;
        draft.cells[one.at] = draft.cell(one.at) + 1;
      }
      return 'on';
    });
  }
}
