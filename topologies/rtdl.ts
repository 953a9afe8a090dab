/**
 * rtdl, the real-time decision loop: every traffic event is decided once, at most 1.5 s after it came,
 * with its evidence (DESIGN section 8).
 *
 *   arrivals, entities, anchors -> context (by merchant) -> join (by flow) <- traffic
 *   join -> labels (by event) -> entities (by entity) -> decide (by flow) <- join
 *   health -> posture -> join
 */
import { decide, policiesStore } from '../operators/decision/decision-stage.js';
import { rtdlRecords } from '../operators/decision/decided-records.js';
import { controlStore } from '../operators/decision/control-row.js';
import { DEFAULT_SCOPE, type DecisionScope } from '../operators/decision/decision-scope.js';
import { newestStore } from '../operators/decision/event-time.js';
import { flowJoin } from '../operators/decision/flow-join.js';
import { flowStore } from '../operators/decision/flow.js';
import { frames, frameStore, watermarkStore } from '../operators/decision/frames.js';
import { gather, gatherStore } from '../operators/decision/gather.js';
import {
  anchorInlet,
  arrivalInlet,
  entitiesInlet,
  trafficInlet,
} from '../operators/decision/inlets.js';
import { postureStore, postureWatch } from '../operators/decision/posture-watch.js';
import { documentHash } from '../operators/document-hash.js';
import { entityFeatures } from '../operators/features/entity-features.js';
import { eventLabels } from '../operators/features/event-labels.js';
import { featureNoteStore } from '../operators/features/feature-notes.js';
import { entityKey } from '../operators/features/feature-request.js';
import { labelledEventStore, runHighStore } from '../operators/features/labelled-event.js';
import { entityWindowStores } from '../operators/features/live-part.js';
import type { FeaturePlan } from '../operators/features/plan.js';
import { flatMap } from '../operators/flat-map.js';
import { map } from '../operators/map.js';
import { merge } from '../operators/merge.js';
import { rekey } from '../operators/rekey.js';
import { to } from '../operators/to.js';
import { asStream } from '../operators/wiring.js';
import { UsageError } from '../schemas/errors.js';
import { sha256Hex } from '../schemas/sha256.js';
import { topics } from '../schemas/topics.js';
import { guardStore } from '../state/store.js';
import { defaultFeaturePlan, handbookFeaturePlan } from './features/feature-sets.js';
import {
  source,
  topology,
  type Sinks,
  type Stores,
  type Streams,
  type Topology,
} from './topology.js';

const DAY_MS = 86_400_000;
const KEPT = { keepMs: 7 * DAY_MS, keysMax: 4_000_000 };

export interface RtdlOptions {
  /** The clock of the bus it runs on; on a clock of records nobody measures health. */
  readonly clock: 'wall' | 'records';
  /** Name of a shipped feature set, or a plan of one's own. Default: default. */
  readonly features?: string | FeaturePlan;
  readonly scope?: Partial<DecisionScope>;
}

const SHIPPED: Readonly<Record<string, FeaturePlan>> = {
  default: defaultFeaturePlan,
  handbook: handbookFeaturePlan,
};

function planOf(features: string | FeaturePlan): FeaturePlan {
  if (typeof features !== 'string') return features;
  const plan = SHIPPED[features];
  if (plan) return plan;
  throw new UsageError(
    `There is no feature set named "${features}"; shipped are ${Object.keys(SHIPPED).join(', ')}.`,
  );
}

/** Order is rank: what is in force, then labels, then context, then traffic. */
const control = {
  policy: source(topics.policy, { broadcast: true }),
  registry: source(topics.registry, { broadcast: true }),
  posture: source(topics.posture, { broadcast: true }),
};
const health = { health: source(topics.health, { stage: 'posture' }) };
const events = {
  labels: source(topics.labels, { stage: 'labels' }),
  arrivals: source(topics.arrivals, { stage: 'context' }),
  entities: source(topics.entities, { stage: 'context' }),
  anchors: source(topics.flowAnchors, { stage: 'context' }),
  traffic: source(topics.traffic, { stage: 'join' }),
};
const sinks = { rtdl: topics.rtdl, audit: topics.audit };

const storesOf = (plan: FeaturePlan) => ({
  frames: frameStore(KEPT),
  watermarks: watermarkStore(),
  flows: flowStore(KEPT),
  seen: guardStore({ keepMs: 7 * DAY_MS, keysMax: 2_000_000 }),
  newest: newestStore(),
  control: controlStore(),
  labelled: labelledEventStore({ keysMax: 4_000_000 }),
  highs: runHighStore({ keysMax: 10_000 }),
  ...entityWindowStores({ plans: [plan], entitiesMax: 4_000_000, chunksMax: 8_000_000 }),
  notes: featureNoteStore({ keysMax: 4_000_000 }),
  gathering: gatherStore(100_000),
  policies: policiesStore(),
});

export function rtdlTopology(options: RtdlOptions): Topology {
  const plan = planOf(options.features ?? 'default');
  const scope = { ...DEFAULT_SCOPE, ...options.scope };
  const loop = loopOf(plan, scope);
  if (options.clock === 'records') {
    return topology({
      name: 'rtdl',
      sources: { ...control, ...events },
      stores: storesOf(plan),
      sinks,
      wire: loop,
    });
  }
  return topology({
    name: 'rtdl',
    sources: { ...control, ...health, ...events },
    stores: { ...storesOf(plan), watch: postureStore() },
    sinks: { ...sinks, postures: topics.posture },
    wire: (from, stores, into) => {
      loop(from, stores, into);
      from.health.pipe(
        postureWatch({ policy: from.policy, in: stores.watch, scope }),
        to(into.postures),
      );
    },
  });
}

/** The drawing. */
const loopOf =
  (plan: FeaturePlan, scope: DecisionScope) =>
  (
    from: Streams<typeof control & typeof events>,
    stores: Stores<ReturnType<typeof storesOf>>,
    into: Sinks<typeof sinks>,
  ): void => {
    const { policy, registry, posture } = from;
    const runConfigDigest = documentHash({ topology: 'rtdl', features: plan.hash, ...scope });

    const framed = merge(
      asStream(from.arrivals.pipe(arrivalInlet()), 'arrivals'),
      asStream(from.entities.pipe(entitiesInlet()), 'entities'),
      asStream(from.anchors.pipe(anchorInlet()), 'anchors'),
    ).pipe(
      frames({ in: stores.frames, watermarks: stores.watermarks }),
      rekey({ stage: 'join', key: (frame) => sha256Hex(frame.binds.flowId) }),
    );

    const joined = from.traffic.pipe(
      trafficInlet(),
      flowJoin({
        frames: asStream(framed, 'frames'),
        policy,
        registry,
        posture,
        flows: stores.flows,
        seen: stores.seen,
        newest: stores.newest,
        control: stores.control,
        plan,
        scope,
      }),
    );

    const labels = joined.pipe(
      flatMap((one) => one.labels),
      rekey({ stage: 'labels', key: (event) => sha256Hex(event.eventId) }),
      eventLabels({ labels: from.labels, plans: [plan], in: stores.labelled, highs: stores.highs }),
      rekey({ stage: 'entities', key: (label) => entityKey(label.entity, label.id) }),
    );

    const parts = joined.pipe(
      flatMap((one) => one.requests),
      rekey({ stage: 'entities', key: (request) => entityKey(request.entity, request.id) }),
      entityFeatures({
        labels: asStream(labels, 'labels'),
        plans: [plan],
        heads: stores.heads,
        chunks: stores.chunks,
        notes: stores.notes,
      }),
      rekey({ stage: 'decide', key: (part) => part.flowId }),
    );

    const decided = joined.pipe(
      flatMap((one) => one.heads),
      rekey({ stage: 'decide', key: (head) => head.event.flowId }),
      gather({ parts: asStream(parts, 'parts'), in: stores.gathering }),
      decide({ policy, policies: stores.policies, plan, scope, runConfigDigest }),
    );

    decided.pipe(flatMap(rtdlRecords), to(into.rtdl));
    decided.pipe(
      map((one) => one.audit),
      to(into.audit),
    );
  };
