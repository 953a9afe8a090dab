/**
 * One entity's part of one feature set, as windows: what they keep, and how answers become features.
 *
 * W1. A feature is exact or null; null always has a gap code beside it.
 * W2. Money is summed in minor units; `amount` features divide by 100 at read, means after that.
 */
import type { Code } from '../../schemas/codes.js';
import type { Answers, Ratio } from '../../state/window-accumulators.js';
import type { WindowAggregate, WindowPlan } from '../../state/window-plan.js';
import type { EntityPart, PlannedWindow } from './plan.js';

export interface Gap {
  readonly index: number;
  readonly code: string;
}

/** Values in order of the part's places, and why some are null. */
export interface PartValues {
  readonly values: readonly (number | null)[];
  readonly gaps: readonly Gap[];
}

export interface WindowBounds {
  /** How late an event may come and be sure of all its entries, ms; default 2 minutes (ruling 2). */
  readonly latenessMs?: number;
  /** Beyond window + delay + lateness of record time, an idle entity is kept this long; default 24 h. */
  readonly idleMs?: number;
  /** Most chunks of 32 entries that one late event or label may walk; default 2048. */
  readonly scanChunksMax?: number;
  /** Most bytes of entries per entity, as held in memory; default 64 MiB. */
  readonly entityBytesMax?: number;
}

const MINUTE_MS = 60_000;
export const LATENESS_MS = 2 * MINUTE_MS;
export const IDLE_MS = 24 * 60 * MINUTE_MS;
const MICROS = 1_000_000;

/** `last` of a time is read as the time since: a window knows its event's own time. */
const readsSince = ({ feature }: PlannedWindow): boolean =>
  feature.aggregate === 'since_last' || (feature.aggregate === 'last' && feature.value === 'ts');

const aggregateOf = (window: PlannedWindow): WindowAggregate => ({
  aggregate: readsSince(window) ? 'since_last' : window.feature.aggregate,
  width: window.feature.windowMicros,
  delay: window.feature.delayMicros,
  id: Math.max(0, window.distinct),
  label: Math.max(0, window.label),
  where: window.flag,
});

/** What the windows of a part must answer, in order of its places. */
export const windowPlanOf = (part: EntityPart, bounds: WindowBounds): WindowPlan => ({
  unit: 'us',
  aggregates: part.windows.map(aggregateOf),
  lateness: (bounds.latenessMs ?? LATENESS_MS) * 1000,
  idleMs: bounds.idleMs ?? IDLE_MS,
  ...(bounds.scanChunksMax === undefined ? {} : { scanChunksMax: bounds.scanChunksMax }),
  ...(bounds.entityBytesMax === undefined ? {} : { entityBytesMax: bounds.entityBytesMax }),
});

const NO_GAPS: readonly Gap[] = [];

/** How one answer becomes a value. */
type Finish = 'plain' | 'major' | 'mean' | 'rate' | 'since' | 'last_time';

function finishOf(window: PlannedWindow): Finish {
  const { aggregate, value } = window.feature;
  if (aggregate === 'mean') return 'mean';
  if (aggregate === 'label_rate') return 'rate';
  if (readsSince(window)) return aggregate === 'last' ? 'last_time' : 'since';
  return value === 'amount' && MONEY.includes(aggregate) ? 'major' : 'plain';
}

const MONEY: readonly string[] = ['sum', 'min', 'max', 'last'];

/** One feature, ready to be read. */
interface Readable {
  readonly finish: Finish;
  readonly spanMicros: number;
  /** What a mean is divided by beside its count: 100 for units of money. */
  readonly unit: number;
  readonly ifNull: Code;
  /** Gap objects made so far, by code. */
  readonly gaps: Map<string, Gap>;
}

/** Turns answers into values; gap objects are made once. */
export class PartReader {
  private readonly all: readonly Readable[];
  private gaps: Gap[] = [];

  constructor(part: EntityPart) {
    this.all = part.windows.map((window) => {
      const { aggregate, value, windowMicros, delayMicros } = window.feature;
      const isLast = aggregate === 'last' || aggregate === 'since_last';
      return {
        finish: finishOf(window),
        spanMicros: windowMicros + delayMicros,
        unit: value === 'amount' ? 100 : 1,
        ifNull: isLast ? 'NO_PREVIOUS_EVENT' : 'EMPTY_WINDOW',
        gaps: new Map<string, Gap>(),
      };
    });
  }

  /** `sinceMicros`: windows that reach back before it are still warming. */
  read(answers: Answers, tsMicros: number, sinceMicros: number): PartValues {
    const values: (number | null)[] = [];
    const { codes } = answers;
    let index = 0;
    for (const one of this.all) {
      const code = codes?.[index];
      const answer = answers.values[index] ?? null;
      if (code !== undefined) values.push(this.gap(one, index, code));
      else if (tsMicros - one.spanMicros < sinceMicros) {
        values.push(this.gap(one, index, 'FEATURE_WARMING'));
      } else {
        const value = answer === null ? null : finished(one, answer, tsMicros);
        values.push(value ?? this.gap(one, index, one.ifNull));
      }
      index += 1;
    }
    const { gaps } = this;
    if (gaps.length === 0) return { values, gaps: NO_GAPS };
    this.gaps = [];
    return { values, gaps };
  }

  private gap(one: Readable, index: number, code: Code): null {
    let gap = one.gaps.get(code);
    if (gap === undefined) {
      gap = { index, code };
      one.gaps.set(code, gap);
    }
    this.gaps.push(gap);
    return null;
  }
}

/** W2. null for the mean of an empty window. */
function finished(one: Readable, answer: number | Ratio, tsMicros: number): number | null {
  if (typeof answer === 'object') {
    const { numerator, denominator } = answer;
    if (denominator === 0) return one.finish === 'rate' ? 0 : null;
    return numerator / one.unit / denominator;
  }
  switch (one.finish) {
    case 'major':
      return answer / 100;
    case 'since':
      return answer / MICROS;
    case 'last_time':
      return tsMicros - answer;
    default:
      return answer;
  }
}
