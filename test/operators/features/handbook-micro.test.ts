/** The micro fixture of the public stream, row for row (data/handbook README). */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { flowValues } from '../../../operators/features/flow-features.js';
import type { FeaturePart } from '../../../operators/features/feature-request.js';
import { drive, type DriverInput } from '../../../runner/driver.js';
import { handbookFeaturePlan as plan } from '../../../topologies/features/feature-sets.js';
import { assertionOf, asText, named, trialTopics, trialTopology } from './feature-trial.js';

const rowsOf = (name: string): readonly ReadonlyMap<string, string>[] => {
  const path = new URL(`../../fixtures/handbook/${name}`, import.meta.url);
  const [head = '', ...lines] = readFileSync(path, 'utf8').trim().split(/\r?\n/);
  const names = head.split(',');
  return lines.map((line) => {
    const fields = line.split(',');
    return new Map(names.map((column, at) => [column, fields[at] ?? '']));
  });
};

const transactions = rowsOf('micro_tx.csv').map((row) => {
  const id = row.get('TRANSACTION_ID') ?? '';
  const customer = row.get('CUSTOMER_ID') ?? '';
  const [whole = '', cents = ''] = (row.get('TX_AMOUNT') ?? '').split('.');
  return {
    eventId: `tx-${id}`,
    flowId: id,
    tsMicros: Date.parse(row.get('TX_DATETIME') ?? '') * 1000,
    amountMinor: Number(whole) * 100 + Number(cents),
    account: customer,
    instrument: customer,
    device: customer,
    ip: customer,
    party: customer,
    merchant: row.get('TERMINAL_ID') ?? '',
    counts: true,
    featureSet: plan.id,
    isFraud: row.get('TX_FRAUD') === '1',
  };
});

const WEEK_MICROS = 7 * 86_400_000_000;

/** Expected values by name, from the integers. */
const expectedOf = (row: ReadonlyMap<string, string>): ReadonlyMap<string, number> => {
  const integer = (name: string) => Number(row.get(name) ?? Number.NaN);
  const found = new Map<string, number>();
  for (const name of ['TX_DURING_WEEKEND', 'TX_DURING_NIGHT']) found.set(name, integer(name));
  for (const days of [1, 7, 30]) {
    const count = integer(`CUSTOMER_ID_NB_TX_${days}DAY_WINDOW`);
    const cents = integer(`CUSTOMER_ID_SUM_CENTS_${days}DAY_WINDOW`);
    found.set(`CUSTOMER_ID_NB_TX_${days}DAY_WINDOW`, count);
    found.set(`CUSTOMER_ID_AVG_AMOUNT_${days}DAY_WINDOW`, cents / 100 / count);
    const there = integer(`TERMINAL_ID_NB_TX_${days}DAY_WINDOW`);
    const frauds = integer(`TERMINAL_ID_NB_FRAUD_${days}DAY_WINDOW`);
    found.set(`TERMINAL_ID_NB_TX_${days}DAY_WINDOW`, there);
    found.set(`TERMINAL_ID_RISK_${days}DAY_WINDOW`, there === 0 ? 0 : frauds / there);
  }
  return found;
};

describe('the micro fixture of the public stream', () => {
  for (const partitions of [1, 2]) {
    it(`equals in all 912 rows through the lifted stages, ${partitions} partitions`, async () => {
      const inputs: { readonly atMs: number; readonly input: DriverInput }[] = [];
      for (const transaction of transactions) {
        const atMs = transaction.tsMicros / 1000;
        const { isFraud, ...asked } = transaction;
        inputs.push({ atMs, input: { source: 'events', value: asText(asked), atMs } });
        const observedMicros = transaction.tsMicros + WEEK_MICROS;
        const value = assertionOf({ eventId: transaction.eventId, observedMicros, isFraud });
        const labelMs = observedMicros / 1000;
        inputs.push({ atMs: labelMs, input: { source: 'assertions', value, atMs: labelMs } });
      }
      inputs.sort((left, right) => left.atMs - right.atMs);
      const startMs = inputs[0]?.atMs ?? 0;
      const driver = await drive(trialTopology([plan]), { clock: 'records', partitions, startMs });
      await driver.run(inputs.map(({ input }) => input));
      await driver.endAt((inputs.at(-1)?.atMs ?? 0) + 1);
      const parts = new Map<string, FeaturePart[]>();
      for (const { value } of await driver.emitted(trialTopics.parts)) {
        const part = JSON.parse(value.json) as FeaturePart;
        parts.set(part.eventId, [...(parts.get(part.eventId) ?? []), part]);
      }
      expect(await driver.quarantined()).toEqual([]);
      const wanted = rowsOf('micro_features_int.csv');
      expect(wanted.length).toBe(912);
      let equal = 0;
      wanted.forEach((row, at) => {
        const transaction = transactions[at];
        if (!transaction) throw new Error(`row ${at} has no transaction`);
        const got = new Map<string, number | null>();
        const mine = named(plan, parts.get(transaction.eventId) ?? []);
        for (const [name, { value }] of mine) got.set(name, value);
        const own = flowValues(plan.flow, {
          tsMicros: transaction.tsMicros,
          amountMinor: transaction.amountMinor,
          eventCount: 1,
          amountSumMinor: transaction.amountMinor,
          lastTsMicros: transaction.tsMicros,
        });
        plan.flow.places.forEach((place, index) => {
          got.set(plan.features[place]?.name ?? '', own[index] ?? null);
        });
        expect(got.get('TX_AMOUNT')).toBe(transaction.amountMinor / 100);
        got.delete('TX_AMOUNT');
        expect([...got].sort(), `transaction ${transaction.eventId}`).toEqual(
          [...expectedOf(row)].sort(),
        );
        equal += 1;
      });
      expect(equal).toBe(912);
      await driver.close();
    });
  }
});
