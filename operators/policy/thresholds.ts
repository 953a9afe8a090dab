/**
 * Score to action: a staircase that never steps down.
 *
 * H1. Steps ascend strictly in `from` (0..1), the first starts at 0, and a higher step is never softer:
 *     a riskier score cannot get a milder action.
 * H2. A score exactly at `from` belongs to the higher step.
 *
 * source: spec platform section 13.
 */
import type { StrictReader } from '../strict-reader.js';
import { DECISION_ACTIONS, severityOf, type DecisionAction } from './action.js';

export interface ThresholdStep {
  /** Score, 0..1. */
  readonly from: number;
  readonly action: DecisionAction;
}

export type Thresholds = readonly ThresholdStep[];

/** H1. Strict; fails with the document's code. */
export const readThresholds = (reader: StrictReader): Thresholds => {
  const steps = reader.items().map((item): ThresholdStep => {
    item.fields('from', 'action');
    return {
      from: item.field('from').number({ min: 0, max: 1 }),
      action: item.field('action').oneOf(DECISION_ACTIONS),
    };
  });
  if (steps[0]?.from !== 0)
    return reader.reject('the first step must start at 0, so that every score has an action');
  steps.forEach((step, at) => {
    const before = steps[at - 1];
    if (before === undefined) return;
    if (step.from <= before.from)
      reader.reject(`step ${at} must start above ${before.from}; sort the steps`);
    if (severityOf(step.action) < severityOf(before.action)) {
      reader.reject(`step ${at} is ${step.action}, softer than ${before.action} below it`);
    }
  });
  return steps;
};

/** H2. A score that is no number of 0..1 (a broken model) is never approved: it gets the last step. */
export const actionOf = (score: number, thresholds: Thresholds): DecisionAction => {
  const step = score >= 0 ? thresholds.findLast(({ from }) => score >= from) : thresholds.at(-1);
  return step?.action ?? 'QUEUE';
};
