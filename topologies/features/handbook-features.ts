/**
 * The features of the Fraud Detection Handbook's public stream, under its own names. Customer is the
 * account, terminal the merchant. Terminal windows are shifted by the 7 days after which a fraud is
 * known; the count is delayed too; risk is frauds / count, 0 when the count is 0. Averages are in units
 * of money (cents / 100).
 *
 * The groups bear the names the degrade masks know: what is known from the event itself, and windows.
 * Source: data/handbook README (exact meaning of the features).
 */
const DAYS = [1, 7, 30] as const;
const DELAY = '7d';

const customerOver = (days: number) => [
  {
    name: `CUSTOMER_ID_NB_TX_${days}DAY_WINDOW`,
    entity: 'account',
    aggregate: 'count',
    window: `${days}d`,
  },
  {
    name: `CUSTOMER_ID_AVG_AMOUNT_${days}DAY_WINDOW`,
    entity: 'account',
    aggregate: 'mean',
    value: 'amount',
    window: `${days}d`,
  },
];

const terminalOver = (days: number) => [
  {
    name: `TERMINAL_ID_NB_TX_${days}DAY_WINDOW`,
    entity: 'merchant',
    aggregate: 'count',
    window: `${days}d`,
    delay: DELAY,
  },
  {
    name: `TERMINAL_ID_RISK_${days}DAY_WINDOW`,
    entity: 'merchant',
    aggregate: 'label_rate',
    window: `${days}d`,
    delay: DELAY,
    where: { label_type: 'fraud_disposition', label_values: ['FRAUD_CONFIRMED'] },
  },
];

export const handbookFeatures = {
  name: 'handbook',
  version: 1,
  groups: [
    {
      name: 'core_features',
      version: 1,
      features: [
        { name: 'TX_AMOUNT', derive: 'amount' },
        { name: 'TX_DURING_WEEKEND', derive: 'weekend' },
        { name: 'TX_DURING_NIGHT', derive: 'night' },
      ],
    },
    {
      name: 'velocity',
      version: 1,
      features: [...DAYS.flatMap(customerOver), ...DAYS.flatMap(terminalOver)],
    },
  ],
};
