/**
 * The layout of heads and entries that follows from a window plan: which number of a head means what.
 * Aggregates of equal window share its ends; those that need the same running value share that.
 */
import { UsageError } from '../schemas/errors.js';
import type { AggregateKind, WindowAggregate, WindowPlan } from './window-plan.js';

/** Cells at the beginning of a head's numbers. Absent times are -Infinity. */
export const CELL = {
  /** Newest event time. */
  newest: 0,
  /** Record time of the last step, ms. */
  stepMs: 1,
  /** Number of the open chunk; greater than every number used before it, except after a split. */
  open: 2,
  /** Number of the chunk before the open one, if `tail` is not the open one. */
  openPrev: 3,
  /** Number of the oldest chunk. */
  tail: 4,
  /** Next unused chunk number. */
  nextChunk: 5,
  /** Entries kept. */
  entries: 6,
  /** Newest event time dropped because no window can reach it. */
  expired: 7,
  /** Newest event time that could not be inserted within the scan bound. */
  missing: 8,
  /** Newest event time dropped because the entity reached its bytes. */
  truncated: 9,
  /** Tells the rows of ids of this head from those of a forgotten one: record time of creation. */
  era: 10,
} as const;

const CELLS = 11;

export type AccumulatorKind = 'count' | 'sum' | 'min' | 'max' | 'last' | 'labels' | 'distinct';

/** Cells each kind of running value takes. */
const ACCUMULATOR_CELLS: Readonly<Record<AccumulatorKind, number>> = {
  count: 1,
  sum: 1,
  /** The extreme, and how many entries have it. */
  min: 2,
  max: 2,
  /** Time and value of the newest entry; an absent time is -Infinity. */
  last: 2,
  labels: 1,
  /** Number of different ids; the ids are in the head's lists or, beyond a bound, in rows. */
  distinct: 1,
};

/** One running value over a range. */
export interface Accumulator {
  readonly kind: AccumulatorKind;
  readonly where: number;
  /** Offset in an entry of the value, id or label it reads. */
  readonly source: number;
  /** First of its cells. */
  readonly at: number;
  /** Place among the distinct lists or the `last` scratch, by kind. */
  readonly place: number;
}

/** One window: every aggregate of equal width and delay shares its ends. */
export interface Range {
  readonly width: number;
  readonly delay: number;
  /** First of its cells. */
  readonly at: number;
  readonly accumulators: readonly Accumulator[];
}

/** How one aggregate is read from the cells. */
export interface Reading {
  readonly aggregate: AggregateKind;
  readonly range: number;
  readonly main: Accumulator;
  /** The divisor's, of mean and label_rate. */
  readonly divisor: Accumulator | undefined;
}

export interface WindowLayout {
  readonly plan: WindowPlan;
  readonly ranges: readonly Range[];
  readonly readings: readonly Reading[];
  /** Numbers in a head. */
  readonly cells: number;
  /** Which cells hold times. */
  readonly isTime: readonly boolean[];
  /** Numbers per entry: time, values, ids, [flags], [entry id, labels]. */
  readonly stride: number;
  readonly values: number;
  readonly ids: number;
  readonly labels: number;
  /** Offset of the flags in an entry, -1 when no aggregate filters. */
  readonly flagsAt: number;
  /** Offset of the entry id in an entry, -1 when there are no labels. */
  readonly entryIdAt: number;
  readonly distincts: number;
  readonly lasts: number;
  /** What a time must be older than the newest by to be out of reach. */
  readonly keep: number;
  readonly scanChunksMax: number;
  readonly entriesMax: number;
  /** Record time an untouched head is kept, ms; Infinity without idleMs. */
  readonly keepMs: number;
}

const MINUTE_MS = 60_000;

/** Checks a plan and lays out heads and entries for it. */
export function windowLayout(plan: WindowPlan): WindowLayout {
  for (const aggregate of plan.aggregates) checkAggregate(aggregate);
  const most = (of: (aggregate: WindowAggregate) => number): number =>
    Math.max(0, ...plan.aggregates.map(of));
  const values = most((one) => (VALUED.has(one.aggregate) ? (one.value ?? 0) + 1 : 0));
  const ids = most((one) => (one.aggregate === 'distinct' ? (one.id ?? 0) + 1 : 0));
  const labels = most((one) => (LABELLED.has(one.aggregate) ? (one.label ?? 0) + 1 : 0));
  const filters = plan.aggregates.some((one) => (one.where ?? 0) !== 0);
  const flagsAt = filters ? 1 + values + ids : -1;
  const entryIdAt = labels > 0 ? 1 + values + ids + (filters ? 1 : 0) : -1;
  const stride = 1 + values + ids + (filters ? 1 : 0) + (labels > 0 ? 1 + labels : 0);
  const builder = new LayoutBuilder({ values, ids, entryIdAt });
  const readings = plan.aggregates.map((aggregate) => builder.reading(aggregate));
  const unitsPerMs = plan.unit === 'us' ? 1000 : 1;
  const lateness = plan.lateness ?? 2 * MINUTE_MS * unitsPerMs;
  const keep = most((one) => one.width + (one.delay ?? 0)) + lateness;
  return {
    plan,
    ranges: builder.ranges,
    readings,
    cells: builder.isTime.length,
    isTime: builder.isTime,
    stride,
    values,
    ids,
    labels,
    flagsAt,
    entryIdAt,
    distincts: builder.distincts,
    lasts: builder.lasts,
    keep,
    scanChunksMax: plan.scanChunksMax ?? 2048,
    entriesMax: Math.floor((plan.entityBytesMax ?? 64 * 1024 * 1024) / (8 * stride)),
    keepMs: plan.idleMs === undefined ? Infinity : Math.ceil(keep / unitsPerMs) + plan.idleMs,
  };
}

const VALUED: ReadonlySet<AggregateKind> = new Set(['sum', 'mean', 'min', 'max', 'last']);
const LABELLED: ReadonlySet<AggregateKind> = new Set(['label_count', 'label_rate']);

/** The running values behind each aggregate: the one read, and its divisor. */
const BEHIND: Readonly<
  Record<AggregateKind, readonly [main: AccumulatorKind, divisor?: AccumulatorKind]>
> = {
  count: ['count'],
  sum: ['sum'],
  mean: ['sum', 'count'],
  min: ['min'],
  max: ['max'],
  distinct: ['distinct'],
  last: ['last'],
  since_last: ['last'],
  label_count: ['labels'],
  label_rate: ['labels', 'count'],
};

function checkAggregate({ aggregate, width, delay = 0, where = 0 }: WindowAggregate): void {
  if (!Number.isSafeInteger(width) || width < 1 || !Number.isSafeInteger(delay) || delay < 0) {
    throw new UsageError(`the window of ${aggregate}: width and delay are whole units, width > 0`);
  }
  if ((where | 0) !== where || where < 0) {
    throw new UsageError(`the filter of ${aggregate}: \`where\` is up to 31 bits`);
  }
}

interface MutableRange extends Range {
  readonly accumulators: Accumulator[];
}

class LayoutBuilder {
  readonly ranges: MutableRange[] = [];
  readonly isTime: boolean[] = [];
  distincts = 0;
  lasts = 0;
  private readonly slots: { values: number; ids: number; entryIdAt: number };

  constructor(slots: { values: number; ids: number; entryIdAt: number }) {
    this.slots = slots;
    const times: readonly number[] = [CELL.newest, CELL.expired, CELL.missing, CELL.truncated];
    for (let cell = 0; cell < CELLS; cell += 1) this.isTime.push(times.includes(cell));
  }

  reading(aggregate: WindowAggregate): Reading {
    const delay = aggregate.delay ?? 0;
    let range = this.ranges.findIndex(
      (one) => one.width === aggregate.width && one.delay === delay,
    );
    if (range < 0) {
      range = this.ranges.length;
      const at = this.take([false, false, true, false, false, true]);
      this.ranges.push({ width: aggregate.width, delay, at, accumulators: [] });
    }
    const [main, divisor] = BEHIND[aggregate.aggregate];
    return {
      aggregate: aggregate.aggregate,
      range,
      main: this.accumulator(range, main, aggregate),
      divisor: divisor === undefined ? undefined : this.accumulator(range, divisor, aggregate),
    };
  }

  private accumulator(
    range: number,
    kind: AccumulatorKind,
    aggregate: WindowAggregate,
  ): Accumulator {
    const where = aggregate.where ?? 0;
    const source = this.sourceOf(kind, aggregate);
    const known = this.ranges[range]?.accumulators;
    const same = known?.find(
      (one) => one.kind === kind && one.where === where && one.source === source,
    );
    if (same !== undefined) return same;
    const cells = Array.from({ length: ACCUMULATOR_CELLS[kind] }, () => false);
    if (kind === 'last') cells[0] = true;
    let place = 0;
    if (kind === 'distinct') place = this.distincts++;
    if (kind === 'last') place = this.lasts++;
    const made: Accumulator = { kind, where, source, at: this.take(cells), place };
    known?.push(made);
    return made;
  }

  private sourceOf(kind: AccumulatorKind, aggregate: WindowAggregate): number {
    switch (kind) {
      case 'count':
        return 0;
      case 'distinct':
        return 1 + this.slots.values + (aggregate.id ?? 0);
      case 'labels':
        return this.slots.entryIdAt + 1 + (aggregate.label ?? 0);
      case 'last':
        // since_last needs no value; it shares the time of a `last` over the first one.
        return this.slots.values === 0 ? 0 : 1 + (aggregate.value ?? 0);
      default:
        return 1 + (aggregate.value ?? 0);
    }
  }

  private take(areTimes: readonly boolean[]): number {
    const at = this.isTime.length;
    this.isTime.push(...areTimes);
    return at;
  }
}

/** Cells before the accumulators of a range's first one, for readers of heads. */
export const RANGE = {
  leftChunk: 0,
  leftIndex: 1,
  leftTime: 2,
  rightChunk: 3,
  rightIndex: 4,
  rightTime: 5,
} as const;

/** A head's numbers before its first entry. */
export function emptyCells(layout: WindowLayout): number[] {
  const cells: number[] = layout.isTime.map((isTime) => (isTime ? -Infinity : 0));
  cells[CELL.nextChunk] = 1;
  for (const range of layout.ranges) {
    cells[range.at + RANGE.leftTime] = Infinity;
    cells[range.at + RANGE.rightTime] = Infinity;
  }
  return cells;
}
