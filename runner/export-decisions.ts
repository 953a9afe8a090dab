/**
 * One flat row per decision: what was decided, why, and the feature values under their definition's
 * names. Ids are those of the imported file where an import's map is kept on the bus (ruling 1).
 *
 * in: the decisions topic. out: rows in the order of the topic. A null feature stays null; the gap's
 * code is in `gaps` as name=CODE.
 */
import type { DecisionResponse } from '../schemas/generated/rtdl-record.js';
import { topicCodec } from '../schemas/codec.js';
import type { SchemaLookup } from '../schemas/schema-lookup.js';
import { DECISION_BRANCH, topics } from '../schemas/topics.js';
import type { FeaturePlan } from '../operators/features/plan.js';
import * as featureSets from '../topologies/features/feature-sets.js';
import { isProgressMarker } from './bus/marker.js';
import type { Bus } from './bus/port.js';
import { readTopic, type TopicRecord } from './bus/read-topic.js';
import { listImports } from './import/import-cursor.js';
import type { ImportMap } from './import/import-map.js';
import { isOriginalField, originalId } from './import/original-ids.js';
import { utcText } from './world/utc-micros.js';

export type Cell = string | number | null;
export type DecisionRow = Readonly<Record<string, Cell>>;

/** Feature sets by the hash that snapshots carry. */
const PLANS: ReadonlyMap<string, FeaturePlan> = new Map(
  Object.values(featureSets).map((plan) => [plan.hash, plan]),
);

/** Columns before the features, in order. */
const ENTITIES = ['account', 'instrument', 'device', 'ip', 'merchant', 'party'] as const;
const FIXED = [
  'decision_id',
  'flow_id',
  'event_seq',
  'event_type',
  'ts_utc',
  'amount',
  'amount_minor',
  ...ENTITIES.map((name) => `${name}_id`),
  'action',
  'score',
  'reasons',
  'context_status',
  'degrade_mode',
  'resolution',
  'bundle',
  'policy',
  'snapshot_hash',
  'gaps',
  'event_id',
  'platform_run_id',
  'topic_partition',
  'topic_offset',
] as const;

/** The columns of a row whose snapshot has this definition; without one, of any row. */
export function columnsOf(definitionHash: string | null): readonly string[] {
  const plan = definitionHash === null ? undefined : PLANS.get(definitionHash);
  return [...FIXED, ...(plan?.features.map(({ name }) => name) ?? [])];
}

export interface ExportedDecision {
  /** Definition of the features served; null when none were. */
  readonly definitionHash: string | null;
  /** False when this build has no such definition: features are then named by their place. */
  readonly known: boolean;
  readonly row: DecisionRow;
}

export async function* exportDecisions(
  bus: Bus,
  lookup: SchemaLookup,
): AsyncGenerator<ExportedDecision> {
  const maps = new Map(
    (await listImports(bus)).map(([, cursor]) => [cursor.platformRunId, cursor.map]),
  );
  const codec = topicCodec(topics.rtdl, lookup);
  const stream = readTopic(bus, { topic: topics.rtdl.name });
  for await (const record of stream as AsyncIterable<TopicRecord>) {
    if (record.value === null || isProgressMarker(record)) continue;
    const value = codec.decode(record.value);
    if (!(DECISION_BRANCH in value)) continue;
    const decision = value[DECISION_BRANCH];
    const definitionHash = decision.snapshot?.definition_hash ?? null;
    yield {
      definitionHash,
      known: definitionHash === null || PLANS.has(definitionHash),
      row: {
        ...fixedCells(decision, maps.get(decision.pins.platform_run_id), record),
        ...featureCells(decision),
      },
    };
  }
}

function fixedCells(
  decision: DecisionResponse,
  map: ImportMap | undefined,
  at: TopicRecord,
): DecisionRow {
  const { subject, source_event: source, snapshot } = decision;
  const ids = new Map((snapshot?.keys ?? []).map(({ entity, id }) => [entity, id]));
  const original = (name: string, id: string | undefined): Cell => {
    if (id === undefined) return null;
    return map !== undefined && isOriginalField(name) ? originalId(map, name, id) : id;
  };
  return {
    decision_id: decision.decision_id,
    flow_id: original('flow', subject.flow_id),
    event_seq: subject.event_seq,
    event_type: subject.event_type,
    ts_utc: utcText(source.ts_utc_micros),
    amount: subject.amount_minor / 100,
    amount_minor: subject.amount_minor,
    ...Object.fromEntries(ENTITIES.map((name) => [`${name}_id`, original(name, ids.get(name))])),
    action: decision.action,
    score: decision.score,
    reasons: decision.reason_codes.join(' '),
    context_status: decision.context_status,
    degrade_mode: decision.degrade_posture.mode,
    resolution: decision.resolution.outcome,
    bundle: `${decision.bundle_ref.bundle_id}@${decision.bundle_ref.bundle_version}`,
    policy: `${decision.policy_rev.policy_id}@${decision.policy_rev.revision}`,
    snapshot_hash: decision.snapshot_hash,
    gaps: gapsText(decision),
    event_id: source.event_id,
    platform_run_id: decision.pins.platform_run_id,
    topic_partition: at.partition,
    topic_offset: at.offset.toString(),
  };
}

function namesOf({ snapshot }: DecisionResponse): readonly string[] {
  if (snapshot === null) return [];
  const plan = PLANS.get(snapshot.definition_hash);
  return snapshot.values.map((_, at) => plan?.features[at]?.name ?? `feature_${at}`);
}

function featureCells(decision: DecisionResponse): DecisionRow {
  const values = decision.snapshot?.values ?? [];
  return Object.fromEntries(namesOf(decision).map((name, at) => [name, values[at] ?? null]));
}

function gapsText(decision: DecisionResponse): string {
  const names = namesOf(decision);
  return (decision.snapshot?.gaps ?? [])
    .map(({ index, code }) => `${names[index] ?? index}=${code}`)
    .join(' ');
}
