/**
 * The running values of a head: how an entry enters and leaves a window, and how answers are read.
 *
 * A minimum or maximum whose last holder left is *stale* (multiplicity -1) until it is searched again;
 * none is stale in a stored head.
 */
import { DivertError } from '../schemas/errors.js';
import type { Code } from '../schemas/codes.js';
import {
  CELL,
  type Accumulator,
  type Range,
  type Reading,
  type WindowLayout,
} from './window-layout.js';

/** A quotient left to the reader to divide. */
export interface Ratio {
  readonly numerator: number;
  readonly denominator: number;
}

/** null: nothing to tell (no entry, or the code says why). */
export type Answer = number | Ratio | null;

export interface Answers {
  /** One per aggregate of the plan, in its order. */
  readonly values: readonly Answer[];
  /** Per aggregate, why it is null or covers less than its window; undefined when all is well. */
  readonly codes: readonly (Code | undefined)[] | undefined;
}

/** Sums beyond it are refused, so that every sum is exact and encodes. */
const SUM_MAX = 2 ** 52;
export const STALE = -1;

export abstract class Accumulators {
  cells: number[] = [];
  readonly layout: WindowLayout;
  /** Of each `last`: what it said before the current entry was counted. */
  readonly lastTimes: number[];
  readonly lastValues: number[];

  constructor(layout: WindowLayout) {
    this.layout = layout;
    this.lastTimes = Array.from({ length: layout.lasts }, () => -Infinity);
    this.lastValues = Array.from({ length: layout.lasts }, () => 0);
  }

  protected abstract enterId(accumulator: Accumulator, id: number): void;
  protected abstract leaveId(accumulator: Accumulator, id: number): void;

  /** The entry at `off` of `rows` is counted in the window; labels count if observed by `now`. */
  enter(range: Range, rows: readonly number[], off: number, now: number): void {
    const { cells, layout } = this;
    for (const one of range.accumulators) {
      if (one.where !== 0 && !passes(one.where, rows[off + layout.flagsAt])) continue;
      const { at } = one;
      switch (one.kind) {
        case 'count':
          cells[at] = (cells[at] ?? 0) + 1;
          break;
        case 'sum':
          cells[at] = inBounds((cells[at] ?? 0) + (rows[off + one.source] ?? 0));
          break;
        case 'min':
        case 'max':
          this.enterExtreme(one, rows[off + one.source] ?? 0);
          break;
        case 'last':
          if ((rows[off] ?? 0) >= (cells[at] ?? -Infinity)) {
            cells[at] = rows[off] ?? 0;
            cells[at + 1] = rows[off + one.source] ?? 0;
          }
          break;
        case 'labels':
          if ((rows[off + one.source] ?? Infinity) <= now) cells[at] = (cells[at] ?? 0) + 1;
          break;
        case 'distinct':
          this.enterId(one, rows[off + one.source] ?? 0);
          break;
      }
    }
  }

  /** The opposite of `enter`. */
  leave(range: Range, rows: readonly number[], off: number, now: number): void {
    const { cells, layout } = this;
    for (const one of range.accumulators) {
      if (one.where !== 0 && !passes(one.where, rows[off + layout.flagsAt])) continue;
      const { at } = one;
      switch (one.kind) {
        case 'count':
          cells[at] = (cells[at] ?? 0) - 1;
          break;
        case 'sum':
          cells[at] = inBounds((cells[at] ?? 0) - (rows[off + one.source] ?? 0));
          break;
        case 'min':
        case 'max':
          this.leaveExtreme(one, rows[off + one.source] ?? 0);
          break;
        case 'last':
          // Its time says whether it still lies in the window.
          break;
        case 'labels':
          if ((rows[off + one.source] ?? Infinity) <= now) cells[at] = (cells[at] ?? 0) - 1;
          break;
        case 'distinct':
          this.leaveId(one, rows[off + one.source] ?? 0);
          break;
      }
    }
  }

  private enterExtreme(one: Accumulator, value: number): void {
    const { cells } = this;
    const times = cells[one.at + 1] ?? 0;
    if (times === STALE) return;
    const extreme = cells[one.at] ?? 0;
    if (times > 0 && value === extreme) {
      cells[one.at + 1] = times + 1;
    } else if (times === 0 || (one.kind === 'min' ? value < extreme : value > extreme)) {
      cells[one.at] = value;
      cells[one.at + 1] = 1;
    }
  }

  private leaveExtreme(one: Accumulator, value: number): void {
    const { cells } = this;
    const times = cells[one.at + 1] ?? 0;
    if (times === STALE || value !== cells[one.at]) return;
    cells[one.at + 1] = times > 1 ? times - 1 : STALE;
  }

  /** Forgets an extreme, to be found again by entering what the window holds. */
  resetExtreme(one: Accumulator): void {
    this.cells[one.at] = 0;
    this.cells[one.at + 1] = 0;
  }

  /** Enters one entry into one extreme only. */
  enterOne(one: Accumulator, rows: readonly number[], off: number): void {
    if (one.where !== 0 && !passes(one.where, rows[off + this.layout.flagsAt])) return;
    this.enterExtreme(one, rows[off + one.source] ?? 0);
  }

  /** Keeps what every `last` of the range says, for `read`. */
  noteLast(range: Range): void {
    for (const one of range.accumulators) {
      if (one.kind !== 'last') continue;
      this.lastTimes[one.place] = this.cells[one.at] ?? -Infinity;
      this.lastValues[one.place] = this.cells[one.at + 1] ?? 0;
    }
  }

  /** Every answer for an event at `time`. `floor`: times at or below it could not be looked at. */
  read(time: number, bounds: Bounds): Answers {
    const { readings, ranges } = this.layout;
    const values: Answer[] = [];
    let codes: (Code | undefined)[] | undefined;
    for (let at = 0; at < readings.length; at += 1) {
      const reading = readings[at];
      const range = reading === undefined ? undefined : ranges[reading.range];
      if (reading === undefined || range === undefined) continue;
      const low = time - range.delay - range.width;
      if (low >= bounds.least) {
        values.push(this.readOne(reading, time, low));
        continue;
      }
      codes ??= readings.map(() => undefined);
      const beyond = low < bounds.unseen;
      codes[at] = beyond ? 'LATE_BEYOND_SCAN' : 'WINDOW_TRUNCATED';
      values.push(beyond ? null : this.readOne(reading, time, low));
    }
    return { values, codes };
  }

  private readOne(reading: Reading, time: number, low: number): Answer {
    const { cells } = this;
    const { main, divisor } = reading;
    const value = cells[main.at] ?? 0;
    switch (reading.aggregate) {
      case 'count':
      case 'sum':
      case 'distinct':
      case 'label_count':
        return value;
      case 'mean':
      case 'label_rate':
        return {
          numerator: value,
          denominator: divisor === undefined ? 0 : (cells[divisor.at] ?? 0),
        };
      case 'min':
      case 'max':
        return (cells[main.at + 1] ?? 0) > 0 ? value : null;
      case 'last':
      case 'since_last': {
        const last = this.lastTimes[main.place] ?? -Infinity;
        if (last <= low) return null;
        return reading.aggregate === 'last' ? (this.lastValues[main.place] ?? 0) : time - last;
      }
    }
  }
}

/** Below which times entries are not there: `unseen` for a null, `least` for any code. */
export interface Bounds {
  readonly unseen: number;
  readonly least: number;
}

/** The bounds a head's cells put on any answer; `floor` is a bound of this one look. */
export function boundsOf(cells: readonly number[], floor: number): Bounds {
  const unseen = Math.max(cells[CELL.expired] ?? 0, cells[CELL.missing] ?? 0, floor);
  return { unseen, least: Math.max(unseen, cells[CELL.truncated] ?? 0) };
}

export function passes(where: number, flags: number | undefined): boolean {
  return ((flags ?? 0) & where) === where;
}

function inBounds(sum: number): number {
  if (sum < SUM_MAX && sum > -SUM_MAX) return sum;
  throw new DivertError('SUM_OVERFLOW', `a window sum reached ${sum}`);
}
