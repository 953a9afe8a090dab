/** Cost of AdmittedTraffic's codec: encode, decode, decode of needed fields. `node dist/bench/avro-codec.js` */
import { topicCodec } from '../schemas/codec.js';
import { memoryLookup } from '../schemas/schema-lookup.js';
import { topics } from '../schemas/topics.js';

const EVENTS = 1000;
const ROUNDS = 200;
const lookup = memoryLookup();
const codec = topicCodec(topics.traffic, lookup);
const needed = codec.project({
  event_id: true,
  event_class: true,
  ts_utc_micros: true,
  platform_run_id: true,
  scenario_run_id: true,
  payload_hash: true,
  payload: { flow_id: true, event_seq: true, event_type: true, ts_utc_micros: true, amount: true },
});
const events = Array.from({ length: EVENTS }, (_, index) => ({
  event_id: index.toString(16).padStart(64, '0'),
  event_class: 'traffic_fraud' as const,
  event_type: 's3_event_stream_with_fraud_6B',
  schema_version: 'v1',
  ts_utc_micros: 1_767_225_605_000_123 + index,
  platform_run_id: 'platform_20260201T224449Z',
  scenario_run_id: '61947dc98a734b8093fe938cc562b683',
  run_id: '61947dc98a734b8093fe938cc562b683',
  manifest_fingerprint: 'c8fd43cd60ce0ede0c63d2ceb4610f167c9b107e1d59b9b8c7d7b8d0028b05c8',
  parameter_hash: '56d45126eaabedd083a1d8428a763e0278c89efec5023cfd6cf3cab7fc8dd2d7',
  scenario_id: 'baseline_v1',
  scenario_id_integer: false,
  seed: '42',
  payload_hash: Buffer.alloc(32, index),
  payload: {
    flow_id: String(1234567890123456000n + BigInt(index)),
    event_seq: index % 2,
    event_type: 'AUTH_REQUEST',
    ts_utc_micros: 1_767_225_605_000_123 + index,
    amount: index / 100,
    fraud_flag: false,
    campaign_id: null,
  },
  parent_event_id: null,
  emitted_at_utc_micros: null,
  trace_id: null,
  span_id: null,
  producer: 'svc:world_stream_producer',
  origin: null,
}));
const bytes = events.map((event) => codec.encode(event));

function measure(name: string, run: (index: number) => unknown): void {
  let kept: unknown;
  for (let index = 0; index < EVENTS * 20; index += 1) kept = run(index % EVENTS);
  const start = process.hrtime.bigint();
  for (let round = 0; round < ROUNDS; round += 1) {
    for (let index = 0; index < EVENTS; index += 1) kept = run(index);
  }
  const nanoseconds = Number(process.hrtime.bigint() - start) / (ROUNDS * EVENTS);
  if (kept === undefined) throw new Error(`${name} produced nothing`);
  console.log(`${name.padEnd(24)} ${(nanoseconds / 1000).toFixed(2)} us`);
}

console.log(`AdmittedTraffic: ${bytes[0]?.length ?? 0} bytes`);
measure('encode', (index) => codec.encode(events[index] as (typeof events)[number]));
measure('decode', (index) => codec.decode(bytes[index] as Buffer));
measure('decode needed fields', (index) => needed.decode(bytes[index] as Buffer));
