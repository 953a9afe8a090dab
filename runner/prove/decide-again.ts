/**
 * L1: the decide step executed again from the decision's own evidence: its snapshot, the policy and
 * bundle it names, the posture it carries. What comes out is compared with what was decided, ids and
 * digests included.
 *
 * What is not computed here: the feature values themselves (L2), and why this policy, bundle and posture
 * were in force (L3).
 */
import { decisionDigest } from '../../operators/decision/audit.js';
import { Composer, type Decided } from '../../operators/decision/compose.js';
import { Decider, type Case, type Stage } from '../../operators/decision/decide.js';
import { CONTEXT_READY, type DecisionHead } from '../../operators/decision/decision-head.js';
import { DEFAULT_SCOPE } from '../../operators/decision/decision-scope.js';
import {
  BINDING_MISSING,
  BUFFER_FULL,
  ENTITIES_MISSING,
  FRAME_INCOMPLETE,
} from '../../operators/decision/flow-step.js';
import { frameStep } from '../../operators/decision/frames.js';
import { isBound, type Frame } from '../../operators/decision/frame.js';
import {
  anchorFact,
  arrivalFact,
  entitiesFact,
  trafficFact,
} from '../../operators/decision/inlet.js';
import type { ContextFact, TrafficFact } from '../../operators/decision/inlet.js';
import { policyOf } from '../../operators/decision/policy-text.js';
import { scoreInline } from '../../operators/decision/scoring.js';
import { documentHash } from '../../operators/document-hash.js';
import type { FeaturePart } from '../../operators/features/feature-request.js';
import type { FeaturePlan } from '../../operators/features/plan.js';
import type { Position } from '../../operators/signal.js';
import type { BorderOutcome } from '../../operators/wiring.js';
import type { AdmittedArrival } from '../../schemas/generated/admitted-arrival.js';
import type { AdmittedEntities } from '../../schemas/generated/admitted-entities.js';
import type { AdmittedFlowAnchor } from '../../schemas/generated/admitted-flow-anchor.js';
import type { AdmittedTraffic } from '../../schemas/generated/admitted-traffic.js';
import type { DecisionResponse } from '../../schemas/generated/rtdl-record.js';
import * as featureSets from '../../topologies/features/feature-sets.js';
import type { ControlsInForce } from './controls-in-force.js';
import { differences } from './content-difference.js';
import type { Evidence } from './evidence.js';

export interface DecidedAgain {
  readonly differences: readonly string[];
  /** sha256 of the content as decided again, to compare with the audit record's. */
  readonly digest: Buffer;
  readonly response: DecisionResponse;
}

export interface DecideAgainOptions {
  readonly decision: DecisionResponse;
  readonly evidence: readonly Evidence[];
  readonly controls: ControlsInForce;
}

/** The plan that served a decision's features; undefined when this build has no such definition. */
export function planOfDecision(decision: DecisionResponse): FeaturePlan | undefined {
  const { snapshot, feature_set: set } = decision;
  return Object.values(featureSets).find((plan) =>
    snapshot === null
      ? plan.set.name === set?.id && String(plan.set.version) === set.version
      : plan.hash === snapshot.definition_hash,
  );
}

/** Pure but for the bundle, which must have been loaded. */
export function decideAgain(plan: FeaturePlan, options: DecideAgainOptions): DecidedAgain {
  const { decision, controls } = options;
  const decider = new Decider(plan);
  const head = headOf(plan, options);
  const policy = controls.policy && policyOf(controls.policy);
  let found = decider.open({ head, parts: partsOf(plan, decision) }, policy);
  found = decider.afterPrimary(
    found,
    answerOf(found, found.primary, { decision, stage: 'primary' }),
  );
  found = decider.afterSecond(found, answerOf(found, found.stage2, { decision, stage: 'stage2' }));
  const decided = composed(plan, found, decision);
  const stamps = decision.stamps;
  return {
    response: decided.response,
    digest: decisionDigest(decided.response),
    differences: differences(decision, { ...decided.response, stamps }),
  };
}

function composed(plan: FeaturePlan, found: Case, decision: DecisionResponse): Decided {
  const composer = new Composer({
    plan,
    scope: { ...DEFAULT_SCOPE, decision: decision.decision_kind },
    runConfigDigest: documentHash({ topology: 'rtdl', features: plan.hash, ...DEFAULT_SCOPE }),
  });
  return composer.compose(found, decision.stamps.decided_at_ms);
}

/** What the border answered, as recorded; a stage that was scored is scored again here. */
function answerOf(
  found: Case,
  stage: Stage,
  about: { readonly decision: DecisionResponse; readonly stage: 'primary' | 'stage2' },
): BorderOutcome | undefined {
  if (stage.kind !== 'ask') return undefined;
  const outcome = about.decision.stages.find((one) => one.stage === about.stage)?.outcome ?? '';
  if (outcome === 'skipped:NOT_ANSWERED') return undefined;
  if (outcome !== 'ok') {
    return { ok: false, numbers: [], reason: outcome.replace(/^skipped:/, '') };
  }
  const model = found.ready?.[about.stage];
  const score = model === undefined ? NaN : scoreInline(model, stage.ask.row);
  return { ok: true, numbers: [score], reason: '' };
}

function headOf(
  plan: FeaturePlan,
  { decision, evidence, controls }: DecideAgainOptions,
): DecisionHead {
  const { degrade_posture: posture, stamps, resolution } = decision;
  const values = decision.snapshot?.values ?? [];
  return {
    event: eventOf(decision, evidence),
    firstSeenMs: stamps.first_seen_ms,
    contextStatus: decision.context_status === CONTEXT_READY ? CONTEXT_READY : 'CONTEXT_MISSING',
    contextReasons: decision.reason_codes.filter((code) => CONTEXT_REASONS.has(code)),
    frame: frameOf(decision, evidence),
    flowValues: plan.flow.places.map((place) => values[place] ?? 0),
    parts: plan.parts.length,
    stamped: {
      policyRev: decision.policy_rev,
      posture: {
        ...posture,
        scope: DEFAULT_SCOPE.postureScope,
        posture_seq: stamps.posture_seq,
        decided_at_ms: 0,
      },
      resolution: {
        outcome: resolution.outcome,
        scope: resolution.scope,
        ref: decision.bundle_ref,
        sha256:
          resolution.outcome === 'FAIL_CLOSED'
            ? null
            : (controls.registered?.bundle.sha256 ?? null),
        reasons: resolution.reason_codes,
      },
    },
  };
}

/** What the join adds; the rest of the reasons is computed. */
const CONTEXT_REASONS: ReadonlySet<string> = new Set([
  BINDING_MISSING,
  FRAME_INCOMPLETE,
  ENTITIES_MISSING,
  BUFFER_FULL,
]);

const positionOf = ({ ref, timeMs }: Evidence): Position => ({
  timeMs,
  rank: 0,
  sequence: 0,
  partition: ref.origin_offset.partition,
  offset: BigInt(ref.origin_offset.offset),
  topic: ref.origin_offset.topic,
});

/** From the traffic record; when that is no longer kept, from what the decision says of it. */
function eventOf(decision: DecisionResponse, evidence: readonly Evidence[]): TrafficFact {
  const traffic = evidence.find(({ ref }) => ref.role === 'traffic');
  if (traffic?.event) return trafficFact(traffic.event as AdmittedTraffic, positionOf(traffic));
  const { source_event: source, subject, pins } = decision;
  const { topic, partition, offset } = source.origin_offset;
  return {
    eventId: source.event_id,
    eventType: source.event_type,
    eventClass: '',
    payloadHash: Buffer.alloc(32),
    origin: { topic, partition, offset: BigInt(offset) },
    flowId: subject.flow_id,
    eventSeq: subject.event_seq,
    kind: subject.event_type,
    tsMicros: source.ts_utc_micros,
    amountMinor: subject.amount_minor,
    pins: { ...pins, run_id: pins.scenario_run_id },
  };
}

function frameOf(decision: DecisionResponse, evidence: readonly Evidence[]): DecisionHead['frame'] {
  let frame: Frame | undefined;
  for (const one of evidence) {
    const fact = one.event === undefined ? factOfRef(decision, one) : contextFactOf(one);
    if (!fact) continue;
    const change = frameStep(frame, fact, one.timeMs);
    if (change.kind === 'changed') frame = change.frame;
  }
  return frame && isBound(frame) ? frame : null;
}

function contextFactOf(one: Evidence): ContextFact | undefined {
  const at = positionOf(one);
  switch (one.ref.role) {
    case 'arrival_events':
      return arrivalFact(one.event as AdmittedArrival, at);
    case 'arrival_entities':
      return entitiesFact(one.event as AdmittedEntities, at);
    case 'flow_anchor':
      return anchorFact(one.event as AdmittedFlowAnchor, at);
    case 'traffic':
      return undefined;
  }
}

/** A context record that is no longer kept, as far as the decision itself knows it. */
function factOfRef(decision: DecisionResponse, { ref }: Evidence): ContextFact | undefined {
  const { role } = ref;
  if (role === 'traffic') return undefined;
  const { pins, snapshot, subject } = decision;
  const idOf = (entity: string): string =>
    snapshot?.keys.find((key) => key.entity === entity)?.id ?? '0';
  const { topic, partition, offset } = ref.origin_offset;
  const binds = {
    flowId: subject.flow_id,
    ids: {
      account: idOf('account'),
      instrument: idOf('instrument'),
      device: idOf('device'),
      ip: idOf('ip'),
      merchant: idOf('merchant'),
      party: idOf('party'),
    },
  };
  return {
    role,
    eventId: ref.event_id,
    eventType: ref.event_type,
    payloadHash: Buffer.alloc(32),
    origin: { topic, partition, offset: BigInt(offset) },
    merchantId: idOf('merchant'),
    arrivalSeq: 0,
    tsMicros: 0,
    pins: { ...pins, run_id: pins.scenario_run_id },
    binds: role === 'flow_anchor' ? binds : null,
  };
}

/** The parts that were there: those whose entity is among the snapshot's keys. */
function partsOf(plan: FeaturePlan, decision: DecisionResponse): readonly FeaturePart[] {
  const { snapshot, source_event: source, subject } = decision;
  if (snapshot === null) return [];
  return plan.parts.flatMap(({ entity, places }): readonly FeaturePart[] => {
    const key = snapshot.keys.find((one) => one.entity === entity);
    if (!key) return [];
    return [
      {
        eventId: source.event_id,
        flowId: subject.flow_id,
        entity,
        id: key.id,
        values: places.map((place) => snapshot.values[place] ?? null),
        gaps: snapshot.gaps.flatMap(({ index, code }) => {
          const at = places.indexOf(index);
          return at < 0 ? [] : [{ index: at, code }];
        }),
      },
    ];
  });
}
