/** The two lifted stages on the driver: labels in time, early labels, sets side by side. */
import { describe, expect, it } from 'vitest';
import type { FeaturePart } from '../../../operators/features/feature-request.js';
import { readFeatureSet } from '../../../operators/features/definition.js';
import { planFeatureSet } from '../../../operators/features/plan.js';
import { drive, type Driver, type DriverInput } from '../../../runner/driver.js';
import {
  defaultFeaturePlan,
  handbookFeaturePlan as handbook,
} from '../../../topologies/features/feature-sets.js';
import {
  assertionOf,
  asText,
  named,
  trialTopics,
  trialTopology,
  type Asked,
} from './feature-trial.js';

const START_MS = 1_750_000_000_000;
const DAY_MS = 86_400_000;

const labelled = planFeatureSet(
  readFeatureSet({
    name: 'labelled',
    version: 1,
    groups: [
      {
        name: 'velocity',
        version: 1,
        features: [
          {
            name: 'frauds',
            entity: 'merchant',
            aggregate: 'label_count',
            window: '7d',
            where: { label_type: 'fraud_disposition', label_values: ['FRAUD_CONFIRMED'] },
          },
          {
            name: 'big',
            entity: 'merchant',
            aggregate: 'count',
            window: '7d',
            where: { amount_minor: { min: 500 } },
          },
        ],
      },
    ],
  }),
);

const event = (number: number, atMs: number, more: Partial<Asked> = {}): Asked => ({
  eventId: `event-${number}`,
  flowId: `flow-${number}`,
  tsMicros: atMs * 1000,
  amountMinor: 100 * number,
  account: 'a',
  instrument: 'i',
  device: 'd',
  ip: 'p',
  merchant: 'm',
  party: 'y',
  counts: true,
  featureSet: labelled.id,
  ...more,
});

const given = (asked: Asked): DriverInput => ({
  source: 'events',
  value: asText(asked),
  atMs: asked.tsMicros / 1000,
});

const said = (
  about: number,
  observedMs: number,
  more: { readonly atMs?: number; readonly isFraud?: boolean; readonly report?: string } = {},
): DriverInput => ({
  source: 'assertions',
  value: assertionOf(
    { eventId: `event-${about}`, observedMicros: observedMs * 1000, isFraud: more.isFraud ?? true },
    more.report,
  ),
  atMs: more.atMs ?? observedMs,
});

const open = (plans = [labelled]): Promise<Driver> =>
  drive(trialTopology(plans), { clock: 'records', partitions: 2, startMs: START_MS });

async function partsOf(driver: Driver): Promise<ReadonlyMap<string, readonly FeaturePart[]>> {
  const parts = new Map<string, FeaturePart[]>();
  for (const { value } of await driver.emitted(trialTopics.parts)) {
    const part = JSON.parse(value.json) as FeaturePart;
    parts.set(part.eventId, [...(parts.get(part.eventId) ?? []), part]);
  }
  return parts;
}

async function fraudsSeen(inputs: readonly DriverInput[], last: string) {
  const driver = await open();
  await driver.run(inputs);
  await driver.endAt(START_MS + 100 * DAY_MS);
  const codes = (await driver.quarantined()).map(({ value }) => value.code);
  const parts = (await partsOf(driver)).get(last) ?? [];
  await driver.close();
  return { frauds: named(labelled, parts).get('frauds')?.value, codes };
}

const hour = (hours: number): number => START_MS + hours * 3_600_000;

describe('labels in time (ruling 14)', () => {
  it('count from the event at whose time they were observed', async () => {
    const inputs = [given(event(1, hour(0))), said(1, hour(1)), given(event(2, hour(1)))];
    expect(await fraudsSeen(inputs, 'event-2')).toEqual({ frauds: 1, codes: [] });
  });

  it('do not count for an event before they were observed', async () => {
    // The run has seen hour 2 already, so the label is not from the future.
    const late = event(3, hour(1) - 1);
    const inputs: readonly DriverInput[] = [
      given(event(1, hour(0))),
      given(event(2, hour(2))),
      said(1, hour(1), { atMs: hour(2) }),
      { ...given(late), atMs: hour(2) },
    ];
    expect(await fraudsSeen(inputs, 'event-3')).toEqual({ frauds: 0, codes: [] });
    const exact = { ...given(event(3, hour(1))), atMs: hour(2) };
    expect((await fraudsSeen([...inputs.slice(0, 3), exact], 'event-3')).frauds).toBe(1);
  });

  it('E3: wait for their event and count for it and after it', async () => {
    const inputs = [said(1, hour(0)), given(event(1, hour(1))), given(event(2, hour(2)))];
    expect(await fraudsSeen(inputs, 'event-2')).toEqual({ frauds: 1, codes: [] });
  });

  it('F4: of two reports on one event the earliest observed counts, once', async () => {
    const inputs = [
      given(event(1, hour(0))),
      said(1, hour(5), { report: 'b' }),
      said(1, hour(1), { report: 'a', atMs: hour(5) }),
      given(event(2, hour(6))),
    ];
    expect(await fraudsSeen(inputs, 'event-2')).toEqual({ frauds: 1, codes: [] });
  });

  it('of another value do not count', async () => {
    const inputs = [
      given(event(1, hour(0))),
      said(1, hour(1), { isFraud: false }),
      given(event(2, hour(2))),
    ];
    expect(await fraudsSeen(inputs, 'event-2')).toEqual({ frauds: 0, codes: [] });
  });

  it('E1: the same assertion again is nothing, with another payload it is refused', async () => {
    const inputs = [
      given(event(1, hour(0))),
      said(1, hour(1)),
      said(1, hour(1)),
      said(1, hour(2)),
      given(event(2, hour(3))),
    ];
    expect(await fraudsSeen(inputs, 'event-2')).toEqual({
      frauds: 1,
      codes: ['PAYLOAD_HASH_MISMATCH'],
    });
  });

  it('E2: observed after their record and after every event are refused', async () => {
    const inputs = [
      given(event(1, hour(0))),
      said(1, hour(3), { atMs: hour(1) }),
      given(event(2, hour(4))),
    ];
    expect(await fraudsSeen(inputs, 'event-2')).toEqual({
      frauds: 0,
      codes: ['LABEL_FROM_FUTURE'],
    });
  });

  it('E2: observed after their record but not after the newest event count', async () => {
    const ahead = { ...given(event(9, hour(3), { merchant: 'other' })), atMs: hour(1) - 1 };
    // One partition: the newest event is the task's own.
    const driver = await drive(trialTopology([labelled]), { clock: 'records', startMs: START_MS });
    await driver.run([
      given(event(1, hour(0))),
      ahead,
      said(1, hour(3), { atMs: hour(1) }),
      given(event(2, hour(4))),
    ]);
    await driver.endAt(hour(5));
    expect(await driver.quarantined()).toEqual([]);
    const parts = (await partsOf(driver)).get('event-2') ?? [];
    expect(named(labelled, parts).get('frauds')?.value).toBe(1);
    await driver.close();
  });

  it('that wait for an event that never comes are dropped and counted after the horizon', async () => {
    const driver = await open();
    await driver.run([said(7, hour(0)), given(event(1, hour(0) + 61 * DAY_MS))]);
    await driver.endAt(hour(0) + 62 * DAY_MS);
    const held = driver.opened.group.tasks.flatMap((task) =>
      [...task.accounts.values()].filter(({ name }) => name === 'event-labels'),
    );
    expect(held.reduce((total, account) => total + account.held, 0)).toBe(0);
    const reasons = held.map((account) => account.reasons.get('label_without_event') ?? 0);
    expect(reasons.reduce((total, count) => total + count, 0)).toBe(1);
    await driver.close();
  });
});

describe('stage entities', () => {
  it('counts silently what was decided before, and answers nothing', async () => {
    const driver = await open();
    await driver.run([
      given(event(6, hour(0), { silent: true })),
      given(event(7, hour(1))),
      given(event(8, hour(2), { counts: false })),
    ]);
    await driver.endAt(hour(3));
    const parts = await partsOf(driver);
    expect(parts.get('event-6')).toBeUndefined();
    // Both are above 500: where looks at the amount.
    expect(named(labelled, parts.get('event-7') ?? []).get('big')?.value).toBe(2);
    expect(named(labelled, parts.get('event-8') ?? []).get('big')?.value).toBe(2);
    await driver.close();
  });

  it('keeps several sets side by side and says when one is unknown', async () => {
    const driver = await open([labelled, handbook, defaultFeaturePlan]);
    await driver.run([
      given(event(1, hour(0))),
      given(event(2, hour(1), { featureSet: handbook.id })),
      given(event(3, hour(2), { featureSet: 'labelled.v2' })),
      given(event(6, hour(3), { featureSet: defaultFeaturePlan.id })),
    ]);
    await driver.endAt(hour(4));
    const parts = await partsOf(driver);
    const second = named(handbook, parts.get('event-2') ?? []);
    expect(second.get('CUSTOMER_ID_NB_TX_1DAY_WINDOW')?.value).toBe(2);
    for (const part of parts.get('event-3') ?? []) {
      expect(part).toMatchObject({
        values: [],
        gaps: [{ index: -1, code: 'FEATURE_SET_UNKNOWN' }],
      });
    }
    expect(parts.get('event-3')?.length).toBe(6);
    const last = named(defaultFeaturePlan, parts.get('event-6') ?? []);
    expect(last.get('merchant_count_24h')?.value).toBe(4);
    expect(last.get('merchant_sum_24h')?.value).toBe(1200);
    await driver.close();
  });

  it('gives the same parts after a crash at any write as without one', async () => {
    const history = [
      ...[1, 2, 3, 4, 5, 6].flatMap((number) => [
        given(event(number, hour(number))),
        said(number, hour(number)),
      ]),
      given(event(9, hour(9))),
    ];
    const runWith = async (crashes: readonly DriverInput[]) => {
      const driver = await open();
      await driver.run([...history.slice(0, 5), ...crashes, ...history.slice(5)]);
      await driver.endAt(hour(20));
      const emitted = await driver.emitted(trialTopics.parts);
      await driver.close();
      return emitted.map(({ key, value }) => `${key} ${value.json}`).sort();
    };
    const calm = await runWith([]);
    expect(calm.length).toBe(7 * 6);
    for (const nth of [1, 2, 3, 4]) {
      expect(await runWith([{ crash: 'before-write', nth }])).toEqual(calm);
      expect(await runWith([{ crash: 'after-write', nth }])).toEqual(calm);
    }
  });
});
