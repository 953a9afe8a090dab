/**
 * Ids of events, dedupe, partitions, receipts and entities. All are sha256 over text that the
 * platform's contract fixes; every recipe has a vector file (test/vectors/platform/README.md says
 * where ours differs and why).
 *
 * source: spec/platform.md 2.4, 5, 6, 10, 22; ruling 16.
 */
import { canonicalText, type Canonical } from './canonical.js';
import { DivertError } from './errors.js';
import { JsonNumber, type JsonObject, type JsonValue } from './json-text.js';
import { sha256Bytes, sha256Hex, sha256Hex32 } from './sha256.js';

/** Python's str() of a scalar, as the reference builds its pre-images; an object or list has none here. */
export function scalarText(value: JsonValue): string {
  if (typeof value === 'string') return value;
  if (value instanceof JsonNumber) return value.text;
  if (value === true) return 'True';
  if (value === false) return 'False';
  if (value === null) return 'None';
  throw new DivertError('SCHEMA_FAIL', 'a key field holds an object or a list');
}

/** Primary keys of the engine's outputs, in catalogue order. */
export const PRIMARY_KEYS = {
  arrival_events_5B: ['seed', 'manifest_fingerprint', 'scenario_id', 'merchant_id', 'arrival_seq'],
  s1_arrival_entities_6B: [
    'seed',
    'manifest_fingerprint',
    'scenario_id',
    'merchant_id',
    'arrival_seq',
  ],
  s3_flow_anchor_with_fraud_6B: ['seed', 'manifest_fingerprint', 'scenario_id', 'flow_id'],
  s2_flow_anchor_baseline_6B: ['seed', 'manifest_fingerprint', 'scenario_id', 'flow_id'],
  s3_event_stream_with_fraud_6B: [
    'seed',
    'manifest_fingerprint',
    'scenario_id',
    'flow_id',
    'event_seq',
  ],
  s2_event_stream_baseline_6B: [
    'seed',
    'manifest_fingerprint',
    'scenario_id',
    'flow_id',
    'event_seq',
  ],
} as const;
export type EngineOutput = keyof typeof PRIMARY_KEYS;

/**
 * event_id of an engine row: output id, primary key values in catalogue order, then the pins that are
 * there. It names the row, not its content, so "same id, other payload" can be told (and is the same
 * in every run: the run stands in the dedupe key).
 */
export function engineEventId(
  output: string,
  keys: readonly string[],
  pins: readonly string[],
): string {
  return sha256Hex([output, ...keys, ...pins].join('|'));
}

/** event_id from a JSON row; throws DivertError SCHEMA_FAIL naming a missing primary key. */
export function engineEventIdOfRow(
  output: string,
  primaryKeys: readonly string[],
  row: JsonObject,
  pins: JsonObject,
): string {
  const keys = primaryKeys.map((name) => {
    const value = row.get(name);
    if (value === undefined || value === null) {
      throw new DivertError('SCHEMA_FAIL', `${output}: primary key ${name} is missing`);
    }
    return scalarText(value);
  });
  const present = ['manifest_fingerprint', 'parameter_hash', 'seed', 'scenario_id']
    .map((name) => pins.get(name))
    .filter((value) => value !== undefined && value !== null);
  return engineEventId(output, keys, present.map(scalarText));
}

/** The identity of an event inside a run; topic and partition are no part of it. */
export function dedupeKey(platformRunId: string, eventClass: string, eventId: string): string {
  return sha256Hex(`${platformRunId}:${eventClass}:${eventId}`);
}

/** The same as 32 bytes, for the duplicate guard. */
export function dedupeKeyBytes(platformRunId: string, eventClass: string, eventId: string): Buffer {
  return sha256Bytes(`${platformRunId}:${eventClass}:${eventId}`);
}

/** Lane of the streamer: first 8 bytes of sha256(event_id), big endian, modulo the lanes. */
export function streamerLane(eventId: string, lanes: number): number {
  return Number(sha256Bytes(eventId).readBigUInt64BE(0) % BigInt(lanes));
}

export type GateDecision = 'ADMIT' | 'DUPLICATE' | 'QUARANTINE';

/** Receipt id, scoped by the dedupe key (ruling 16): the reference's would lose a second run's receipts. */
export const receiptId = (decision: GateDecision, dedupe: string): string =>
  sha256Hex32(`${decision}:${dedupe}`);

export interface QuarantineIdentity {
  /** Dedupe key, or sha256 hex of the body when the envelope could not be read. */
  readonly subject: string;
  /** payload_hash hex, or empty when it could not be computed. */
  readonly payloadHash: string;
  readonly reason: string;
}

/** Quarantine id (ruling 16): another payload or another reason is another record. */
export const quarantineId = ({ subject, payloadHash, reason }: QuarantineIdentity): string =>
  sha256Hex32(`QUARANTINE:${subject}:${payloadHash}:${reason}`);

export const ENTITY_TYPES = [
  'merchant',
  'party',
  'account',
  'instrument',
  'device',
  'ip',
  'session',
  'flow',
] as const;
export type EntityType = (typeof ENTITY_TYPES)[number];

/** The pins an entity lives under; what a record lacks is the empty text. */
export interface EntityPins {
  readonly platform_run_id: string;
  readonly manifest_fingerprint: string;
  readonly parameter_hash: string;
  readonly seed: string;
  readonly scenario_id: string;
  readonly scenario_run_id: string;
  readonly run_id: string;
}

/** The pin part of an entity id; constant for a run, so compute it once. */
export function entityScope(pins: EntityPins): string {
  return [
    pins.platform_run_id,
    pins.manifest_fingerprint,
    pins.parameter_hash,
    pins.seed,
    pins.scenario_id,
    pins.scenario_run_id,
    pins.run_id,
  ].join('|');
}

/** entity_id of an identifier `<type>_id` in a scope. */
export function entityId(type: EntityType, value: string, scope: string): string {
  return sha256Hex(`${type}:${type}_id:${value}:${scope}`);
}

export interface GovernanceIdentity {
  readonly family: string;
  readonly platformRunId: string;
  readonly scenarioRunId: string;
  readonly sourceComponent: string;
  /** When there is none, the canonical details stand in its place. */
  readonly dedupeKey: string | null;
  readonly details: Canonical;
}

/** event_id of a governance fact. */
export function governanceEventId(fact: GovernanceIdentity): string {
  const last = fact.dedupeKey ?? canonicalText(fact.details);
  return sha256Hex(
    [fact.family, fact.platformRunId, fact.scenarioRunId, fact.sourceComponent, last].join('|'),
  );
}
