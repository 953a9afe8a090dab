import { describe, expect, test } from 'vitest';

import type { WindowStore } from '../../state/window.js';
import type { Answer } from '../../state/window-accumulators.js';
import type { WindowAggregate, WindowPlan } from '../../state/window-plan.js';
import { BruteWindow } from './brute-window.js';
import { openWindows } from './open-windows.js';
import { seededRandom, type Random } from './random.js';

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
function everyAggregate(windows: readonly (readonly [number, number])[]): WindowAggregate[] {
  return windows.flatMap(([width, delay]) =>
    KINDS.flatMap((aggregate): WindowAggregate[] => [
      { aggregate, width, delay },
      { aggregate, width, delay, where: 2 },
      { aggregate, width, delay, value: 1, id: 1, label: 1, where: 3 },
    ]),
  );
}

interface Life {
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
async function live(life: Life): Promise<void> {
  const { plan, random, judge = exact } = life;
  const { state, windows } = await openWindows(plan, life.cacheBytes);
  const brutes = [new BruteWindow(), new BruteWindow()];
  const newest = [0, 0];
  const labels = plan.aggregates.some((one) => one.aggregate.startsWith('label'));
  let seq = 0;
  let exactOnes = 0;
  for (let event = 0; event < life.events; event += 1) {
    const at = random.whole(2);
    const brute = brutes[at] ?? new BruteWindow();
    const entity = `entity-${at}`;
    if (labels && random.once(4))
      labelSomething({ brute, windows, entity, random, newest: newest[at] ?? 0 });
    const time = nextTime(life, newest[at] ?? 0);
    newest[at] = Math.max(newest[at] ?? 0, time);
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

describe('sliding windows', () => {
  test.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'equal brute force over ties, disorder, borders, delays and labels, seed %i',
    async (seed) => {
      const random = seededRandom(seed);
      const aggregates = everyAggregate([
        [10, 0],
        [60, 0],
        [500, 0],
        [10, 50],
        [200, 50],
        [100, 1],
      ]);
      const plan: WindowPlan = { unit: 'ms', aggregates, lateness: 80 };
      const step = 1 + random.whole(12);
      await live({ plan, random, events: 1200, disorder: 80, step, ids: 8 });
    },
  );

  test.each([11, 12, 13])(
    'count ids exactly when a window holds more than a head does, seed %i',
    async (seed) => {
      const random = seededRandom(seed);
      const aggregates: WindowAggregate[] = [
        { aggregate: 'distinct', width: 400 },
        { aggregate: 'distinct', width: 40 },
        { aggregate: 'distinct', width: 300, delay: 100, where: 1 },
      ];
      const plan: WindowPlan = { unit: 'ms', aggregates, lateness: 20 };
      await live({ plan, random, events: 3000, disorder: 20, step: 4, ids: 1000 });
    },
  );

  test.each([21, 22, 23])(
    'survive eviction and decoding: with a tiny cache the answers are the same, seed %i',
    async (seed) => {
      const random = seededRandom(seed);
      const aggregates = everyAggregate([
        [700, 0],
        [300, 200],
      ]);
      const plan: WindowPlan = { unit: 'us', aggregates, lateness: 50 };
      await live({
        plan,
        random,
        events: 1500,
        disorder: 50,
        step: 6,
        ids: 200,
        cacheBytes: 5000,
      });
    },
  );

  test.each([31, 32, 33])(
    'answer any disorder exactly or with null and a code, never inexactly, seed %i',
    async (seed) => {
      const random = seededRandom(seed);
      const aggregates = everyAggregate([
        [50, 0],
        [40, 60],
      ]).filter((one) => !one.aggregate.startsWith('label'));
      const plan: WindowPlan = { unit: 'ms', aggregates, lateness: 10, scanChunksMax: 1 };
      let nulls = 0;
      await live({
        plan,
        random,
        events: 2500,
        disorder: 2000,
        step: 3,
        ids: 8,
        judge: (got, want, code) => {
          expect([got, code, want]).toEqual([null, 'LATE_BEYOND_SCAN', want]);
          nulls += 1;
        },
      });
      expect(nulls).toBeGreaterThan(100);
    },
  );
});

test('a window is open on the left and closed on the right', async () => {
  const aggregates: WindowAggregate[] = [
    { aggregate: 'count', width: 100 },
    { aggregate: 'count', width: 100, delay: 50 },
  ];
  const { windows } = await openWindows({ unit: 'ms', aggregates });
  const at = (time: number) => windows.add('e', { at: time, stepMs: time }).values;
  expect(at(1000)).toEqual([1, 0]);
  expect(at(1050)).toEqual([2, 1]);
  expect(at(1100)).toEqual([2, 2]);
  expect(at(1150)).toEqual([2, 2]);
  expect(at(1151)).toEqual([3, 2]);
});

test('an entity that outgrows its bytes keeps its newest entries and says so', async () => {
  const aggregates: WindowAggregate[] = [
    { aggregate: 'count', width: 1_000_000 },
    { aggregate: 'sum', width: 60 },
    { aggregate: 'min', width: 1_000_000 },
  ];
  const plan: WindowPlan = { unit: 'ms', aggregates, entityBytesMax: 16 * 100 };
  const { windows, state } = await openWindows(plan);
  let truncated = 0;
  for (let at = 0; at < 1000; at += 1) {
    const { values, codes } = windows.add('e', { at, stepMs: at, values: [at] });
    expect(values[1]).toBe(
      Array.from({ length: Math.min(at + 1, 60) }, (_, i) => at - i).reduce((a, b) => a + b),
    );
    if (codes === undefined) {
      expect(values[0]).toBe(at + 1);
      continue;
    }
    truncated += 1;
    expect(codes[0]).toBe('WINDOW_TRUNCATED');
    expect(codes[1]).toBeUndefined();
    expect(values[0]).toBeGreaterThanOrEqual(69);
    expect(values[0]).toBeLessThanOrEqual(132);
    expect(values[2]).toBe(at - Number(values[0]) + 1);
  }
  expect(truncated).toBeGreaterThan(800);
  expect(state.sizes().keys[1]).toBeLessThan(5);
});

test('a sum beyond exact integers is refused', async () => {
  const { windows } = await openWindows({
    unit: 'ms',
    aggregates: [{ aggregate: 'sum', width: 10 }],
  });
  windows.add('e', { at: 1, stepMs: 1, values: [2 ** 51] });
  expect(() => windows.add('e', { at: 1, stepMs: 1, values: [2 ** 51] })).toThrow(/sum/);
});

test('rows no window can reach are deleted', async () => {
  const { windows, state } = await openWindows({
    unit: 'ms',
    aggregates: [{ aggregate: 'count', width: 100 }],
    lateness: 100,
  });
  for (let at = 0; at < 20_000; at += 1) windows.add('e', { at, stepMs: at });
  expect(state.sizes().keys).toEqual([1, expect.any(Number)]);
  expect(state.sizes().keys[1]).toBeLessThan(12);
});

test('an idle entity is forgotten by record time, and one whose rows are gone begins anew', async () => {
  const plan: WindowPlan = {
    unit: 'ms',
    aggregates: [
      { aggregate: 'distinct', width: 100_000 },
      { aggregate: 'count', width: 100_000 },
    ],
    lateness: 0,
    idleMs: 1000,
  };
  const { windows, state } = await openWindows(plan);
  for (let at = 0; at < 200; at += 1) windows.add('e', { at, stepMs: at, ids: [at] });
  expect(windows.add('e', { at: 200, stepMs: 200, ids: [7] }).values).toEqual([200, 201]);
  state.clockMs = 200 + 101_000;
  expect(windows.add('e', { at: 201, stepMs: state.clockMs, ids: [7] })).toEqual({
    values: [1, 1],
    codes: undefined,
  });
  for (let at = 0; at < 100; at += 1) {
    windows.add('e', { at: 202 + at, stepMs: state.clockMs, ids: [at] });
  }
  expect(windows.add('e', { at: 400, stepMs: state.clockMs, ids: [99] }).values).toEqual([
    100, 102,
  ]);
});
