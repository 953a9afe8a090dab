/**
 * What the engine's six outputs hold, field by field, as the contract of the payload in JSON; and the
 * class map: which class, pins, topic profile an event type has. Unknown types have no class.
 *
 * Kinds are checked for real, not by pattern alone. Integers must be spelled as integers: 7.0 is
 * refused where an id is meant, since ids are hashed by their digits.
 *
 * source: spec/platform.md 1.5 to 1.7, 2.2, 3; vectors payload_schema_validation.
 */
import { compareCodePoints } from './canonical.js';
import type { EngineOutput } from './ids.js';
import { JsonNumber, type JsonValue } from './json-text.js';
import type { PartitionProfile } from './partition-key.js';
import { isLocalTime, parseUtcMicros } from './utc-time.js';

export type FieldKind =
  | 'id'
  | 'uint64'
  | 'count'
  | 'sequence'
  | 'double'
  | 'text'
  | 'zone'
  | 'flag'
  | 'hex64'
  | 'utc'
  | 'local';

const UINT64_MAX = 2n ** 64n - 1n;
const LONG_MAX = BigInt(Number.MAX_SAFE_INTEGER);
const HEX64 = /^[0-9a-f]{64}$/;
const ZONE = /^[A-Za-z][A-Za-z0-9_+-]*(\/[A-Za-z0-9_+-]+)*$/;
const TEXT_MAX = 65_536;

const integerBetween = (value: JsonValue, least: bigint, most: bigint): boolean => {
  if (!(value instanceof JsonNumber) || value.kind !== 'integer') return false;
  const number = BigInt(value.text);
  return number >= least && number <= most;
};

/** What a kind means, for messages. */
export const KIND_MEANING: Readonly<Record<FieldKind, string>> = {
  id: 'an integer from 1 to 18446744073709551615',
  uint64: 'an integer from 0 to 18446744073709551615',
  count: 'an integer from 0 to 2^53-1',
  sequence: 'an integer from 1 to 2^53-1',
  double: 'a number',
  text: 'a string',
  zone: 'an IANA time zone name',
  flag: 'true or false',
  hex64: '64 lower-case hex digits',
  utc: 'a real UTC time with 6 fraction digits and Z',
  local: 'a real local time with 6 fraction digits and no zone',
};

/** True when a JSON value is of a kind. */
export function isOfKind(value: JsonValue, kind: FieldKind): boolean {
  switch (kind) {
    case 'id':
      return integerBetween(value, 1n, UINT64_MAX);
    case 'uint64':
      return integerBetween(value, 0n, UINT64_MAX);
    case 'count':
      return integerBetween(value, 0n, LONG_MAX);
    case 'sequence':
      return integerBetween(value, 1n, LONG_MAX);
    case 'double':
      return value instanceof JsonNumber && Number.isFinite(Number(value.text));
    case 'flag':
      return typeof value === 'boolean';
    case 'text':
      return typeof value === 'string' && value.length <= TEXT_MAX;
    case 'zone':
      return typeof value === 'string' && value.length <= 64 && ZONE.test(value);
    case 'hex64':
      return typeof value === 'string' && HEX64.test(value);
    case 'utc':
      return typeof value === 'string' && parseUtcMicros(value) !== undefined;
    case 'local':
      return typeof value === 'string' && isLocalTime(value);
  }
}

export interface PayloadField {
  readonly name: string;
  readonly kind: FieldKind;
  readonly required: boolean;
  readonly nullable: boolean;
}

export interface PayloadContract {
  readonly extraAllowed: boolean;
  /** In code point order of their names. */
  readonly fields: readonly PayloadField[];
  readonly byName: ReadonlyMap<string, PayloadField>;
}

type Kinds = Readonly<Record<string, FieldKind>>;

function contract(
  extraAllowed: boolean,
  required: Kinds,
  options: { optional?: Kinds; nullable?: Kinds } = {},
): PayloadContract {
  const list = (kinds: Kinds, rest: Omit<PayloadField, 'name' | 'kind'>): PayloadField[] =>
    Object.entries(kinds).map(([name, kind]) => ({ name, kind, ...rest }));
  const fields = [
    ...list(required, { required: true, nullable: false }),
    ...list(options.optional ?? {}, { required: false, nullable: false }),
    ...list(options.nullable ?? {}, { required: false, nullable: true }),
  ].sort((left, right) => compareCodePoints(left.name, right.name));
  return { extraAllowed, fields, byName: new Map(fields.map((field) => [field.name, field])) };
}

const PINS: Kinds = {
  seed: 'uint64',
  manifest_fingerprint: 'hex64',
  parameter_hash: 'hex64',
  scenario_id: 'text',
};
const ENTITIES: Kinds = {
  merchant_id: 'uint64',
  party_id: 'uint64',
  account_id: 'uint64',
  instrument_id: 'uint64',
  device_id: 'uint64',
  ip_id: 'uint64',
};
const TRAFFIC: Kinds = {
  ...PINS,
  flow_id: 'uint64',
  event_seq: 'count',
  event_type: 'text',
  ts_utc: 'utc',
  amount: 'double',
};
const ANCHOR: Kinds = {
  ...PINS,
  ...ENTITIES,
  flow_id: 'uint64',
  arrival_seq: 'count',
  ts_utc: 'utc',
  amount: 'double',
};

/** Ground truth: `campaign_id` must be there but may be null. */
function withTruth(base: PayloadContract): PayloadContract {
  const truth: PayloadField[] = [
    { name: 'campaign_id', kind: 'text', required: true, nullable: true },
    { name: 'fraud_flag', kind: 'flag', required: true, nullable: false },
  ];
  const fields = [...base.fields, ...truth].sort((left, right) =>
    compareCodePoints(left.name, right.name),
  );
  return { ...base, fields, byName: new Map(fields.map((field) => [field.name, field])) };
}

export const PAYLOAD_CONTRACTS: Readonly<Record<EngineOutput, PayloadContract>> = {
  arrival_events_5B: contract(
    true,
    {
      ...PINS,
      merchant_id: 'id',
      zone_representation: 'text',
      bucket_index: 'count',
      arrival_seq: 'sequence',
      ts_utc: 'utc',
      tzid_primary: 'zone',
      ts_local_primary: 'local',
      is_virtual: 'flag',
    },
    {
      optional: {
        channel_group: 'text',
        routing_universe_hash: 'hex64',
        lambda_realised: 'double',
        s4_spec_version: 'text',
      },
      nullable: {
        tzid_settlement: 'zone',
        ts_local_settlement: 'local',
        tzid_operational: 'zone',
        ts_local_operational: 'local',
        site_id: 'id',
        edge_id: 'id',
      },
    },
  ),
  s1_arrival_entities_6B: contract(true, {
    ...PINS,
    ...ENTITIES,
    arrival_seq: 'count',
    ts_utc: 'utc',
    session_id: 'uint64',
  }),
  s3_flow_anchor_with_fraud_6B: withTruth(contract(false, ANCHOR)),
  s2_flow_anchor_baseline_6B: contract(false, ANCHOR),
  s3_event_stream_with_fraud_6B: withTruth(contract(false, TRAFFIC)),
  s2_event_stream_baseline_6B: contract(false, TRAFFIC),
};

export const isEngineOutput = (eventType: string): eventType is EngineOutput =>
  Object.hasOwn(PAYLOAD_CONTRACTS, eventType);

export interface EventClass {
  readonly name: string;
  readonly pins: readonly string[];
  readonly profile: PartitionProfile;
}

const RUN_PINS = [
  'platform_run_id',
  'scenario_run_id',
  'manifest_fingerprint',
  'parameter_hash',
  'seed',
  'scenario_id',
] as const;
const TRAFFIC_PINS = [...RUN_PINS, 'run_id'] as const;
const AUDIT_PINS = ['platform_run_id', 'scenario_run_id', 'manifest_fingerprint'] as const;
const engine = (name: string, profile: PartitionProfile): EventClass => ({
  name,
  pins: TRAFFIC_PINS,
  profile,
});
const own = (name: string, profile: PartitionProfile): EventClass => ({
  name,
  pins: RUN_PINS,
  profile,
});
const audit: EventClass = { name: 'audit', pins: AUDIT_PINS, profile: 'audit' };

/** The class map: event type to class, required pins and partition profile. */
export const CLASS_MAP: ReadonlyMap<string, EventClass> = new Map([
  ['s3_event_stream_with_fraud_6B', engine('traffic_fraud', 'traffic.fraud')],
  ['s2_event_stream_baseline_6B', engine('traffic_baseline', 'traffic.baseline')],
  ['arrival_events_5B', engine('context_arrival', 'context.arrival_events')],
  ['s1_arrival_entities_6B', engine('context_arrival_entities', 'context.arrival_entities')],
  ['s3_flow_anchor_with_fraud_6B', engine('context_flow_fraud', 'context.flow_anchor.fraud')],
  ['s2_flow_anchor_baseline_6B', engine('context_flow_baseline', 'context.flow_anchor.baseline')],
  ['decision_response', own('rtdl_decision', 'rtdl.decision')],
  ['action_intent', own('rtdl_action_intent', 'rtdl.action_intent')],
  ['action_outcome', own('rtdl_action_outcome', 'rtdl.action_outcome')],
  ['case_trigger', own('case_trigger', 'case.trigger')],
  ['ig.policy.activation', audit],
  ['ig.quarantine.spike', audit],
  ['ig.pull.run', audit],
  ['ig.audit.verify', audit],
]);
