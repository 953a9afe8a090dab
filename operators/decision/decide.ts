/**
 * Deciding, up to the model: guardrails, the bundle, and what its stages are asked.
 *
 * in: a gathered head. out: a `Case` that carries all that was found, through the border and to the
 * decision. state: none; the policy is found by its digest. time: the position. fails: never; what is
 * not there makes the decision a safe one, with its reason. crash: none.
 * source: spec/platform.md 13; rulings 6; scenarios 54 to 60, 67 to 73.
 *
 * N1. Guardrails come first and no model softens them.
 * N2. The policy, posture and bundle are those stamped at the join.
 * N3. A stage that is skipped says why; a decision never waits for one.
 */
import type { GuardrailVerdict } from '../guardrail/guardrail.js';
import { evaluateGuardrails } from '../guardrail/guardrail.js';
import type { FeaturePlan } from '../features/plan.js';
import { loadedBundles } from '../model/loaded-bundles.js';
import type { Policy } from '../policy/policy.js';
import type { BorderOutcome } from '../wiring.js';
import { CONTEXT_READY, type DecisionHead } from './decision-head.js';
import type { Gathered } from './gather.js';
import { rowOf, scoreInline, Scoring, type ReadyBundle, type ScoreAsk } from './scoring.js';
import { placesByName, Server, type Served } from './serve.js';

export type Stage =
  | { readonly kind: 'ok'; readonly score: number }
  | { readonly kind: 'skipped'; readonly reason: string }
  /** To be asked at the border. */
  | { readonly kind: 'ask'; readonly ask: ScoreAsk }
  /** The bundle has no such stage, or the first did not call for it. */
  | { readonly kind: 'none' };

export interface Case {
  readonly head: DecisionHead;
  /** null when its context was missing. */
  readonly served: Served | null;
  readonly policy: Policy | undefined;
  readonly verdict: GuardrailVerdict;
  readonly ready: ReadyBundle | undefined;
  readonly primary: Stage;
  readonly stage2: Stage;
}

const NO_VERDICT: GuardrailVerdict = { reasons: [], floor: 'APPROVE', notEvaluated: [] };
const NONE: Stage = { kind: 'none' };
const skipped = (reason: string): Stage => ({ kind: 'skipped', reason });

export class Decider {
  readonly #places: ReadonlyMap<string, number>;
  readonly #server: Server;
  readonly #scoring: Scoring;

  constructor(plan: FeaturePlan) {
    this.#places = placesByName(plan);
    this.#server = new Server(plan);
    this.#scoring = new Scoring(plan);
  }

  /** Everything before the border; logistic models have answered already. */
  open(gathered: Gathered, policy: Policy | undefined): Case {
    const { head } = gathered;
    const served = head.contextStatus === CONTEXT_READY ? this.#server.serve(gathered) : null;
    const verdict = policy ? this.#guard(head, served, policy) : NO_VERDICT;
    const opened = { head, served, policy, verdict, stage2: NONE };
    const { sha256 } = head.stamped.resolution;
    const bundle = sha256 === null ? undefined : loadedBundles.get(sha256);
    const ready = bundle && this.#scoring.ready(bundle);
    const reason = whySkipped(head, policy, ready);
    if (reason !== undefined || !ready || !policy || !served || sha256 === null) {
      return { ...opened, ready, primary: skipped(reason ?? 'MODEL_NOT_LOADED') };
    }
    const { primaryTimeoutMs: timeoutMs } = policy.model;
    const { primary: model } = ready;
    const primary: Stage = model.inline
      ? { kind: 'ok', score: scoreInline(model, served.values) }
      : {
          kind: 'ask',
          ask: { sha256, model: 'primary', row: rowOf(model, served.values), timeoutMs },
        };
    return this.#second({ ...opened, ready, primary });
  }

  /** The primary's answer, when it was asked for. */
  afterPrimary(found: Case, outcome: BorderOutcome | undefined): Case {
    return outcome ? this.#second({ ...found, primary: answered(outcome) }) : found;
  }

  afterSecond(found: Case, outcome: BorderOutcome | undefined): Case {
    return outcome ? { ...found, stage2: answered(outcome) } : found;
  }

  /** N3: decides whether the second stage is called for, and asks or computes it. */
  #second(found: Case): Case {
    const { primary, ready, policy, served, head } = found;
    const stage = ready?.bundle.stage2;
    const model = ready?.stage2;
    if (primary.kind !== 'ok' || !stage || !model || !policy || !served) return found;
    if (primary.score < stage.from || primary.score > stage.to) return found;
    if (!head.stamped.posture.capabilities_mask.stage2) {
      return { ...found, stage2: skipped('MASKED') };
    }
    if (model.inline) {
      return { ...found, stage2: { kind: 'ok', score: scoreInline(model, served.values) } };
    }
    const ask: ScoreAsk = {
      sha256: head.stamped.resolution.sha256 ?? '',
      model: 'stage2',
      row: rowOf(model, served.values),
      timeoutMs: policy.model.stage2TimeoutMs,
    };
    return { ...found, stage2: { kind: 'ask', ask } };
  }

  /** N1. */
  #guard(head: DecisionHead, served: Served | null, policy: Policy): GuardrailVerdict {
    if (policy.guardrails.length === 0) return NO_VERDICT;
    return evaluateGuardrails(policy.guardrails, {
      field: (name) => fieldOf(head, name),
      feature: (name) => {
        const place = this.#places.get(name);
        if (place === undefined || !served?.served(place)) return undefined;
        return served.values[place] ?? null;
      },
    });
  }
}

function whySkipped(
  head: DecisionHead,
  policy: Policy | undefined,
  ready: ReadyBundle | undefined,
): string | undefined {
  const { resolution, posture } = head.stamped;
  if (policy === undefined) return 'POLICY_UNKNOWN';
  if (head.contextStatus !== CONTEXT_READY) return 'CONTEXT_MISSING';
  if (!posture.capabilities_mask.primary) return 'MASKED';
  if (resolution.sha256 === null) return 'NO_COMPATIBLE_BUNDLE';
  return ready === undefined ? 'MODEL_NOT_LOADED' : undefined;
}

const answered = ({ ok, numbers, reason }: BorderOutcome): Stage => {
  const [score] = numbers;
  if (!ok) return skipped(reason);
  return score === undefined || Number.isNaN(score)
    ? skipped('MODEL_NO_SCORE')
    : { kind: 'ok', score };
};

/** Values of the event that a guardrail can name. */
function fieldOf(head: DecisionHead, name: string): unknown {
  const { event, frame } = head;
  switch (name) {
    case 'amount_minor':
      return event.amountMinor;
    case 'event_type':
      return event.kind;
    case 'event_seq':
      return event.eventSeq;
    case 'flow_id':
      return event.flowId;
    case 'merchant_id':
      return frame?.merchantId ?? null;
    case 'arrival_seq':
      return frame?.arrivalSeq ?? null;
    case 'context_status':
      return head.contextStatus;
    default:
      return undefined;
  }
}
