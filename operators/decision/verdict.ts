/**
 * The action of a case, its score and its reasons.
 *
 * in: a case whose stages have answered or were skipped. out: action, score (of the last stage that
 * answered), reason codes. state, time: none. fails: never.
 * source: spec/platform.md 13; ruling 6; scenarios 56 to 58, 67 to 72.
 *
 * V1. Missing context, or a primary model that was skipped, gives the policy's safe action.
 * V2. Features that did not come in time never approve by themselves: the policy's safe action is a floor.
 */
import { actionUnderPosture } from '../degrade/action-posture.js';
import { strictest, type DecisionAction } from '../policy/action.js';
import { actionOf } from '../policy/thresholds.js';
import type { Case, Stage } from './decide.js';
import { CONTEXT_READY } from './decision-head.js';
import { reasonsOf } from './scoring.js';
import { FEATURES_MISSING } from './serve.js';

export interface Verdict {
  readonly action: DecisionAction;
  readonly score: number | null;
  readonly reasons: readonly string[];
}

/** Where no policy is in force to choose between STEP_UP and QUEUE, a person looks. */
const WITHOUT_POLICY: DecisionAction = 'QUEUE';

function modelAction(found: Case, score: number | null): DecisionAction {
  const { policy, ready, served, head } = found;
  if (policy === undefined) return WITHOUT_POLICY;
  if (head.contextStatus !== CONTEXT_READY) return policy.join.onMissing;
  if (score === null || ready === undefined) return policy.model.onSkipped;
  const action = actionOf(score, policy.thresholds ?? ready.bundle.thresholds);
  return served && served.missing.length > 0 ? strictest(action, policy.join.onMissing) : action;
}

const scoreOf = (stage: Stage): number | null => (stage.kind === 'ok' ? stage.score : null);

function stageReasons(found: Case): readonly string[] {
  const reasons: string[] = [];
  if (found.primary.kind === 'skipped') reasons.push(`PRIMARY_SKIPPED:${found.primary.reason}`);
  if (found.stage2.kind === 'skipped') reasons.push(`STAGE2_SKIPPED:${found.stage2.reason}`);
  return reasons;
}

function bundleReasons({ head }: Case): readonly string[] {
  const { outcome, reasons } = head.stamped.resolution;
  return outcome === 'RESOLVED' ? [] : [reasons.at(-1) ?? outcome];
}

export function verdictOf(found: Case): Verdict {
  const { head, verdict, served, policy, ready } = found;
  const { posture } = head.stamped;
  const score = scoreOf(found.stage2) ?? scoreOf(found.primary);
  const model = modelAction(found, score);
  const under = actionUnderPosture({
    model,
    floor: verdict.floor,
    mode: posture.mode,
    actionPosture: posture.capabilities_mask.action_posture,
  });
  const reasons = [
    ...verdict.reasons,
    ...under.reasons,
    ...head.contextReasons,
    ...(served?.missing ?? []).map((entity) => `${FEATURES_MISSING}:${entity}`),
    ...bundleReasons(found),
    ...stageReasons(found),
    ...verdict.notEvaluated.map((code) => `GUARDRAIL_NOT_EVALUATED:${code}`),
  ];
  if (score !== null && model !== 'APPROVE' && ready && policy && served) {
    reasons.push(...reasonsOf(ready, served.values, policy.model.reasonsMax));
  }
  return { action: under.action, score, reasons };
}
