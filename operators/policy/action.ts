/**
 * What a decision can say, ordered by how much it holds back.
 *
 * V1. `strictest` never returns a softer action than either of its arguments.
 *
 * source: spec rulings 22 and 6.
 */

/** From softest to strictest. */
export const DECISION_ACTIONS = ['APPROVE', 'STEP_UP', 'QUEUE', 'DECLINE'] as const;

export type DecisionAction = (typeof DECISION_ACTIONS)[number];

/** 0 (APPROVE) to 3 (DECLINE). */
export const severityOf = (action: DecisionAction): number => DECISION_ACTIONS.indexOf(action);

export const strictest = (a: DecisionAction, b: DecisionAction): DecisionAction =>
  severityOf(a) >= severityOf(b) ? a : b;
