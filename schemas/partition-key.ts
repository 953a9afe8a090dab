/**
 * The partition key of a record: sha256 hex of the first value along its profile that is neither null
 * nor "". The 64 hex digits are the record's key on the bus.
 *
 * Two variants of the flow anchor: `narrative` (merchant first, what weir uses: context is
 * merchant-local) and `reference` (flow first, as the reference repository does).
 *
 * source: spec/platform.md 2.4 and its [X] and [trap] lines; vector partition_key.
 */
import { DivertError } from './errors.js';
import { scalarText } from './ids.js';
import type { JsonObject, JsonValue } from './json-text.js';
import { sha256Hex } from './sha256.js';

const TRAFFIC = [
  'payload.flow_id',
  'payload.merchant_id',
  'payload.account_id',
  'payload.party_id',
  'event_id',
] as const;
const ARRIVAL = ['payload.merchant_id', 'payload.arrival_seq', 'event_id'] as const;
const ANCHOR_NARRATIVE = ARRIVAL;
const ANCHOR_REFERENCE = [
  'payload.flow_id',
  'payload.merchant_id',
  'payload.arrival_seq',
  'event_id',
] as const;
const ACTION = [
  'payload.idempotency_key',
  'payload.decision_id',
  'payload.pins.platform_run_id',
  'payload.pins.scenario_run_id',
  'event_id',
] as const;

/** Key precedence per profile, with the narrative's flow anchors. */
export const PARTITION_PROFILES = {
  traffic: TRAFFIC,
  'traffic.fraud': TRAFFIC,
  'traffic.baseline': TRAFFIC,
  'context.arrival_events': ARRIVAL,
  'context.arrival_entities': ARRIVAL,
  'context.flow_anchor.fraud': ANCHOR_NARRATIVE,
  'context.flow_anchor.baseline': ANCHOR_NARRATIVE,
  'rtdl.decision': [
    'payload.source_event.event_id',
    'payload.pins.platform_run_id',
    'payload.pins.scenario_run_id',
    'event_id',
  ],
  'rtdl.action_intent': ACTION,
  'rtdl.action_outcome': ACTION,
  'case.trigger': [
    'payload.case_id',
    'payload.case_subject_key.event_id',
    'payload.pins.platform_run_id',
    'event_id',
  ],
  control: ['run_id', 'manifest_fingerprint', 'event_id'],
  audit: ['event_id', 'manifest_fingerprint'],
} as const satisfies Record<string, readonly string[]>;
export type PartitionProfile = keyof typeof PARTITION_PROFILES;

/** Key precedence as the reference has it. */
export function referencePrecedence(profile: PartitionProfile): readonly string[] {
  return profile.startsWith('context.flow_anchor.')
    ? ANCHOR_REFERENCE
    : PARTITION_PROFILES[profile];
}

function at(envelope: JsonObject, path: string): JsonValue | undefined {
  let value: JsonValue | undefined = envelope;
  for (const name of path.split('.')) {
    if (!(value instanceof Map)) return undefined;
    value = (value as JsonObject).get(name);
  }
  return value;
}

/** The text that is hashed; undefined when nothing along the profile is there. */
export function rawPartitionKey(
  envelope: JsonObject,
  precedence: readonly string[],
): string | undefined {
  for (const path of precedence) {
    const value = at(envelope, path);
    if (value !== undefined && value !== null && value !== '') return scalarText(value);
  }
  return undefined;
}

/** The partition key along a precedence; throws DivertError PARTITION_KEY_MISSING naming what it looked for. */
export function partitionKey(envelope: JsonObject, precedence: readonly string[]): string {
  const raw = rawPartitionKey(envelope, precedence);
  if (raw === undefined) {
    throw new DivertError('PARTITION_KEY_MISSING', `none of ${precedence.join(', ')} is there`);
  }
  return sha256Hex(raw);
}
