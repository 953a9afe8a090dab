/**
 * A small topology around the two feature stages, as the decision loop has them: events are asked for
 * every entity and told to stage labels; assertions go through stage labels to stage entities.
 */
import { entityFeatures } from '../../../operators/features/entity-features.js';
import { eventLabels } from '../../../operators/features/event-labels.js';
import { featureNoteStore } from '../../../operators/features/feature-notes.js';
import {
  entityKey,
  type EntityLabel,
  type EventEntities,
  type FeaturePart,
  type FeatureRequest,
} from '../../../operators/features/feature-request.js';
import { labelledEventStore, runHighStore } from '../../../operators/features/labelled-event.js';
import { entityWindowStores } from '../../../operators/features/live-part.js';
import type { WindowBounds } from '../../../operators/features/part-windows.js';
import type { FeaturePlan } from '../../../operators/features/plan.js';
import { dedup } from '../../../operators/dedup.js';
import { filter } from '../../../operators/filter.js';
import { flatMap } from '../../../operators/flat-map.js';
import { map } from '../../../operators/map.js';
import { rekey } from '../../../operators/rekey.js';
import { to } from '../../../operators/to.js';
import type { Stream } from '../../../operators/wiring.js';
import type { LabelAssertion } from '../../../schemas/generated/label-assertion.js';
import { sha256Hex } from '../../../schemas/sha256.js';
import { topic } from '../../../schemas/topic.js';
import { topics } from '../../../schemas/topics.js';
import { guardStore } from '../../../state/store.js';
import { source, topology } from '../../../topologies/topology.js';
import type { TrialEvent, TrialLabel } from './brute-force.js';

export const RUN = 'platform_20260101T000000Z';

const textSchema = (name: string): string =>
  JSON.stringify({
    type: 'record',
    name,
    namespace: 'test',
    fields: [
      { name: 'key', type: 'string' },
      { name: 'json', type: 'string' },
    ],
  });

export interface Text {
  readonly key: string;
  readonly json: string;
}

const textTopic = (name: string, schema: string) =>
  topic<Text>({
    name,
    schema: textSchema(schema),
    key: ({ key }) => key,
    runOf: () => RUN,
    partitions: 2,
  });

export const trialTopics = {
  events: textTopic('test.trial.events', 'TrialEvent'),
  parts: textTopic('test.trial.parts', 'TrialPart'),
};

/** A trial event with what the join would stamp on it. */
export interface Asked extends TrialEvent {
  readonly silent?: boolean;
  readonly featureSet: string;
}

const ENTITIES = ['account', 'instrument', 'device', 'ip', 'merchant', 'party'] as const;

const idsOf = ({ account, instrument, device, ip, merchant, party }: TrialEvent) => ({
  account,
  instrument,
  device,
  ip,
  merchant,
  party,
});

export const requestsOf = (asked: Asked): readonly FeatureRequest[] =>
  ENTITIES.map((entity) => ({
    eventId: asked.eventId,
    flowId: asked.flowId,
    entity,
    id: asked[entity],
    tsMicros: asked.tsMicros,
    amountMinor: asked.amountMinor,
    ids: idsOf(asked),
    counts: asked.counts,
    silent: asked.silent ?? false,
    featureSet: asked.featureSet,
  }));

const eventOf = (text: Text): Asked => JSON.parse(text.json) as Asked;

export const asText = (asked: Asked): Text => ({
  key: asked.flowId,
  json: JSON.stringify(asked),
});

export const trialTopology = (plans: readonly FeaturePlan[], bounds: WindowBounds = {}) =>
  topology({
    name: 'feature-trial',
    sources: {
      assertions: source(topics.labels, { stage: 'labels' }),
      events: source(trialTopics.events, { stage: 'join' }),
    },
    stores: {
      ...entityWindowStores({ plans, entitiesMax: 100_000, chunksMax: 100_000, bounds }),
      notes: featureNoteStore({ keysMax: 10_000 }),
      labelled: labelledEventStore({ keysMax: 100_000 }),
      highs: runHighStore({ keysMax: 100 }),
      seen: guardStore({ keepMs: 86_400_000_000, keysMax: 100_000 }),
    },
    sinks: { parts: trialTopics.parts },
    wire: ({ assertions, events }, { heads, chunks, notes, labelled, highs, seen }, { parts }) => {
      const asked = events.pipe(
        map(eventOf),
        dedup({ id: ({ eventId }) => eventId, in: seen }),
      ) as Stream<Asked>;
      const requests = asked.pipe(
        flatMap(requestsOf),
        rekey<FeatureRequest>({
          stage: 'entities',
          key: ({ entity, id }) => entityKey(entity, id),
        }),
      );
      const counted = asked.pipe(
        filter(({ counts }) => counts),
        map((event): EventEntities => ({
          eventId: event.eventId,
          tsMicros: event.tsMicros,
          ids: idsOf(event),
        })),
        rekey<EventEntities>({ stage: 'labels', key: ({ eventId }) => sha256Hex(eventId) }),
      );
      const labels = counted.pipe(
        eventLabels({ labels: assertions, plans, in: labelled, highs }),
        rekey<EntityLabel>({ stage: 'entities', key: ({ entity, id }) => entityKey(entity, id) }),
      ) as Stream<EntityLabel>;
      return requests.pipe(
        entityFeatures({ labels, plans, heads, chunks, notes, bounds }),
        map((part: FeaturePart): Text => ({ key: part.flowId, json: JSON.stringify(part) })),
        to(parts),
      );
    },
  });

/** A label as it comes over the wire; its id says which report it is. */
export const assertionOf = (label: TrialLabel, report = '1'): LabelAssertion => ({
  label_assertion_id: sha256Hex(`${label.eventId} ${report}`).slice(0, 32),
  case_timeline_event_id: 'timeline',
  label_subject_key: { platform_run_id: RUN, event_id: label.eventId },
  pins: {
    platform_run_id: RUN,
    scenario_run_id: '0'.repeat(32),
    scenario_id: 'trial',
    manifest_fingerprint: '0'.repeat(64),
    parameter_hash: '0'.repeat(64),
    seed: '0',
  },
  label_type: 'fraud_disposition',
  label_value: label.isFraud ? 'FRAUD_CONFIRMED' : 'LEGIT_CONFIRMED',
  effective_time_micros: label.observedMicros,
  observed_time_micros: label.observedMicros,
  source_type: 'EXTERNAL',
  actor_id: null,
  evidence_refs: [],
  payload_hash: sha256Hex(`${label.eventId} ${report} ${label.observedMicros} ${label.isFraud}`),
  label_payload: null,
});

/** Values by feature name, of the parts of one event. */
export function named(
  plan: FeaturePlan,
  parts: readonly FeaturePart[],
): ReadonlyMap<string, { readonly value: number | null; readonly code: string | undefined }> {
  const found = new Map<string, { value: number | null; code: string | undefined }>();
  for (const { entity, values, gaps } of parts) {
    const part = plan.parts.find((one) => one.entity === entity);
    part?.places.forEach((place, index) => {
      const code = gaps.find((gap) => gap.index === index)?.code;
      found.set(plan.features[place]?.name ?? '', { value: values[index] ?? null, code });
    });
  }
  return found;
}
