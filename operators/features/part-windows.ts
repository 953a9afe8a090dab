/**
 * One entity's part of one feature set, as windows: what they keep, and how answers become features.
 *
 * W1. A feature is exact or null; null always has a gap code beside it.
 * W2. Money is summed in minor units; `amount` features divide by 100 at read, means after that.
 */
import type { Code } from '../../schemas/codes.js';
import type { Answers } from '../../state/window-accumulators.js';
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

/** Turns answers into values; gap objects are made once. */
export class PartReader {
  private readonly windows: readonly PlannedWindow[];
  private readonly known: readonly Map<string, Gap>[];
  private gaps: Gap[] = [];

  constructor(part: EntityPart) {
    this.windows = part.windows;
    this.known = part.windows.map(() => new Map<string, Gap>());
  }

  /** `sinceMicros`: windows that reach back to it or before are still warming. */
  read(answers: Answers, tsMicros: number, sinceMicros: number): PartValues {
    const values: (number | null)[] = [];
    for (let index = 0; index < this.windows.length; index += 1) {
      values.push(this.readOne(answers, index, { tsMicros, sinceMicros }));
    }
    const { gaps } = this;
    if (gaps.length === 0) return { values, gaps: NO_GAPS };
    this.gaps = [];
    return { values, gaps };
  }

  private readOne(
    answers: Answers,
    index: number,
    at: { readonly tsMicros: number; readonly sinceMicros: number },
  ): number | null {
    const window = this.windows[index];
    if (window === undefined) return null;
    const { feature } = window;
    const code = answers.codes?.[index];
    if (code !== undefined) return this.gap(index, code);
    if (at.tsMicros - feature.windowMicros - feature.delayMicros < at.sinceMicros) {
      return this.gap(index, 'FEATURE_WARMING');
    }
    const answer = answers.values[index] ?? null;
    if (answer === null) {
      const isLast = feature.aggregate === 'last' || feature.aggregate === 'since_last';
      return this.gap(index, isLast ? 'NO_PREVIOUS_EVENT' : 'EMPTY_WINDOW');
    }
    if (typeof answer === 'object') {
      const { numerator, denominator } = answer;
      if (feature.aggregate === 'label_rate')
        return denominator === 0 ? 0 : numerator / denominator;
      if (denominator === 0) return this.gap(index, 'EMPTY_WINDOW');
      return (feature.value === 'amount' ? numerator / 100 : numerator) / denominator;
    }
    if (readsSince(window)) {
      return feature.aggregate === 'last' ? at.tsMicros - answer : answer / MICROS;
    }
    return feature.value === 'amount' && isMoney(window) ? answer / 100 : answer;
  }

  private gap(index: number, code: Code): null {
    const known = this.known[index];
    let gap = known?.get(code);
    if (gap === undefined) {
      gap = { index, code };
      known?.set(code, gap);
    }
    this.gaps.push(gap);
    return null;
  }
}

const MONEY: readonly string[] = ['sum', 'min', 'max', 'last'];
const isMoney = ({ feature }: PlannedWindow): boolean => MONEY.includes(feature.aggregate);
