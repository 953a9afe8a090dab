/**
 * payload_hash v1: sha256 over the canonical text of {event_type, payload, schema_version}, typed by the
 * payload's schema (ruling 7): a declared double is spelled as a double (12 is 12.0), ids by their
 * digits, undeclared fields as they were spelled.
 *
 * Two ways to the same text. H1: from JSON, once, at admission. H2: from the decoded Avro record, to
 * check what is carried; the keys are written in code point order and nothing is sorted unless there
 * are undeclared fields.
 *
 * source: spec/platform.md 1.1 to 1.4, 6; rulings 7 and 9; vector payload_hash.
 */
import {
  canonicalText,
  compareCodePoints,
  double,
  stringText,
  type Canonical,
} from './canonical.js';
import { SCHEMA_VERSION } from './envelope.js';
import type { AdmittedArrival } from './generated/admitted-arrival.js';
import type { AdmittedEntities } from './generated/admitted-entities.js';
import type { AdmittedFlowAnchor } from './generated/admitted-flow-anchor.js';
import type { AdmittedTraffic } from './generated/admitted-traffic.js';
import { doubleText, JsonNumber, type JsonObject } from './json-text.js';
import { isEngineOutput, PAYLOAD_CONTRACTS } from './payload-contract.js';
import { sha256Bytes } from './sha256.js';
import { formatUtcMicros } from './utc-time.js';

/** H1: canonical text of a payload as JSON, its declared doubles spelled as doubles. */
export function payloadTextOfJson(eventType: string, payload: JsonObject): string {
  if (!isEngineOutput(eventType)) return canonicalText(payload);
  const { byName } = PAYLOAD_CONTRACTS[eventType];
  const typed = new Map<string, Canonical>(payload);
  for (const [name, value] of payload) {
    if (byName.get(name)?.kind === 'double' && value instanceof JsonNumber) {
      typed.set(name, double(Number(value.text)));
    }
  }
  return canonicalText(typed);
}

/** The pre-image of payload_hash around a payload's canonical text. */
export const hashedText = (eventType: string, payloadText: string, schemaVersion: string): string =>
  `{"event_type":${stringText(eventType)},"payload":${payloadText},"schema_version":${stringText(schemaVersion)}}`;

/** H1: payload_hash from JSON, 32 bytes. */
export const payloadHashOfJson = (eventType: string, payload: JsonObject): Buffer =>
  sha256Bytes(hashedText(eventType, payloadTextOfJson(eventType, payload), SCHEMA_VERSION));

export type AdmittedEvent =
  AdmittedTraffic | AdmittedArrival | AdmittedEntities | AdmittedFlowAnchor;

interface PayloadPins {
  readonly manifest_fingerprint: string;
  readonly parameter_hash: string;
  readonly scenario_id: string;
  readonly seed: string;
}
const manifest = (event: PayloadPins): string =>
  `"manifest_fingerprint":${stringText(event.manifest_fingerprint)}`;
const parameters = (event: PayloadPins): string =>
  `"parameter_hash":${stringText(event.parameter_hash)}`;
const scenario = (event: PayloadPins): string =>
  `"scenario_id":${stringText(event.scenario_id)},"seed":${event.seed}`;
const utc = (micros: number): string => `"ts_utc":"${formatUtcMicros(micros)}"`;

interface Truth {
  readonly fraud_flag: boolean | null;
  readonly campaign_id: string | null;
}
const campaign = (payload: Truth, hasTruth: boolean): string =>
  hasTruth
    ? `"campaign_id":${payload.campaign_id === null ? 'null' : stringText(payload.campaign_id)},`
    : '';
const fraud = (payload: Truth, hasTruth: boolean): string =>
  hasTruth ? `"fraud_flag":${payload.fraud_flag ?? 'null'},` : '';

function trafficText(event: AdmittedTraffic): string {
  const { payload } = event;
  const hasTruth = event.event_class === 'traffic_fraud';
  return (
    `{"amount":${doubleText(payload.amount)},${campaign(payload, hasTruth)}` +
    `"event_seq":${payload.event_seq},"event_type":${stringText(payload.event_type)},` +
    `"flow_id":${payload.flow_id},${fraud(payload, hasTruth)}${manifest(event)},${parameters(event)},` +
    `${scenario(event)},${utc(payload.ts_utc_micros)}}`
  );
}

function anchorText(event: AdmittedFlowAnchor): string {
  const { payload } = event;
  const hasTruth = event.event_class === 'context_flow_fraud';
  return (
    `{"account_id":${payload.account_id},"amount":${doubleText(payload.amount)},` +
    `"arrival_seq":${payload.arrival_seq},${campaign(payload, hasTruth)}"device_id":${payload.device_id},` +
    `"flow_id":${payload.flow_id},${fraud(payload, hasTruth)}"instrument_id":${payload.instrument_id},` +
    `"ip_id":${payload.ip_id},${manifest(event)},"merchant_id":${payload.merchant_id},` +
    `${parameters(event)},"party_id":${payload.party_id},${scenario(event)},${utc(payload.ts_utc_micros)}}`
  );
}

/** Members in code point order, with the undeclared ones put in their places. */
function withExtra(members: readonly string[], extra: Readonly<Record<string, string>>): string {
  const names = Object.keys(extra);
  if (names.length === 0) return `{${members.join(',')}}`;
  const keyed = members.map((member) => ({ key: member.slice(1, member.indexOf('":')), member }));
  for (const name of names) {
    keyed.push({ key: name, member: `${stringText(name)}:${extra[name] ?? 'null'}` });
  }
  keyed.sort((left, right) => compareCodePoints(left.key, right.key));
  return `{${keyed.map((entry) => entry.member).join(',')}}`;
}

function entitiesText(event: AdmittedEntities): string {
  const { payload } = event;
  return withExtra(
    [
      `"account_id":${payload.account_id}`,
      `"arrival_seq":${payload.arrival_seq}`,
      `"device_id":${payload.device_id}`,
      `"instrument_id":${payload.instrument_id}`,
      `"ip_id":${payload.ip_id}`,
      manifest(event),
      `"merchant_id":${payload.merchant_id}`,
      parameters(event),
      `"party_id":${payload.party_id}`,
      `"scenario_id":${stringText(event.scenario_id)}`,
      `"seed":${event.seed}`,
      `"session_id":${payload.session_id}`,
      utc(payload.ts_utc_micros),
    ],
    payload.extra,
  );
}

const text = (name: string, value: string | null): string =>
  value === null ? '' : `"${name}":${stringText(value)}`;
const digits = (name: string, value: string | null): string =>
  value === null ? '' : `"${name}":${value}`;

function arrivalText(event: AdmittedArrival): string {
  const { payload } = event;
  const members = [
    `"arrival_seq":${payload.arrival_seq}`,
    `"bucket_index":${payload.bucket_index}`,
    text('channel_group', payload.channel_group),
    digits('edge_id', payload.edge_id),
    `"is_virtual":${payload.is_virtual}`,
    payload.lambda_realised === null
      ? ''
      : `"lambda_realised":${doubleText(payload.lambda_realised)}`,
    manifest(event),
    `"merchant_id":${payload.merchant_id}`,
    parameters(event),
    text('routing_universe_hash', payload.routing_universe_hash),
    text('s4_spec_version', payload.s4_spec_version),
    `"scenario_id":${stringText(event.scenario_id)}`,
    `"seed":${event.seed}`,
    digits('site_id', payload.site_id),
    text('ts_local_operational', payload.ts_local_operational),
    text('ts_local_primary', payload.ts_local_primary),
    text('ts_local_settlement', payload.ts_local_settlement),
    utc(payload.ts_utc_micros),
    text('tzid_operational', payload.tzid_operational),
    text('tzid_primary', payload.tzid_primary),
    text('tzid_settlement', payload.tzid_settlement),
    text('zone_representation', payload.zone_representation),
  ];
  return withExtra(
    members.filter((member) => member !== ''),
    payload.extra,
  );
}

/** H2: canonical text of an admitted event's payload. */
export function payloadText(event: AdmittedEvent): string {
  switch (event.event_class) {
    case 'traffic_fraud':
    case 'traffic_baseline':
      return trafficText(event);
    case 'context_flow_fraud':
    case 'context_flow_baseline':
      return anchorText(event);
    case 'context_arrival':
      return arrivalText(event);
    case 'context_arrival_entities':
      return entitiesText(event);
  }
}

/** H2: payload_hash of an admitted event, 32 bytes, recomputed from what it carries. */
export const payloadHashOf = (event: AdmittedEvent): Buffer =>
  sha256Bytes(hashedText(event.event_type, payloadText(event), event.schema_version));
