/**
 * Every reason code a decision can carry, beside the codes of guardrails (the policy names those) and
 * the reason names of a bundle (the bundle names those). Wire format: never renamed.
 *
 * The text after a colon is the particular: an entity, a stage's reason, a guardrail, a scope.
 * source: spec/platform.md 9, 12, 13; rulings 6 and 17.
 */
export const DECISION_REASONS: Readonly<Record<string, string>> = {
  POSTURE_STEP_UP_ONLY: 'The posture allows no approval without a step-up; it changed the action.',
  POSTURE_FAIL_CLOSED: 'The posture fails closed: only STEP_UP or QUEUE; it changed the action.',
  JOIN_BUFFER_FULL: 'No room to wait for context; decided at once with what was there.',
  'context_missing: flow_binding_missing': 'No flow anchor came within the wait.',
  'context_missing: join_frame_incomplete':
    'The anchor came, its arrival did not, within the wait.',
  'context_partial: arrival_entities_missing':
    'The entities of the arrival were not there; they hold nothing up.',
  FEATURES_MISSING: 'The features of this entity did not come in time.',
  FALLBACK_EXPLICIT: 'No active bundle could be used; the explicit safe fallback decided.',
  FAIL_CLOSED_NO_COMPATIBLE_BUNDLE: 'No bundle of any scope could be used.',
  PRIMARY_SKIPPED: 'The primary model was not used, for the reason after the colon.',
  STAGE2_SKIPPED: 'The second model was called for and not used, for the reason after the colon.',
  GUARDRAIL_NOT_EVALUATED: 'A guardrail needs a feature that was not served.',
};

/** Why a model stage was skipped: what stands after PRIMARY_SKIPPED: and STAGE2_SKIPPED:. */
export const SKIP_REASONS: Readonly<Record<string, string>> = {
  POLICY_UNKNOWN: 'No policy is in force.',
  CONTEXT_MISSING: 'There was no context to score.',
  MASKED: 'The posture does not allow it.',
  NO_COMPATIBLE_BUNDLE: 'No bundle could be used.',
  MODEL_NOT_LOADED: 'The bundle is not loaded in this process.',
  MODEL_NO_SCORE: 'The model answered no number.',
  MODEL_TIMEOUT: 'The pool did not answer within its budget.',
  WORKER_DIED: 'The worker thread died while it scored.',
  POOL_FULL: 'The pool had no room.',
  NOT_ANSWERED: 'The border gave no answer.',
};

/** The entry a reason code belongs to: itself, or what stands before its first colon. */
export function reasonEntry(code: string): string | undefined {
  const whole = DECISION_REASONS[code];
  if (whole !== undefined) return whole;
  return DECISION_REASONS[code.slice(0, Math.max(0, code.indexOf(':')))];
}
