/**
 * The inlet: admitted events become facts, or go to quarantine with the reason.
 *
 * in: one admitted event as decoded. out: one fact per event. state: none (traffic-dedup.ts holds the
 * guard). time: the position; event times stay microseconds since 1970. fails: PINS_MISSING,
 * ENVELOPE_INVALID, SCHEMA_POLICY_MISSING, SCHEMA_VERSION_NOT_ALLOWED, SCHEMA_FAIL, AMOUNT_RANGE,
 * PAYLOAD_HASH_MISMATCH. crash: none.
 * source: spec/platform.md 1.4 to 1.7, 2, 3; rulings 7 and 8; scenarios 24, 25, 51, 66.
 *
 * I1. A fact has no field for fraud_flag and campaign_id: what is not there cannot leak.
 * I2. Money is minor units, ids are decimal digits of a uint64, times are whole microseconds.
 * I3. One payload hash in 64, by its own first byte, is computed again from what is carried.
 */
import { amountMinor } from '../../schemas/amount.js';
import { DivertError } from '../../schemas/errors.js';
import type { AdmittedArrival } from '../../schemas/generated/admitted-arrival.js';
import type { AdmittedEntities } from '../../schemas/generated/admitted-entities.js';
import type { AdmittedFlowAnchor } from '../../schemas/generated/admitted-flow-anchor.js';
import type { AdmittedTraffic } from '../../schemas/generated/admitted-traffic.js';
import { dedupeKey } from '../../schemas/ids.js';
import { SCHEMA_VERSION } from '../../schemas/envelope.js';
import { CLASS_MAP } from '../../schemas/payload-contract.js';
import { payloadHashOf, type AdmittedEvent } from '../../schemas/payload-hash.js';
import type { EntityKind } from '../features/feature-request.js';
import type { Position } from '../signal.js';
import { isUint64, pinsOf, type EventPins } from './event-pins.js';

/** Where a public record stands in the log. */
export interface Origin {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
}

/** A public record that a decision can rest on. */
export interface EventFact {
  readonly eventId: string;
  /** Engine output id. */
  readonly eventType: string;
  /** 32 bytes, as carried. */
  readonly payloadHash: Buffer;
  readonly origin: Origin;
}

export interface TrafficFact extends EventFact {
  readonly eventClass: string;
  readonly flowId: string;
  readonly eventSeq: number;
  /** AUTH_REQUEST, AUTH_RESPONSE, ... */
  readonly kind: string;
  readonly tsMicros: number;
  readonly amountMinor: number;
  readonly pins: EventPins;
}

export type EntityIds = Readonly<Record<EntityKind, string>>;

export const CONTEXT_ROLES = ['arrival_events', 'arrival_entities', 'flow_anchor'] as const;
export type FrameRole = (typeof CONTEXT_ROLES)[number];

/** One of the three records of a join frame. */
export interface ContextFact extends EventFact {
  readonly role: FrameRole;
  readonly merchantId: string;
  readonly arrivalSeq: number;
  readonly tsMicros: number;
  readonly pins: EventPins;
  /** Of the anchor only: no other role binds (scenario 42). */
  readonly binds: { readonly flowId: string; readonly ids: EntityIds } | null;
}

/** Event types of traffic payloads; the envelope's event_type is another thing. */
export const TRAFFIC_KINDS: ReadonlySet<string> = new Set([
  'AUTH_REQUEST',
  'AUTH_RESPONSE',
  'STEP_UP_CHALLENGE',
  'STEP_UP_COMPLETE',
  'CLEARING',
  'REFUND',
  'REVERSAL',
]);

/** I3: hashes whose first byte is below this are computed again. */
const RECHECKED_BELOW = 4;
const HASH_BYTES = 32;

const refuse = (message: string): never => {
  throw new DivertError('SCHEMA_FAIL', message);
};

function checkEnvelope(event: AdmittedEvent): void {
  const known = CLASS_MAP.get(event.event_type);
  if (known === undefined) {
    throw new DivertError(
      'SCHEMA_POLICY_MISSING',
      `event_type ${event.event_type.slice(0, 64)} is in no class`,
    );
  }
  if (known.name !== event.event_class) {
    throw new DivertError(
      'ENVELOPE_INVALID',
      `event_type ${event.event_type} has class ${known.name}, not ${event.event_class}`,
    );
  }
  if (event.schema_version !== SCHEMA_VERSION) {
    throw new DivertError(
      'SCHEMA_VERSION_NOT_ALLOWED',
      `schema_version is ${event.schema_version.slice(0, 64)}, allowed is ${SCHEMA_VERSION}`,
    );
  }
  if (event.event_id.length < 1 || event.event_id.length > 256) {
    throw new DivertError('ENVELOPE_INVALID', 'event_id is not 1 to 256 characters');
  }
  if (!Number.isSafeInteger(event.ts_utc_micros)) refuse('ts_utc is out of range');
}

/** I3. */
function checkHash(event: AdmittedEvent): void {
  const carried = event.payload_hash;
  const absent = carried.length !== HASH_BYTES || carried.every((byte) => byte === 0);
  if (!absent && (carried[0] ?? 0) >= RECHECKED_BELOW) return;
  const computed = payloadHashOf(event);
  if (!absent && computed.equals(carried)) return;
  throw new DivertError(
    'PAYLOAD_HASH_MISMATCH',
    absent ? 'the record carries no payload_hash' : 'the payload does not hash to what is carried',
    {
      subject: {
        run: event.platform_run_id,
        dedupeKey: dedupeKey(event.platform_run_id, event.event_class, event.event_id),
        payloadHash: computed.toString('hex'),
        firstPayloadHash: carried.toString('hex'),
      },
    },
  );
}

const originOf = (at: Position): Origin => ({
  topic: at.topic,
  partition: at.partition,
  offset: at.offset,
});

function checkId(name: string, value: string, least: '0' | '1'): string {
  if (!isUint64(value) || (least === '1' && value === '0')) {
    refuse(`payload.${name} is not a whole number from ${least} to 2^64-1`);
  }
  return value;
}

function checkPlace(payload: { readonly merchant_id: string; readonly arrival_seq: number }): void {
  checkId('merchant_id', payload.merchant_id, '1');
  if (!Number.isSafeInteger(payload.arrival_seq) || payload.arrival_seq < 1) {
    refuse('payload.arrival_seq is not a whole number from 1');
  }
}

/** A traffic event as a fact (I1, I2). */
export function trafficFact(event: AdmittedTraffic, at: Position): TrafficFact {
  checkEnvelope(event);
  const pins = pinsOf(event);
  const { payload } = event;
  checkId('flow_id', payload.flow_id, '0');
  if (!Number.isSafeInteger(payload.event_seq) || payload.event_seq < 0) {
    refuse('payload.event_seq is not a whole number from 0');
  }
  if (!TRAFFIC_KINDS.has(payload.event_type)) {
    refuse(`payload.event_type ${payload.event_type.slice(0, 64)} is not in the vocabulary`);
  }
  checkHash(event);
  return {
    eventId: event.event_id,
    eventType: event.event_type,
    eventClass: event.event_class,
    payloadHash: event.payload_hash,
    origin: originOf(at),
    flowId: payload.flow_id,
    eventSeq: payload.event_seq,
    kind: payload.event_type,
    tsMicros: event.ts_utc_micros,
    amountMinor: amountMinor(payload.amount),
    pins,
  };
}

function contextFact(
  event: AdmittedArrival | AdmittedEntities | AdmittedFlowAnchor,
  role: FrameRole,
  at: Position,
): ContextFact {
  checkEnvelope(event);
  const pins = pinsOf(event);
  checkPlace(event.payload);
  checkHash(event);
  return {
    role,
    eventId: event.event_id,
    eventType: event.event_type,
    payloadHash: event.payload_hash,
    origin: originOf(at),
    merchantId: event.payload.merchant_id,
    arrivalSeq: event.payload.arrival_seq,
    tsMicros: event.ts_utc_micros,
    pins,
    binds: role === 'flow_anchor' ? bindingOf(event as AdmittedFlowAnchor) : null,
  };
}

function bindingOf({ payload }: AdmittedFlowAnchor): ContextFact['binds'] {
  amountMinor(payload.amount);
  return {
    flowId: checkId('flow_id', payload.flow_id, '0'),
    ids: {
      account: checkId('account_id', payload.account_id, '0'),
      instrument: checkId('instrument_id', payload.instrument_id, '0'),
      device: checkId('device_id', payload.device_id, '0'),
      ip: checkId('ip_id', payload.ip_id, '0'),
      merchant: payload.merchant_id,
      party: checkId('party_id', payload.party_id, '0'),
    },
  };
}

export const arrivalFact = (event: AdmittedArrival, at: Position): ContextFact =>
  contextFact(event, 'arrival_events', at);

export function entitiesFact(event: AdmittedEntities, at: Position): ContextFact {
  const { payload } = event;
  checkId('party_id', payload.party_id, '0');
  checkId('account_id', payload.account_id, '0');
  checkId('instrument_id', payload.instrument_id, '0');
  checkId('device_id', payload.device_id, '0');
  checkId('ip_id', payload.ip_id, '0');
  checkId('session_id', payload.session_id, '0');
  return contextFact(event, 'arrival_entities', at);
}

export const anchorFact = (event: AdmittedFlowAnchor, at: Position): ContextFact =>
  contextFact(event, 'flow_anchor', at);
