/** The handbook's micro set: 912 rows of exact features (test/fixtures/handbook/README.md). */
import { readFileSync } from 'node:fs';

import { expect, test } from 'vitest';

import type { Ratio } from '../../state/window-accumulators.js';
import type { WindowAggregate } from '../../state/window-plan.js';
import { openWindows } from './open-windows.js';

const DAY_MS = 86_400_000;
const DELAY_MS = 7 * DAY_MS;
const WIDTHS = [1, 7, 30].map((days) => days * DAY_MS);

function rowsOf(file: string): readonly (readonly string[])[] {
  const path = new URL(`../fixtures/handbook/${file}`, import.meta.url);
  return readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split(','));
}

const transactions = rowsOf('micro_tx.csv').map((row) => ({
  id: Number(row[0]),
  at: Date.parse(row[1] ?? ''),
  customer: `customer-${row[2] ?? ''}`,
  terminal: `terminal-${row[3] ?? ''}`,
  cents: Math.round(Number(row[4]) * 100),
  fraud: row[5] === '1',
}));

/** Columns 3 to 8 are the customer's, 9 to 14 the terminal's. */
const expected = rowsOf('micro_features_int.csv').map((row) => row.map(Number));

test.each([1 << 26, 3000])(
  'the windows equal the handbook in all 912 rows, cache of %i bytes',
  async (cacheBytes) => {
    const customers = await openWindows(
      {
        unit: 'ms',
        aggregates: WIDTHS.flatMap((width): WindowAggregate[] => [
          { aggregate: 'count', width },
          { aggregate: 'mean', width },
        ]),
      },
      cacheBytes,
    );
    const terminals = await openWindows(
      {
        unit: 'ms',
        aggregates: WIDTHS.flatMap((width): WindowAggregate[] => [
          { aggregate: 'count', width, delay: DELAY_MS },
          { aggregate: 'label_rate', width, delay: DELAY_MS },
        ]),
      },
      cacheBytes,
    );
    const labels = transactions.filter((one) => one.fraud);
    let nextLabel = 0;
    let frauds = 0;
    expect(transactions).toHaveLength(912);
    for (const [place, { id, at, customer, terminal, cents }] of transactions.entries()) {
      // A label before the traffic of its own second.
      for (; (labels[nextLabel]?.at ?? Infinity) + DELAY_MS <= at; nextLabel += 1) {
        const label = labels[nextLabel];
        if (label === undefined) break;
        const key = { at: label.at, entryId: label.id };
        const outcome = terminals.windows.setLabel(label.terminal, key, {
          observedAt: label.at + DELAY_MS,
        });
        expect(outcome).toBe('set');
      }
      const byCustomer = customers.windows.add(customer, { at, stepMs: at, values: [cents] });
      const byTerminal = terminals.windows.add(terminal, { at, stepMs: at, entryId: id });
      const got = [
        ...byCustomer.values.map((one) => (typeof one === 'number' ? one : ratio(one).numerator)),
        ...byTerminal.values.map((one) => (typeof one === 'number' ? one : ratio(one).numerator)),
      ];
      expect([id, ...got]).toEqual([expected[place]?.[0], ...(expected[place]?.slice(3) ?? [])]);
      expect(byCustomer.codes ?? byTerminal.codes).toBeUndefined();
      frauds += got.at(-1) ?? 0;
      if (id % 50 !== 49) continue;
      for (const { state } of [customers, terminals]) {
        state.seal((id + 1) / 50);
        state.durable((id + 1) / 50);
        await state.checkpoint();
      }
    }
    expect(frauds).toBeGreaterThan(100);
    let misses = 0;
    let keys = 0;
    for (const { state } of [customers, terminals]) {
      expect(state.checkpointSeq).toBe(18);
      misses += state.sizes().misses;
      keys += state.sizes().keys.reduce((sum, one) => sum + one);
      expect(state.sizes().loggedEntries).toBe(0);
    }
    // Only the tiny cache reads rows again and again.
    expect(misses > 2 * keys).toBe(cacheBytes < 10_000);
  },
);

function ratio(answer: Ratio | null): Ratio {
  if (answer === null) throw new Error('a mean or rate is null');
  return answer;
}
