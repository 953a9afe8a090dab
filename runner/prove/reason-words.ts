/**
 * A decision's reason codes in words: guardrails by the rule they stand for, a model's reasons by the
 * feature and its value, everything else by what the code means.
 */
import type { FeaturePlan } from '../../operators/features/plan.js';
import type { Bundle } from '../../operators/model/bundle.js';
import type { Policy } from '../../operators/policy/policy.js';
import { CODES } from '../../schemas/codes.js';
import type { DecisionResponse } from '../../schemas/generated/rtdl-record.js';

export interface ReasonContext {
  readonly decision: DecisionResponse;
  readonly policy: Policy | undefined;
  readonly plan: FeaturePlan | undefined;
  readonly bundle: Bundle | undefined;
}

const WORDS: Readonly<Record<string, string>> = {
  POSTURE_STEP_UP_ONLY: 'the posture allows no approval without a step-up',
  POSTURE_FAIL_CLOSED: 'the posture is fail closed: neither approval nor decline',
  JOIN_BUFFER_FULL: 'too many events were waiting, so it was not waited for its context',
  SCOPE_NOT_FOUND: 'the registry has no active bundle in the scope',
  ACTIVE_BUNDLE_INCOMPATIBLE: 'the active bundle does not fit what was in force',
  BUNDLE_NOT_LOADED: "the bundle's bytes could not be loaded",
  FAIL_CLOSED_NO_COMPATIBLE_BUNDLE: 'no bundle fits what was in force, so no model may decide',
  NO_EXPLICIT_FALLBACK: 'no bundle is named as the safe fallback of the scope',
  FALLBACK_INCOMPATIBLE: 'the safe fallback does not fit what was in force',
  FEATURE_GROUP_VERSION_MISMATCH: 'the bundle needs another version of the feature group',
  FEATURE_DEFINITION_MISMATCH: 'the bundle was made for another definition of the features',
  INPUT_CONTRACT_MISMATCH: 'the bundle was made for another input contract',
  CAPABILITY_MISMATCH: 'the bundle needs what the posture does not allow',
};

const SKIPPED: Readonly<Record<string, string>> = {
  MASKED: 'the posture does not allow it',
  CONTEXT_MISSING: 'without its context nothing could be scored',
  POLICY_UNKNOWN: 'no policy was in force',
  NO_COMPATIBLE_BUNDLE: 'no bundle was in force',
  MODEL_NOT_LOADED: "its bundle's bytes were not loaded",
  MODEL_NO_SCORE: 'it gave no number',
};

const skippedBecause = (reason: string): string => SKIPPED[reason] ?? reason;

const PREFIXES: readonly (readonly [string, (rest: string) => string])[] = [
  ['context_missing: ', (rest) => `its context was not there in time: ${spaced(rest)}`],
  ['context_partial: ', (rest) => `part of its context was not there in time: ${spaced(rest)}`],
  ['FEATURES_MISSING:', (rest) => `the features of the ${rest} did not come in time`],
  ['PRIMARY_SKIPPED:', (rest) => `the primary model did not speak: ${skippedBecause(rest)}`],
  ['STAGE2_SKIPPED:', (rest) => `the second model did not speak: ${skippedBecause(rest)}`],
  [
    'GUARDRAIL_NOT_EVALUATED:',
    (rest) => `guardrail ${rest} could not be evaluated: a value it needs was not served`,
  ],
];

const spaced = (text: string): string => text.replaceAll('_', ' ');

/** One sentence for a reason code of the decision. */
export function reasonInWords(code: string, context: ReasonContext): string {
  for (const [prefix, words] of PREFIXES) {
    if (code.startsWith(prefix)) return words(code.slice(prefix.length));
  }
  const rule = context.policy?.guardrails.find((one) => one.code === code);
  if (rule) {
    const conditions = rule.when.map((condition) => JSON.stringify(condition)).join(' and ');
    return `guardrail: ${conditions}, so at least ${rule.floor}`;
  }
  const [head = code, ...rest] = code.split(':');
  const words = WORDS[head];
  if (words !== undefined) return rest.length === 0 ? words : `${words} (${rest.join(':')})`;
  if (Object.hasOwn(CODES, head)) return CODES[head as keyof typeof CODES].meaning;
  return modelReason(code, context);
}

/** A name of the bundle's explain table, or a feature's own. */
function modelReason(code: string, { decision, plan, bundle }: ReasonContext): string {
  const named = Object.entries(bundle?.explain ?? {})
    .filter(([, name]) => name === code)
    .map(([feature]) => feature);
  const features = named.length > 0 ? named : [code];
  const values = features.flatMap((feature) => {
    const place = plan?.features.find(({ name }) => name === feature)?.index;
    if (place === undefined) return [];
    return [`${feature} = ${decision.snapshot?.values[place] ?? 'not served'}`];
  });
  if (values.length === 0) return 'a code this build does not know';
  return `raised the score: ${values.join(', ')}`;
}
