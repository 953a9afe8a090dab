/**
 * The feature set the decision loop ships with, as a document: what a YAML file would say.
 *
 * `last` and `since_last` stand once per entity, over the longest window: over a shorter one they are
 * the same value or nothing. Money in minor units, so sums are exact.
 * Source: spec platform section 11 and DESIGN section 8; the group names are those the degrade masks name.
 */
const WINDOWS = ['1h', '24h', '7d'] as const;
const LONGEST = '7d';

const velocityOf = (entity: string) => [
  ...WINDOWS.flatMap((window) => [
    { name: `${entity}_count_${window}`, entity, aggregate: 'count', window },
    { name: `${entity}_sum_${window}`, entity, aggregate: 'sum', value: 'amount_minor', window },
    { name: `${entity}_mean_${window}`, entity, aggregate: 'mean', value: 'amount_minor', window },
  ]),
  {
    name: `${entity}_last_amount`,
    entity,
    aggregate: 'last',
    value: 'amount_minor',
    window: LONGEST,
  },
  { name: `${entity}_since_last`, entity, aggregate: 'since_last', window: LONGEST },
];

const distinctOf = (entity: string, value: string) => ({
  name: `${value}s_per_${entity}_7d`,
  entity,
  aggregate: 'distinct',
  value,
  window: LONGEST,
});

export const defaultFeatures = {
  name: 'default',
  version: 1,
  groups: [
    {
      name: 'core_features',
      version: 1,
      features: [
        { name: 'event_count', entity: 'flow', aggregate: 'count' },
        { name: 'amount_sum', entity: 'flow', aggregate: 'sum', value: 'amount_minor' },
        { name: 'last_event_ts', entity: 'flow', aggregate: 'last', value: 'ts' },
      ],
    },
    {
      name: 'velocity',
      version: 1,
      features: ['account', 'instrument', 'device', 'ip', 'merchant'].flatMap(velocityOf),
    },
    {
      name: 'entity_graph',
      version: 1,
      features: [
        distinctOf('device', 'account'),
        distinctOf('account', 'device'),
        distinctOf('ip', 'device'),
        distinctOf('account', 'instrument'),
      ],
    },
  ],
};
