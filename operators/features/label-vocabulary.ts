/**
 * What may be said about a traffic event, by type of label. Source: spec platform section 18.
 */
export const LABEL_VOCABULARY = {
  fraud_disposition: ['FRAUD_CONFIRMED', 'FRAUD_SUSPECTED', 'LEGIT_CONFIRMED'],
  chargeback_status: ['CHARGEBACK', 'NO_CHARGEBACK', 'PENDING'],
  account_takeover: ['ATO_CONFIRMED', 'ATO_SUSPECTED', 'ATO_NOT_CONFIRMED'],
} as const;

export type LabelType = keyof typeof LABEL_VOCABULARY;
