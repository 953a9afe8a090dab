/**
 * What a posture makes of an action.
 *
 * in: the model's action (or the safe one where no model spoke), the floor of the guardrails, mode and
 * mask. out: the action, and reasons where the posture changed something. state: none. fails: never.
 *
 * O1. STEP_UP_ONLY: APPROVE becomes STEP_UP; a model's DECLINE becomes QUEUE; a guardrail's DECLINE
 *     stays.
 * O2. FAIL_CLOSED emits STEP_UP or QUEUE, never APPROVE or DECLINE: a guardrail's DECLINE becomes QUEUE.
 * O3. Otherwise the action is the stricter of model and floor: a model never softens a guardrail.
 *
 * source: spec rulings 6; spec platform section 12; scenarios 68, 69.
 */
import { strictest, type DecisionAction } from '../policy/action.js';
import type { ActionPosture, DegradeMode } from './capability-mask.js';

export interface ActionInput {
  readonly model: DecisionAction;
  readonly floor: DecisionAction;
  readonly mode: DegradeMode;
  readonly actionPosture: ActionPosture;
}

export interface ActionUnderPosture {
  readonly action: DecisionAction;
  /** POSTURE_STEP_UP_ONLY or POSTURE_FAIL_CLOSED when it changed the action. */
  readonly reasons: readonly string[];
}

const softened = (action: DecisionAction): DecisionAction => {
  if (action === 'APPROVE') return 'STEP_UP';
  return action === 'DECLINE' ? 'QUEUE' : action;
};

export const actionUnderPosture = ({
  model,
  floor,
  mode,
  actionPosture,
}: ActionInput): ActionUnderPosture => {
  const free = strictest(model, floor);
  const closed = mode === 'FAIL_CLOSED';
  if (!closed && actionPosture === 'NORMAL') return { action: free, reasons: [] };
  // O2, O1. A floor of APPROVE says nothing; the model's part has been lifted to STEP_UP already.
  const bound = closed ? softened(floor) : floor;
  const action = strictest(softened(model), bound);
  if (action === free) return { action, reasons: [] };
  return { action, reasons: [closed ? 'POSTURE_FAIL_CLOSED' : 'POSTURE_STEP_UP_ONLY'] };
};
