/**
 * Recipes of the reference repository that weir does not use: they show that its vectors are understood
 * and that the canonical text under both is the same. Traps are kept: integer 0 hashes as "".
 *
 * source: spec/platform.md 6, 9, 11, 13, 14, 18, 19.
 */
import {
  canonicalHash,
  compareCodePoints,
  recipeHash,
  type Canonical,
} from '../../schemas/canonical.js';
import { JsonNumber, type JsonObject, type JsonValue } from '../../schemas/json-text.js';
import { sha256Hex32 } from '../../schemas/sha256.js';

const PIN_SCOPE = [
  'platform_run_id',
  'scenario_run_id',
  'manifest_fingerprint',
  'parameter_hash',
  'scenario_id',
  'seed',
];
const IDENTITY_FIELDS = [
  'platform_run_id',
  'label_basis',
  'feature_definition_set',
  'join_scope',
  'policy_revision',
  'config_revision',
  'ofs_code_release_id',
];

export const asObject = (value: JsonValue | undefined): JsonObject => {
  if (!(value instanceof Map)) throw new TypeError('not an object');
  return value as JsonObject;
};
export const asList = (value: JsonValue | undefined): readonly JsonValue[] => {
  if (!Array.isArray(value)) throw new TypeError('not a list');
  return value as readonly JsonValue[];
};
/** Python's `str(value or "")`: 0, null and "" are all "". */
const orEmpty = (value: JsonValue | undefined): string => {
  if (value === undefined || value === null) return '';
  const text = value instanceof JsonNumber ? value.text : value;
  if (typeof text !== 'string') throw new TypeError('not a scalar');
  return value instanceof JsonNumber && value.text === '0' ? '' : text;
};
const at = (object: JsonObject, name: string): JsonValue => object.get(name) ?? null;

export const referenceReceiptId = (decision: string, eventId: string): string =>
  sha256Hex32(`${decision}:${eventId}`);

export function referenceDecisionIds(
  input: JsonObject,
  pins: JsonObject,
): Readonly<Record<string, string>> {
  const bundle = asObject(input.get('bundle_ref'));
  const origin = asObject(input.get('origin_offset'));
  const pinScope = new Map(PIN_SCOPE.map((name) => [name, orEmpty(pins.get(name))]));
  const action = {
    source_event_id: at(input, 'source_event_id'),
    action_domain: at(input, 'action_domain'),
    pin_scope: pinScope,
  };
  const decisionId = recipeHash('df.decision_id.v2', {
    source_event_id: at(input, 'source_event_id'),
    platform_run_id: at(input, 'platform_run_id'),
    decision_scope: at(input, 'decision_scope'),
    bundle_ref: {
      bundle_id: orEmpty(bundle.get('bundle_id')),
      bundle_version: orEmpty(bundle.get('bundle_version')),
      registry_ref: orEmpty(bundle.get('registry_ref')),
    },
    origin_offset: {
      topic: orEmpty(origin.get('topic') ?? origin.get('stream')),
      partition: at(origin, 'partition'),
      offset: orEmpty(origin.get('offset')),
      offset_kind: orEmpty(origin.get('offset_kind')),
    },
  }).slice(0, 32);
  return {
    decision_id: decisionId,
    decision_response_event_id: recipeHash('df.decision_response.event_id.v1', {
      source_event_id: at(input, 'source_event_id'),
      decision_scope: at(input, 'decision_scope'),
      pin_scope: pinScope,
    }),
    action_intent_event_id: recipeHash('df.action_intent.event_id.v1', action),
    action_idempotency_key: recipeHash('df.action_intent.idempotency_key.v1', action),
    action_id: sha256Hex32(`${decisionId}:${orEmpty(input.get('action_kind'))}`),
  };
}

export const referenceOutcomeId = (identity: JsonObject): string =>
  canonicalHash(identity).slice(0, 32);
export const referenceBindingHash = (input: JsonObject): string => canonicalHash(input);

export function referenceSnapshotHash(snapshot: JsonObject): string {
  for (const name of ['pins', 'eb_offset_basis', 'as_of_time_utc', 'feature_groups']) {
    if (!snapshot.has(name)) return 'MISSING_PROVENANCE';
  }
  const groups = asList(snapshot.get('feature_groups'))
    .map((group) => ({
      name: orEmpty(asObject(group).get('name')),
      version: orEmpty(asObject(group).get('version')),
    }))
    .sort((left, right) => compareCodePoints(left.name, right.name));
  return canonicalHash({
    pins: at(snapshot, 'pins'),
    as_of_time_utc: at(snapshot, 'as_of_time_utc'),
    feature_groups: groups,
    feature_def_policy_rev: at(snapshot, 'feature_def_policy_rev'),
    eb_offset_basis: at(snapshot, 'eb_offset_basis'),
    graph_version: at(snapshot, 'graph_version'),
    run_config_digest: at(snapshot, 'run_config_digest'),
    features: at(snapshot, 'features'),
    freshness: at(snapshot, 'freshness'),
  });
}

export function referenceFingerprint(identity: JsonObject): string {
  const basis = asList(identity.get('replay_basis')).map((row) => {
    const range = asObject(row);
    return {
      topic: orEmpty(range.get('topic')),
      partition: at(range, 'partition'),
      offset_kind: orEmpty(range.get('offset_kind')),
      start_offset: orEmpty(range.get('start_offset')),
      end_offset: orEmpty(range.get('end_offset')),
    };
  });
  basis.sort(
    (left, right) =>
      compareCodePoints(left.topic, right.topic) ||
      Number(orEmpty(left.partition)) - Number(orEmpty(right.partition)) ||
      compareCodePoints(left.offset_kind, right.offset_kind) ||
      compareCodePoints(left.start_offset, right.start_offset) ||
      compareCodePoints(left.end_offset, right.end_offset),
  );
  const runs = asList(identity.get('scenario_run_ids')).map((run) => orEmpty(run));
  const payload: Record<string, Canonical> = {
    scenario_run_ids: runs.sort(compareCodePoints),
    replay_basis: basis,
    filters: identity.get('filters') ?? {},
  };
  for (const name of IDENTITY_FIELDS) payload[name] = at(identity, name);
  return recipeHash('ofs.dataset_fingerprint.v1', payload);
}
