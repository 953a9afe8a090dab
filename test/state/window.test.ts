import { describe, expect, test } from 'vitest';

import type { WindowAggregate, WindowPlan } from '../../state/window-plan.js';
import { openWindows } from './open-windows.js';
import { seededRandom } from './random.js';

import { everyAggregate, live } from './window-life.js';

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
