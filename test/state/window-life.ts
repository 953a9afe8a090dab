/** Random events and labels through a real task state, compared with brute force. */
import { expect } from 'vitest';

import type { WindowStore } from '../../state/window.js';
import type { Answer } from '../../state/window-accumulators.js';
import type { WindowAggregate, WindowPlan } from '../../state/window-plan.js';
import { BruteWindow } from './brute-window.js';
import { openWindows } from './open-windows.js';
import type { Random } from './random.js';

const KINDS = [
  'count',
  'sum',
  'mean',
  'min',
  'max',
  'distinct',
  'last',
  'since_last',
  'label_count',
  'label_rate',
] as const;

/** Every aggregate over every (width, delay), plain and filtered. */
export function everyAggregate(windows: readonly (readonly [number, number])[]): WindowAggregate[] {
  return windows.flatMap(([width, delay]) =>
    KINDS.flatMap((aggregate): WindowAggregate[] => [
      { aggregate, width, delay },
      { aggregate, width, delay, where: 2 },
      { aggregate, width, delay, value: 1, id: 1, label: 1, where: 3 },
    ]),
  );
}

export interface Life {
  readonly plan: WindowPlan;
  readonly random: Random;
  readonly events: number;
  /** How far below the newest time an event may come. */
  readonly disorder: number;
  readonly step: number;
  readonly ids: number;
  readonly cacheBytes?: number;
  /** Compares one answer; by default exact, without codes. */
  readonly judge?: (got: unknown, want: unknown, code: string | undefined) => void;
}

/** Runs random events and labels through a real task state and the brute force. */
export async function live(life: Life): Promise<void> {
  const { plan, random, disorder, judge = exact } = life;
  const { state, windows } = await openWindows(plan, life.cacheBytes);
  const brutes = [new BruteWindow(), new BruteWindow()];
  const newest = [0, 0];
  const labels = plan.aggregates.some((one) => one.aggregate.startsWith('label'));
  let seq = 0;
  let exactOnes = 0;
  for (let event = 0; event < life.events; event += 1) {
    const entityAt = random.whole(2);
    const brute = brutes[entityAt] ?? new BruteWindow();
    const entity = `entity-${entityAt}`;
    if (labels && random.once(4))
      labelSomething({ brute, windows, entity, random, newest: newest[entityAt] ?? 0 });
    const time = nextTime(life, newest[entityAt] ?? 0);
    newest[entityAt] = Math.max(newest[entityAt] ?? 0, time);
    const entry = {
      at: time,
      values: [random.whole(2000) - 500, random.whole(5)],
      ids: [random.whole(life.ids), random.whole(3)],
      flags: random.whole(4),
      entryId: event,
    };
    if (random.once(5)) {
      // A record that is taken back leaves nothing.
      state.mark();
      windows.add(entity, { ...entry, stepMs: event });
      state.rollback();
    }
    state.mark();
    const got = windows.add(entity, { ...entry, stepMs: event });
    state.release();
    const want = brute.add({ ...entry, labels: new Map() }, plan.aggregates);
    want.forEach((value, place) => {
      const code = got.codes?.[place];
      // The assertion library is slow; it is asked only about what differs or carries a code.
      if (code === undefined && sameAnswer(got.values[place], value)) exactOnes += 1;
      else judge(got.values[place], value, code);
    });
    if (random.once(3)) {
      const at = (newest[entityAt] ?? 0) + random.whole(life.step) - random.whole(disorder);
      const seen = windows.read(entity, at);
      brute.read(at, plan.aggregates).forEach((value, place) => {
        const code = seen.codes?.[place];
        if (code !== undefined || !sameAnswer(seen.values[place], value)) {
          judge(seen.values[place], value, code);
        }
      });
    }
    if (random.once(20)) {
      seq += 1;
      state.seal(seq);
      state.durable(seq);
      if (random.once(2)) await state.checkpoint();
    }
  }
  expect(exactOnes).toBeGreaterThan(life.events);
}

function sameAnswer(got: Answer | undefined, want: Answer): boolean {
  if (got === want || got === undefined || got === null || want === null) return got === want;
  if (typeof got === 'number' || typeof want === 'number') return false;
  return got.numerator === want.numerator && got.denominator === want.denominator;
}

function exact(got: unknown, want: unknown, code: string | undefined): void {
  expect(code).toBeUndefined();
  expect(got).toEqual(want);
}

function nextTime({ random, plan, disorder, step }: Life, newest: number): number {
  const widths = plan.aggregates.map((one) => one.width + (random.once(2) ? (one.delay ?? 0) : 0));
  switch (random.whole(8)) {
    case 0:
      return newest;
    case 1:
      return Math.max(0, newest - random.whole(disorder + 1));
    case 2:
      // Exactly a window's border away from some round time.
      return newest + (random.once(10) ? (widths[random.whole(widths.length)] ?? 0) : 0);
    default:
      return newest + random.whole(step);
  }
}

function labelSomething(context: {
  readonly brute: BruteWindow;
  readonly windows: WindowStore;
  readonly entity: string;
  readonly random: Random;
  readonly newest: number;
}): void {
  const { brute, windows, entity, random, newest } = context;
  const { entries } = brute;
  const entry = entries[entries.length - 1 - random.whole(Math.min(entries.length, 120))];
  if (entry === undefined) return;
  const label = random.whole(2);
  const observedAt = random.once(6) ? null : newest - 30 + random.whole(90);
  const key = { at: entry.at, entryId: entry.entryId };
  const outcome = windows.setLabel(entity, key, { label, observedAt });
  if (outcome === 'set') brute.label(key, label, observedAt);
  // What is no longer kept cannot lie in any window either.
  else expect(['absent', 'expired']).toContain(outcome);
}
