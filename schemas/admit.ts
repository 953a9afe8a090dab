/**
 * From the JSON text of a canonical envelope to the admitted record of its topic: the border where
 * payload_hash is computed, once, and after which nothing is JSON.
 *
 * Order of checks: JSON, envelope, class and pins, schema version, payload, pins of both. The first
 * that fails is thrown as a DivertError with its code; nothing is half admitted.
 *
 * source: spec/platform.md 6; rulings 7 to 9.
 */
import { canonicalHash, canonicalText } from './canonical.js';
import { DivertError } from './errors.js';
import {
  classProblem,
  envelopeProblem,
  payloadProblem,
  pinsProblem,
  type Problem,
} from './envelope.js';
import type {
  AdmissionOrigin,
  AdmittedArrival,
  ArrivalPayload,
} from './generated/admitted-arrival.js';
import type { AdmittedEntities, EntitiesPayload } from './generated/admitted-entities.js';
import type { AdmittedFlowAnchor, FlowAnchorPayload } from './generated/admitted-flow-anchor.js';
import type { AdmittedTraffic, TrafficPayload } from './generated/admitted-traffic.js';
import type { EngineOutput } from './ids.js';
import { JsonError, JsonNumber, parseJson, type JsonObject, type JsonValue } from './json-text.js';
import { PAYLOAD_CONTRACTS } from './payload-contract.js';
import { payloadHashOfJson, payloadTextOfJson, type AdmittedEvent } from './payload-hash.js';
import { sha256Hex } from './sha256.js';
import { topics } from './topics.js';
import type { Topic } from './topic.js';
import { parseUtcMicros } from './utc-time.js';

/** An admitted event with the topic it belongs to; `output` tells which. */
export type Admitted =
  | {
      readonly output: 'traffic';
      readonly topic: Topic<AdmittedTraffic>;
      readonly event: AdmittedTraffic;
    }
  | {
      readonly output: 'arrival';
      readonly topic: Topic<AdmittedArrival>;
      readonly event: AdmittedArrival;
    }
  | {
      readonly output: 'entities';
      readonly topic: Topic<AdmittedEntities>;
      readonly event: AdmittedEntities;
    }
  | {
      readonly output: 'anchor';
      readonly topic: Topic<AdmittedFlowAnchor>;
      readonly event: AdmittedFlowAnchor;
    };

function refuse(problem: Problem | null): void {
  if (problem !== null) throw new DivertError(problem.code, problem.message);
}

/** Parses and checks an envelope; throws DivertError with the first problem's code. */
export function checkedEnvelope(json: string): JsonObject {
  let envelope: JsonValue;
  try {
    envelope = parseJson(json);
  } catch (cause) {
    if (!(cause instanceof JsonError)) throw cause;
    throw new DivertError('ENVELOPE_INVALID', `not JSON: ${cause.message}`, { cause });
  }
  refuse(envelopeProblem(envelope));
  const object = envelope as JsonObject;
  refuse(classProblem(object));
  refuse(
    payloadProblem(
      textAt(object, 'event_type'),
      object.get('schema_version'),
      object.get('payload'),
    ),
  );
  refuse(pinsProblem(object, object.get('payload') as JsonObject));
  return object;
}

/** envelope_hash, hex64: the whole envelope, its payload's doubles spelled as doubles. */
export function envelopeHash(envelope: JsonObject): string {
  const payload = envelope.get('payload');
  if (!(payload instanceof Map)) return canonicalHash(envelope);
  const text = payloadTextOfJson(textAt(envelope, 'event_type'), payload as JsonObject);
  return sha256Hex(
    canonicalText(new Map([...envelope, ['payload', new JsonNumber('integer', text)]])),
  );
}

// The readers below run after the checks, so a value is of its kind or absent.
const textAt = (object: JsonObject, name: string): string => {
  const value = object.get(name);
  return value instanceof JsonNumber ? value.text : (value as string);
};
const textOrNull = (object: JsonObject, name: string): string | null => {
  const value = object.get(name);
  return value === undefined || value === null ? null : textAt(object, name);
};
const numberAt = (object: JsonObject, name: string): number => Number(textAt(object, name));
const numberOrNull = (object: JsonObject, name: string): number | null => {
  const text = textOrNull(object, name);
  return text === null ? null : Number(text);
};
const flagOrNull = (object: JsonObject, name: string): boolean | null =>
  (object.get(name) as boolean | undefined) ?? null;
const microsAt = (object: JsonObject, name: string): number => {
  const micros = parseUtcMicros(textAt(object, name));
  if (micros === undefined) throw new DivertError('ENVELOPE_INVALID', `${name} is no UTC time`);
  return micros;
};

/** Undeclared fields, and declared ones sent as null, by their canonical text. */
function extraOf(eventType: EngineOutput, payload: JsonObject): Readonly<Record<string, string>> {
  const { byName } = PAYLOAD_CONTRACTS[eventType];
  const extra: [string, string][] = [];
  for (const [name, value] of payload) {
    if (!byName.has(name) || value === null) extra.push([name, canonicalText(value)]);
  }
  return Object.fromEntries(extra);
}

function commonOf(envelope: JsonObject, payload: JsonObject, origin: AdmissionOrigin | null) {
  const eventType = textAt(envelope, 'event_type');
  return {
    event_id: textAt(envelope, 'event_id'),
    event_type: eventType,
    schema_version: textAt(envelope, 'schema_version'),
    ts_utc_micros: microsAt(envelope, 'ts_utc'),
    platform_run_id: textAt(envelope, 'platform_run_id'),
    scenario_run_id: textAt(envelope, 'scenario_run_id'),
    run_id: textAt(envelope, 'run_id'),
    manifest_fingerprint: textAt(envelope, 'manifest_fingerprint'),
    parameter_hash: textAt(envelope, 'parameter_hash'),
    scenario_id: textAt(envelope, 'scenario_id'),
    scenario_id_integer: envelope.get('scenario_id') instanceof JsonNumber,
    seed: textAt(envelope, 'seed'),
    payload_hash: payloadHashOfJson(eventType, payload),
    parent_event_id: textOrNull(envelope, 'parent_event_id'),
    emitted_at_utc_micros: envelope.has('emitted_at_utc')
      ? microsAt(envelope, 'emitted_at_utc')
      : null,
    trace_id: textOrNull(envelope, 'trace_id'),
    span_id: textOrNull(envelope, 'span_id'),
    producer: textOrNull(envelope, 'producer'),
    origin,
  };
}

const trafficOf = (payload: JsonObject): TrafficPayload => ({
  flow_id: textAt(payload, 'flow_id'),
  event_seq: numberAt(payload, 'event_seq'),
  event_type: textAt(payload, 'event_type'),
  ts_utc_micros: microsAt(payload, 'ts_utc'),
  amount: numberAt(payload, 'amount'),
  fraud_flag: flagOrNull(payload, 'fraud_flag'),
  campaign_id: textOrNull(payload, 'campaign_id'),
});

const anchorOf = (payload: JsonObject): FlowAnchorPayload => ({
  flow_id: textAt(payload, 'flow_id'),
  merchant_id: textAt(payload, 'merchant_id'),
  arrival_seq: numberAt(payload, 'arrival_seq'),
  ts_utc_micros: microsAt(payload, 'ts_utc'),
  party_id: textAt(payload, 'party_id'),
  account_id: textAt(payload, 'account_id'),
  instrument_id: textAt(payload, 'instrument_id'),
  device_id: textAt(payload, 'device_id'),
  ip_id: textAt(payload, 'ip_id'),
  amount: numberAt(payload, 'amount'),
  fraud_flag: flagOrNull(payload, 'fraud_flag'),
  campaign_id: textOrNull(payload, 'campaign_id'),
});

const entitiesOf = (payload: JsonObject): EntitiesPayload => ({
  merchant_id: textAt(payload, 'merchant_id'),
  arrival_seq: numberAt(payload, 'arrival_seq'),
  ts_utc_micros: microsAt(payload, 'ts_utc'),
  party_id: textAt(payload, 'party_id'),
  account_id: textAt(payload, 'account_id'),
  instrument_id: textAt(payload, 'instrument_id'),
  device_id: textAt(payload, 'device_id'),
  ip_id: textAt(payload, 'ip_id'),
  session_id: textAt(payload, 'session_id'),
  extra: extraOf('s1_arrival_entities_6B', payload),
});

const arrivalOf = (payload: JsonObject): ArrivalPayload => ({
  merchant_id: textAt(payload, 'merchant_id'),
  arrival_seq: numberAt(payload, 'arrival_seq'),
  ts_utc_micros: microsAt(payload, 'ts_utc'),
  zone_representation: textAt(payload, 'zone_representation'),
  bucket_index: numberAt(payload, 'bucket_index'),
  tzid_primary: textAt(payload, 'tzid_primary'),
  ts_local_primary: textAt(payload, 'ts_local_primary'),
  is_virtual: payload.get('is_virtual') === true,
  channel_group: textOrNull(payload, 'channel_group'),
  tzid_settlement: textOrNull(payload, 'tzid_settlement'),
  ts_local_settlement: textOrNull(payload, 'ts_local_settlement'),
  tzid_operational: textOrNull(payload, 'tzid_operational'),
  ts_local_operational: textOrNull(payload, 'ts_local_operational'),
  site_id: textOrNull(payload, 'site_id'),
  edge_id: textOrNull(payload, 'edge_id'),
  routing_universe_hash: textOrNull(payload, 'routing_universe_hash'),
  lambda_realised: numberOrNull(payload, 'lambda_realised'),
  s4_spec_version: textOrNull(payload, 's4_spec_version'),
  extra: extraOf('arrival_events_5B', payload),
});

/**
 * The admitted record of an envelope. Throws DivertError: ENVELOPE_INVALID, SCHEMA_POLICY_MISSING,
 * PINS_MISSING, SCHEMA_VERSION_REQUIRED, SCHEMA_VERSION_NOT_ALLOWED, SCHEMA_FAIL, PINS_MISMATCH.
 */
export function admit(json: string, origin: AdmissionOrigin | null): Admitted {
  const envelope = checkedEnvelope(json);
  const payload = envelope.get('payload') as JsonObject;
  const common = commonOf(envelope, payload, origin);
  const eventType = common.event_type as EngineOutput;
  switch (eventType) {
    case 's3_event_stream_with_fraud_6B':
    case 's2_event_stream_baseline_6B': {
      const fraud = eventType === 's3_event_stream_with_fraud_6B';
      return {
        output: 'traffic',
        topic: fraud ? topics.traffic : topics.trafficBaseline,
        event: {
          ...common,
          event_class: fraud ? 'traffic_fraud' : 'traffic_baseline',
          payload: trafficOf(payload),
        },
      };
    }
    case 's3_flow_anchor_with_fraud_6B':
    case 's2_flow_anchor_baseline_6B': {
      const fraud = eventType === 's3_flow_anchor_with_fraud_6B';
      return {
        output: 'anchor',
        topic: fraud ? topics.flowAnchors : topics.flowAnchorsBaseline,
        event: {
          ...common,
          event_class: fraud ? 'context_flow_fraud' : 'context_flow_baseline',
          payload: anchorOf(payload),
        },
      };
    }
    case 'arrival_events_5B':
      return {
        output: 'arrival',
        topic: topics.arrivals,
        event: { ...common, event_class: 'context_arrival', payload: arrivalOf(payload) },
      };
    case 's1_arrival_entities_6B':
      return {
        output: 'entities',
        topic: topics.entities,
        event: { ...common, event_class: 'context_arrival_entities', payload: entitiesOf(payload) },
      };
  }
}

export type { AdmittedEvent };
