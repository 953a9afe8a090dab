/**
 * From a case with its scores to the decision, its action intent and its audit record.
 *
 * in: a case. out: `Decided`: the response, an intent when the policy releases the action, the audit
 * record; all three leave in the same round (ruling 4). state: none. time: the position of the case is
 * decided_at. fails: never. crash: none; ids are functions of the evidence.
 * source: spec/platform.md 13, 15; rulings 3, 4, 6, 7, 16, 22; scenarios 54, 56 to 58, 62, 68, 69, 79.
 *
 * Z1. Everything outside `stamps` is content: equal for equal input, whenever and wherever executed.
 * Z2. Reasons: guardrails first, then posture, context, features, bundle, stages, and the model's own.
 * Z3. payload hashes stand in the audit record only, so truth fields reach no decision (scenario 51).
 */
import { stringText } from '../../schemas/canonical.js';
import {
  actionEventId,
  actionId,
  actionIdempotencyKey,
  decisionEventId,
  decisionId,
} from '../../schemas/decision-ids.js';
import type { AuditEvidence, AuditRecord } from '../../schemas/generated/audit-record.js';
import {
  type BundleResolution,
  type ActionIntent,
  type ContextRef,
  type ContextRole,
  type DecisionPosture,
  type DecisionResponse,
  type DecisionStamps,
  type ModelStage,
  type OriginOffset,
  type Pins,
} from '../../schemas/generated/rtdl-record.js';
import type { Posture } from '../degrade/ladder.js';
import type { Resolution } from '../registry/resolve.js';
import type { FeaturePlan } from '../features/plan.js';
import { auditOf, EMPTY_STAMPS } from './audit.js';
import type { Case, Stage } from './decide.js';
import type { DecisionScope } from './decision-scope.js';
import type { EventPins } from './event-pins.js';
import type { EventFact, Origin } from './inlet.js';
import { verdictOf } from './verdict.js';

export interface Decided {
  readonly response: DecisionResponse;
  /** null: the policy does not release this action by itself. */
  readonly intent: ActionIntent | null;
  readonly audit: AuditRecord;
}

export interface ComposeOptions {
  readonly plan: FeaturePlan;
  readonly scope: DecisionScope;
  readonly runConfigDigest: string;
}

/** Until a policy says otherwise (spec/platform.md 13). */
const DEADLINE_MS = 1500;
const OFFSET_KIND = 'kafka_offset';

const offsetOf = ({ topic, partition, offset }: Origin): OriginOffset => ({
  topic,
  partition,
  offset: offset.toString(),
  offset_kind: OFFSET_KIND,
});

const pinsByEvent = new WeakMap<EventPins, Pins>();
/** The six pins of the contract, one object per run. */
function pinsOf(pins: EventPins): Pins {
  let found = pinsByEvent.get(pins);
  if (found === undefined) {
    found = {
      platform_run_id: pins.platform_run_id,
      scenario_run_id: pins.scenario_run_id,
      scenario_id: pins.scenario_id,
      manifest_fingerprint: pins.manifest_fingerprint,
      parameter_hash: pins.parameter_hash,
      seed: pins.seed,
    };
    pinsByEvent.set(pins, found);
  }
  return found;
}

const postures = new WeakMap<Posture, DecisionPosture>();
function postureOf(posture: Posture): DecisionPosture {
  let found = postures.get(posture);
  if (found === undefined) {
    const { mode, capabilities_mask, policy_rev, reason } = posture;
    found = { mode, capabilities_mask, policy_rev, reason };
    postures.set(posture, found);
  }
  return found;
}

const resolutions = new WeakMap<Resolution, BundleResolution>();
function resolutionOf(resolution: Resolution): BundleResolution {
  let found = resolutions.get(resolution);
  if (found === undefined) {
    const { outcome, scope, reasons } = resolution;
    found = { outcome, scope, reason_codes: reasons };
    resolutions.set(resolution, found);
  }
  return found;
}

interface Piece {
  readonly role: ContextRole;
  readonly fact: EventFact;
  readonly origin: OriginOffset;
}

/** All public records the decision rests on, traffic first. */
function pieces({ head }: Case): readonly Piece[] {
  const found: Piece[] = [];
  const add = (role: ContextRole, fact: EventFact | null | undefined): void => {
    if (fact) found.push({ role, fact, origin: offsetOf(fact.origin) });
  };
  add('traffic', head.event);
  add('flow_anchor', head.frame?.anchor);
  add('arrival_events', head.frame?.arrival);
  add('arrival_entities', head.frame?.entities);
  return found;
}

const refOf = ({ role, fact, origin }: Piece): ContextRef => ({
  role,
  event_id: fact.eventId,
  event_type: fact.eventType,
  origin_offset: origin,
});

const evidenceOf = ({ role, fact, origin }: Piece): AuditEvidence => ({
  role,
  event_id: fact.eventId,
  event_type: fact.eventType,
  payload_hash: fact.payloadHash,
  origin_offset: origin,
});

function stageOf(name: string, stage: Stage): ModelStage | null {
  switch (stage.kind) {
    case 'ok':
      return { stage: name, outcome: 'ok', score: stage.score };
    case 'skipped':
      return { stage: name, outcome: `skipped:${stage.reason}`, score: null };
    case 'ask':
      return { stage: name, outcome: 'skipped:NOT_ANSWERED', score: null };
    case 'none':
      return null;
  }
}

export class Composer {
  readonly #options: ComposeOptions;
  readonly #featureSet: { readonly id: string; readonly version: string };

  constructor(options: ComposeOptions) {
    this.#options = options;
    const { name, version } = options.plan.set;
    this.#featureSet = { id: name, version: String(version) };
  }

  compose(found: Case, decidedAtMs: number): Decided {
    const { head } = found;
    const { event, stamped } = head;
    const { resolution } = stamped;
    const parts = pieces(found);
    const origin = parts[0]?.origin ?? offsetOf(event.origin);
    const { action, score, reasons } = verdictOf(found);
    const id = decisionId({
      sourceEventId: event.eventId,
      platformRunId: event.pins.platform_run_id,
      decisionScope: this.#options.scope.decision,
      bundleRef: resolution.ref,
      originOffset: origin,
    });
    const stages = [stageOf('primary', found.primary), stageOf('stage2', found.stage2)];
    const response: DecisionResponse = {
      event_id: decisionEventId(id),
      decision_id: id,
      decision_kind: this.#options.scope.decision,
      action,
      score,
      reason_codes: reasons,
      source_event: {
        event_id: event.eventId,
        event_type: event.eventType,
        ts_utc_micros: event.tsMicros,
        origin_offset: origin,
      },
      subject: {
        flow_id: event.flowId,
        event_seq: event.eventSeq,
        event_type: event.kind,
        amount_minor: event.amountMinor,
      },
      context_status: head.contextStatus,
      context_refs: parts.map(refOf),
      pins: pinsOf(event.pins),
      bundle_ref: resolution.ref,
      resolution: resolutionOf(resolution),
      stages: stages.filter((stage) => stage !== null),
      snapshot_hash: found.served?.hash ?? null,
      snapshot: found.served?.snapshot ?? null,
      feature_set: this.#featureSet,
      degrade_posture: postureOf(stamped.posture),
      policy_rev: stamped.policyRev,
      run_config_digest: this.#options.runConfigDigest,
      stamps: stampsOf(found, decidedAtMs),
    };
    const intent = found.policy?.release.includes(action)
      ? this.#intent(response, decidedAtMs)
      : null;
    return { response, intent, audit: auditOf(response, intent, parts.map(evidenceOf)) };
  }

  #intent(response: DecisionResponse, requestedAtMs: number): ActionIntent {
    const { decision_id: decision, action, subject, source_event: source } = response;
    const idempotencyKey = actionIdempotencyKey(decision, action);
    return {
      event_id: actionEventId(idempotencyKey),
      action_id: actionId(decision, action),
      decision_id: decision,
      action_kind: action,
      idempotency_key: idempotencyKey,
      actor_principal: this.#options.scope.actor,
      origin: 'DF',
      pins: response.pins,
      policy_rev: response.policy_rev,
      run_config_digest: response.run_config_digest,
      reason_ref: `decision:${decision}`,
      action_payload:
        `{"amount_minor":${subject.amount_minor},"flow_id":${stringText(subject.flow_id)}` +
        `,"source_event_id":${stringText(source.event_id)}}`,
      stamps: { requested_at_ms: requestedAtMs },
    };
  }
}

function stampsOf({ head, policy }: Case, decidedAtMs: number): DecisionStamps {
  const waitedMs = decidedAtMs - head.firstSeenMs;
  return {
    ...EMPTY_STAMPS,
    posture_seq: head.stamped.posture.posture_seq,
    decided_at_ms: decidedAtMs,
    first_seen_ms: head.firstSeenMs,
    late_ms: Math.max(0, waitedMs - (policy?.deadlineMs ?? DEADLINE_MS)),
    latency_ms: waitedMs,
  };
}
