/** Sample values for the schema tests: the world of the platform's own vectors. */
import type { AdmittedArrival } from '../../schemas/generated/admitted-arrival.js';
import type { AdmittedTraffic } from '../../schemas/generated/admitted-traffic.js';

const pins = {
  platform_run_id: 'platform_20260201T224449Z',
  scenario_run_id: '61947dc98a734b8093fe938cc562b683',
  run_id: '61947dc98a734b8093fe938cc562b683',
  manifest_fingerprint: 'c8fd43cd60ce0ede0c63d2ceb4610f167c9b107e1d59b9b8c7d7b8d0028b05c8',
  parameter_hash: '56d45126eaabedd083a1d8428a763e0278c89efec5023cfd6cf3cab7fc8dd2d7',
  scenario_id: 'baseline_v1',
  scenario_id_integer: false,
  seed: '42',
} as const;
const rest = {
  schema_version: 'v1',
  ts_utc_micros: 1_767_225_605_000_123,
  parent_event_id: null,
  emitted_at_utc_micros: null,
  trace_id: null,
  span_id: null,
  producer: 'svc:world_stream_producer',
  origin: null,
} as const;

export const sampleTraffic: AdmittedTraffic = {
  ...pins,
  ...rest,
  event_id: '8b5cc4df7eec7d32a7814eca4af047ae33b2d52342667715682e19c25b0b9faa',
  event_class: 'traffic_fraud',
  event_type: 's3_event_stream_with_fraud_6B',
  payload_hash: Buffer.alloc(32, 7),
  payload: {
    flow_id: '1234567890123456789',
    event_seq: 0,
    event_type: 'AUTH_REQUEST',
    ts_utc_micros: 1_767_225_605_000_123,
    amount: 12.34,
    fraud_flag: false,
    campaign_id: null,
  },
};

export const sampleArrival: AdmittedArrival = {
  ...pins,
  ...rest,
  event_id: 'd2dc1b18657f8c9b49f2c5ecb00a89f37a868f9ec26cc9f4d43fa15557b724b6',
  event_class: 'context_arrival',
  event_type: 'arrival_events_5B',
  payload_hash: Buffer.alloc(32, 8),
  payload: {
    merchant_id: '18444711838460031526',
    arrival_seq: 1,
    ts_utc_micros: 1_767_225_600_000_000,
    zone_representation: 'Europe/London',
    bucket_index: 17,
    tzid_primary: 'Europe/London',
    ts_local_primary: '2026-01-01T00:00:00.000000',
    is_virtual: false,
    channel_group: null,
    tzid_settlement: null,
    ts_local_settlement: null,
    tzid_operational: null,
    ts_local_operational: null,
    site_id: '18446744073709551615',
    edge_id: null,
    routing_universe_hash: null,
    lambda_realised: null,
    s4_spec_version: null,
    extra: { edge_id: 'null' },
  },
};
