/**
 * Guardrails: cheap, certain rules that come before any model and that no model can soften.
 *
 * in: the rules of a policy, the facts of one event. out: reason codes in the order of the policy, and
 * the action floor. state: none. time: none. fails: never; the policy parser has checked the rules.
 *
 * Q1. The floor is the strictest floor of the rules that hold; APPROVE when none does.
 * Q2. A rule holds when all its conditions hold. When one is unknown (condition.ts, U2) and none is
 *     false, the rule is *not evaluated*: its code is listed apart, so that a decision can say what it
 *     did not check. It sets no floor: a posture that masks features steps everybody up by itself.
 *
 * source: spec platform section 13, scenario 69.
 */
import { DECISION_ACTIONS, strictest, type DecisionAction } from '../policy/action.js';
import type { StrictReader } from '../strict-reader.js';
import { holds, readCondition, type Condition, type GuardrailFacts } from './condition.js';

export interface GuardrailRule {
  /** Reason code, e.g. AMOUNT_OVER_CAP. */
  readonly code: string;
  /** All must hold. */
  readonly when: readonly Condition[];
  readonly floor: DecisionAction;
}

export interface GuardrailVerdict {
  /** Codes of the rules that hold, in the order of the policy. */
  readonly reasons: readonly string[];
  /** Q1. */
  readonly floor: DecisionAction;
  /** Q2. Codes of the rules that could not be evaluated. */
  readonly notEvaluated: readonly string[];
}

const CODE = /^[A-Z][A-Z0-9_]{2,63}$/;

const readRule = (reader: StrictReader): GuardrailRule => {
  reader.fields('code', 'when', 'floor');
  const when = reader.field('when');
  const conditions = Array.isArray(when.value)
    ? when.items().map(readCondition)
    : [readCondition(when)];
  if (conditions.length === 0)
    when.reject('at least one condition; a rule without any would hit every event');
  return {
    code: reader.field('code').matching(CODE, 'an upper case code such as AMOUNT_OVER_CAP'),
    when: conditions,
    floor: reader.field('floor').oneOf(DECISION_ACTIONS),
  };
};

/** Strict; fails with the document's code. */
export const readGuardrails = (reader: StrictReader): readonly GuardrailRule[] => {
  const rules = reader.items().map(readRule);
  rules.forEach(({ code }, at) => {
    if (rules.findIndex((rule) => rule.code === code) < at) {
      reader.reject(`code ${code} is used twice; join the rules or rename one`);
    }
  });
  return rules;
};

const outcomeOf = (rule: GuardrailRule, facts: GuardrailFacts): boolean | 'unknown' => {
  let outcome: boolean | 'unknown' = true;
  for (const condition of rule.when) {
    const held = holds(condition, facts);
    if (held === false) return false;
    if (held === 'unknown') outcome = held;
  }
  return outcome;
};

/** Q1, Q2. */
export const evaluateGuardrails = (
  rules: readonly GuardrailRule[],
  facts: GuardrailFacts,
): GuardrailVerdict => {
  const reasons: string[] = [];
  const notEvaluated: string[] = [];
  let floor: DecisionAction = 'APPROVE';
  for (const rule of rules) {
    const outcome = outcomeOf(rule, facts);
    if (outcome === 'unknown') notEvaluated.push(rule.code);
    if (outcome !== true) continue;
    reasons.push(rule.code);
    floor = strictest(floor, rule.floor);
  }
  return { reasons, floor, notEvaluated };
};
