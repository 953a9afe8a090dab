/** Feature sets: what is refused and with which words, what the hash covers, what a plan says. */
import { describe, expect, it } from 'vitest';
import {
  readFeatureSet,
  readFeatureSetText,
  type FeatureSet,
} from '../../../operators/features/definition.js';
import { flowValues } from '../../../operators/features/flow-features.js';
import { idNumber } from '../../../operators/features/id-number.js';
import { planFeatureSet, planFeatureSets } from '../../../operators/features/plan.js';
import { defaultFeatures } from '../../../topologies/features/default-features.js';
import {
  defaultFeaturePlan,
  handbookFeaturePlan,
} from '../../../topologies/features/feature-sets.js';

type Fields = Readonly<Record<string, unknown>>;

const setOf = (...features: readonly Fields[]): Fields => ({
  name: 'trial',
  version: 3,
  groups: [{ name: 'velocity', version: 1, features }],
});

const count: Fields = { name: 'n', entity: 'account', aggregate: 'count', window: '1h' };
const rate: Fields = {
  name: 'r',
  entity: 'merchant',
  aggregate: 'label_rate',
  window: '7d',
  where: { label_type: 'chargeback_status', label_values: ['CHARGEBACK'] },
};

describe('reading a feature set', () => {
  const refused: readonly (readonly [string, unknown, string])[] = [
    ['an unknown field', setOf({ ...count, windw: '1h' }), '.features[0].windw: unknown field'],
    ['a bad duration', setOf({ ...count, window: '90m' }), '.window: expected a duration such as'],
    ['no window', setOf({ name: 'n', entity: 'ip', aggregate: 'count' }), '.window: expected a du'],
    ['too long a window', setOf({ ...count, window: '401d' }), '.window: shorten it to 400d'],
    ['too long a span', setOf({ ...count, window: '300d', delay: '200d' }), '.delay: window and'],
    ['an unknown entity', setOf({ ...count, entity: 'card' }), '.entity: expected one of account'],
    ['an unknown aggregate', setOf({ ...count, aggregate: 'median' }), '.aggregate: expected one'],
    ['a sum of nothing', setOf({ ...count, aggregate: 'sum' }), '.value: sum needs it'],
    ['a count of a value', setOf({ ...count, value: 'amount' }), '.value: means nothing to count'],
    ['a sum of times', setOf({ ...count, aggregate: 'sum', value: 'ts' }), '.value: expected one'],
    [
      'an entity counted per itself',
      setOf({ ...count, aggregate: 'distinct', value: 'account' }),
      '.value: an entity has one id',
    ],
    ['a rate without a label', setOf({ ...rate, where: undefined }), '.where: label_rate needs it'],
    [
      'an unknown label value',
      setOf({ ...rate, where: { label_type: 'chargeback_status', label_values: ['FRAUD'] } }),
      '.where.label_values[0]: expected one of CHARGEBACK',
    ],
    ['labels where none are looked at', setOf({ ...count, where: rate['where'] }), 'remove it'],
    [
      'a range upside down',
      setOf({ ...count, where: { amount_minor: { min: 5, max: 4 } } }),
      '.where.amount_minor: min is above max',
    ],
    ['one name twice', setOf(count, count), '.groups: feature n stands twice'],
    ['an unknown derivation', setOf({ name: 'd', derive: 'moon' }), '.derive: expected one of'],
    ['a derivation of an entity', setOf({ name: 'd', derive: 'hour', entity: 'ip' }), 'unknown'],
    ['a flow with a window', setOf({ ...count, entity: 'flow' }), '.window: unknown field'],
    ['no feature', setOf(), '.features: a group has at least one feature'],
    ['a name with a dash', setOf({ ...count, name: 'a-b' }), '.name: expected a name'],
    ['no object', 'text', 'features: expected an object with name'],
  ];
  for (const [what, document, message] of refused) {
    it(`refuses ${what} in one line that names the path`, () => {
      const read = () => readFeatureSet(document);
      expect(read).toThrow(expect.objectContaining({ code: 'FEATURE_SET_INVALID' }));
      expect(read).toThrow(message);
    });
  }

  it('refuses text that is not JSON, and reads text that is', () => {
    expect(() => readFeatureSetText('{')).toThrow('features: not JSON');
    expect(readFeatureSetText(JSON.stringify(setOf(count))).id).toBe('trial.v3');
  });

  it('D2: gives one hash to every layout and another to every change', () => {
    const set = readFeatureSet(setOf(count, rate));
    const shuffled = { groups: setOf(count, rate)['groups'], version: 3, name: 'trial' };
    expect(readFeatureSet(shuffled).hash).toBe(set.hash);
    const changes = [
      setOf(rate, count),
      setOf({ ...count, window: '2h' }, rate),
      setOf({ ...count, name: 'm' }, rate),
    ];
    const hashes = changes.map((document) => readFeatureSet(document).hash);
    expect(new Set([...hashes, set.hash]).size).toBe(4);
  });
});

describe('a plan', () => {
  it('P1, P2: gives every place to exactly one part', () => {
    for (const plan of [defaultFeaturePlan, handbookFeaturePlan]) {
      const places = [...plan.flow.places, ...plan.parts.flatMap((part) => part.places)];
      expect([...places].sort((a, b) => a - b)).toEqual(plan.features.map(({ index }) => index));
    }
  });

  it('has the groups the degrade masks name, with the features the issue asks for', () => {
    expect(defaultFeaturePlan.groups.map(({ name }) => name)).toEqual([
      'core_features',
      'velocity',
      'entity_graph',
    ]);
    const of = (group: string) =>
      defaultFeaturePlan.features.filter((one) => one.group === group).map(({ name }) => name);
    expect(of('core_features')).toEqual(['event_count', 'amount_sum', 'last_event_ts']);
    expect(of('velocity').length).toBe(5 * 11);
    expect(of('entity_graph')).toEqual([
      'accounts_per_device_7d',
      'devices_per_account_7d',
      'devices_per_ip_7d',
      'instruments_per_account_7d',
    ]);
  });

  it('D3: refuses one id for two documents', () => {
    const first = readFeatureSet(setOf(count));
    const other: FeatureSet = readFeatureSet(setOf(count, rate));
    expect(() => planFeatureSets([first, other])).toThrow('raise the version of the changed one');
    expect(() => planFeatureSets([first, first])).toThrow('given twice');
    expect(planFeatureSets([first, readFeatureSet(defaultFeatures)]).length).toBe(2);
  });

  it('shares labels, ids and amount ranges among the features of an entity', () => {
    const big = { amount_minor: { min: 10_000 } };
    const { parts } = planFeatureSet(
      readFeatureSet(
        setOf(
          rate,
          { ...rate, name: 's', aggregate: 'label_count', window: '1d' },
          { ...count, entity: 'merchant', where: big },
          { ...count, name: 'o', entity: 'merchant', where: big, window: '2h' },
        ),
      ),
    );
    const [part] = parts;
    expect(part?.labels.length).toBe(1);
    expect(part?.amounts.length).toBe(1);
    expect(part?.windows.map(({ label, flag }) => [label, flag])).toEqual([
      [0, 0],
      [0, 0],
      [-1, 1],
      [-1, 1],
    ]);
  });
});

describe('values of the event and its flow', () => {
  const facts = {
    // Saturday 2018-04-07 06:59:59.999999 UTC.
    tsMicros: Date.UTC(2018, 3, 7, 6, 59, 59, 999) * 1000 + 999,
    amountMinor: 1234,
    eventCount: 2,
    amountSumMinor: 2000,
    lastTsMicros: 7,
  };
  const every = ['amount_minor', 'amount', 'hour', 'weekday', 'weekend', 'night'];
  const { flow } = planFeatureSet(
    readFeatureSet(
      setOf(
        ...every.map((derive) => ({ name: derive, derive })),
        { name: 'c', entity: 'flow', aggregate: 'count' },
        { name: 's', entity: 'flow', aggregate: 'sum', value: 'amount' },
        { name: 'l', entity: 'flow', aggregate: 'last', value: 'ts' },
      ),
    ),
  );

  it('say hour, weekday, weekend and night in UTC', () => {
    expect(flowValues(flow, facts)).toEqual([1234, 12.34, 6, 5, 1, 1, 2, 20, 7]);
    const next = { ...facts, tsMicros: facts.tsMicros + 1 };
    expect(flowValues(flow, next).slice(2, 6)).toEqual([7, 5, 1, 0]);
    const monday = { ...facts, tsMicros: facts.tsMicros + 2 * 86_400_000_000 };
    expect(flowValues(flow, monday).slice(3, 5)).toEqual([0, 0]);
  });

  it('agree with Date on the hour and weekday of any time', () => {
    for (let day = -800; day < 30_000; day += 13) {
      const tsMicros = (day * 86_400 + ((day * 7919) % 86_400)) * 1_000_000;
      const date = new Date(tsMicros / 1000);
      const [, , hour, weekday] = flowValues(flow, { ...facts, tsMicros });
      expect([hour, weekday]).toEqual([date.getUTCHours(), (date.getUTCDay() + 6) % 7]);
    }
  });
});

describe('ids as numbers', () => {
  it('N1: keep short decimal ids as they are, and apart from all others', () => {
    expect(idNumber('0')).toBe(0);
    expect(idNumber('123456789012345')).toBe(123_456_789_012_345);
    for (const text of ['', '00', '007', '1234567890123456', '-1', '1e3', 'dev-1']) {
      expect(idNumber(text), text).toBeGreaterThanOrEqual(2 ** 52);
      expect(Number.isSafeInteger(idNumber(text)), text).toBe(true);
    }
  });

  it('N2: no two of 200,000 similar ids are one', () => {
    const seen = new Set<number>();
    for (let at = 0; at < 100_000; at += 1) {
      seen.add(idNumber(`dev-${at}`));
      seen.add(idNumber(`10.${at % 256}.${Math.floor(at / 256)}`));
    }
    expect(seen.size).toBe(200_000);
  });
});
