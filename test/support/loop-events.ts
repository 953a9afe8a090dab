/** Admitted events of a small run, with real payload hashes, for tests of the decision loop. */
import { createHash } from 'node:crypto';
import type { DriverInput } from '../../runner/driver.js';
import type { AdmittedArrival } from '../../schemas/generated/admitted-arrival.js';
import type { AdmittedEntities } from '../../schemas/generated/admitted-entities.js';
import type { AdmittedFlowAnchor } from '../../schemas/generated/admitted-flow-anchor.js';
import type { AdmittedTraffic } from '../../schemas/generated/admitted-traffic.js';
import { payloadHashOf, type AdmittedEvent } from '../../schemas/payload-hash.js';

export const RUN = 'platform_20260101T000000Z';
export const OTHER_RUN = 'platform_20260102T000000Z';
/** 2026-01-05T10:00:00Z, a Monday. */
export const BASE_MS = 1_767_607_200_000;

export interface FlowPlan {
  readonly run?: string;
  readonly scenarioRun?: string;
  readonly flowId: string;
  readonly merchantId?: string;
  readonly arrivalSeq?: number;
  readonly account?: string;
  readonly instrument?: string;
  readonly device?: string;
  readonly ip?: string;
  readonly party?: string;
  readonly amount?: number;
  /** Event time, ms. */
  readonly tsMs?: number;
  readonly fraud?: boolean;
  readonly campaign?: string | null;
  /** Makes another event id of the same content. */
  readonly salt?: string;
}

const HEX64 = (text: string): string => createHash('sha256').update(text).digest('hex');
const HEX32 = (text: string): string => HEX64(text).slice(0, 32);

const envelope = (plan: FlowPlan) => ({
  schema_version: 'v1',
  ts_utc_micros: (plan.tsMs ?? BASE_MS) * 1000,
  platform_run_id: plan.run ?? RUN,
  scenario_run_id: plan.scenarioRun ?? HEX32('scenario run'),
  run_id: plan.scenarioRun ?? HEX32('scenario run'),
  manifest_fingerprint: HEX64('manifest'),
  parameter_hash: HEX64('parameters'),
  scenario_id: 'baseline',
  scenario_id_integer: false,
  seed: '42',
  parent_event_id: null,
  emitted_at_utc_micros: null,
  trace_id: null,
  span_id: null,
  producer: 'test',
  origin: null,
});

const idOf = (kind: string, plan: FlowPlan, more = ''): string =>
  HEX64(`${kind}|${plan.flowId}|${more}|${plan.salt ?? ''}`);

const hashed = <E extends AdmittedEvent>(event: E): E => ({
  ...event,
  payload_hash: payloadHashOf(event),
});
const NO_HASH = Buffer.alloc(32);

const ids = (plan: FlowPlan) => ({
  party_id: plan.party ?? '5001',
  account_id: plan.account ?? '7001',
  instrument_id: plan.instrument ?? '8001',
  device_id: plan.device ?? '9001',
  ip_id: plan.ip ?? '3001',
});

const place = (plan: FlowPlan) => ({
  merchant_id: plan.merchantId ?? '1001',
  arrival_seq: plan.arrivalSeq ?? (Number(plan.flowId) || 1),
  ts_utc_micros: (plan.tsMs ?? BASE_MS) * 1000,
});

export function arrival(
  plan: FlowPlan,
  extra: Readonly<Record<string, string>> = {},
): AdmittedArrival {
  return hashed<AdmittedArrival>({
    ...envelope(plan),
    event_id: idOf('arrival', plan),
    event_class: 'context_arrival',
    event_type: 'arrival_events_5B',
    payload_hash: NO_HASH,
    payload: {
      ...place(plan),
      zone_representation: 'Europe/Berlin',
      bucket_index: 0,
      tzid_primary: 'Europe/Berlin',
      ts_local_primary: '2026-01-05T11:00:00.000000',
      is_virtual: false,
      channel_group: null,
      tzid_settlement: null,
      ts_local_settlement: null,
      tzid_operational: null,
      ts_local_operational: null,
      site_id: null,
      edge_id: null,
      routing_universe_hash: null,
      lambda_realised: null,
      s4_spec_version: null,
      extra,
    },
  });
}

export function entities(
  plan: FlowPlan,
  extra: Readonly<Record<string, string>> = {},
): AdmittedEntities {
  return hashed<AdmittedEntities>({
    ...envelope(plan),
    event_id: idOf('entities', plan),
    event_class: 'context_arrival_entities',
    event_type: 's1_arrival_entities_6B',
    payload_hash: NO_HASH,
    payload: { ...place(plan), ...ids(plan), session_id: '6001', extra },
  });
}

export function anchor(plan: FlowPlan): AdmittedFlowAnchor {
  return hashed<AdmittedFlowAnchor>({
    ...envelope(plan),
    event_id: idOf('anchor', plan),
    event_class: 'context_flow_fraud',
    event_type: 's3_flow_anchor_with_fraud_6B',
    payload_hash: NO_HASH,
    payload: {
      flow_id: plan.flowId,
      ...place(plan),
      ...ids(plan),
      amount: plan.amount ?? 12.5,
      fraud_flag: plan.fraud ?? false,
      campaign_id: plan.campaign ?? null,
    },
  });
}

export function traffic(plan: FlowPlan, seq = 0): AdmittedTraffic {
  return hashed<AdmittedTraffic>({
    ...envelope(plan),
    event_id: idOf('traffic', plan, String(seq)),
    event_class: 'traffic_fraud',
    event_type: 's3_event_stream_with_fraud_6B',
    payload_hash: NO_HASH,
    payload: {
      flow_id: plan.flowId,
      event_seq: seq,
      event_type: seq === 0 ? 'AUTH_REQUEST' : 'AUTH_RESPONSE',
      ts_utc_micros: (plan.tsMs ?? BASE_MS) * 1000,
      amount: plan.amount ?? 12.5,
      fraud_flag: plan.fraud ?? false,
      campaign_id: plan.campaign ?? null,
    },
  });
}

/** Inputs for the driver; `atMs` is the record's time. */
export const input = {
  arrival: (plan: FlowPlan, atMs: number): DriverInput => ({
    source: 'arrivals',
    value: arrival(plan),
    atMs,
  }),
  entities: (plan: FlowPlan, atMs: number): DriverInput => ({
    source: 'entities',
    value: entities(plan),
    atMs,
  }),
  anchor: (plan: FlowPlan, atMs: number): DriverInput => ({
    source: 'anchors',
    value: anchor(plan),
    atMs,
  }),
  traffic: (plan: FlowPlan, atMs: number, seq = 0): DriverInput => ({
    source: 'traffic',
    value: traffic(plan, seq),
    atMs,
  }),
  /** All three records of the frame. */
  context: (plan: FlowPlan, atMs: number): readonly DriverInput[] => [
    input.arrival(plan, atMs),
    input.entities(plan, atMs),
    input.anchor(plan, atMs),
  ],
};
