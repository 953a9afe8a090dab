/** Cost of ids, hashes and admission per event. `node dist/bench/schema-hashes.js` */
import { admit } from '../schemas/admit.js';
import { amountMinor } from '../schemas/amount.js';
import { decisionId } from '../schemas/decision-ids.js';
import { dedupeKeyBytes } from '../schemas/ids.js';
import { payloadHashOf } from '../schemas/payload-hash.js';
import { sha256Hex } from '../schemas/sha256.js';
import { snapshotHash, SNAPSHOT_RECIPE } from '../schemas/state-versions.js';

const RUNS = 100_000;
const HEX64 = 'c8fd43cd60ce0ede0c63d2ceb4610f167c9b107e1d59b9b8c7d7b8d0028b05c8';
const HEX32 = HEX64.slice(0, 32);
const pins = `"manifest_fingerprint":"${HEX64}","parameter_hash":"${HEX64}","scenario_id":"baseline_v1","seed":42`;
const envelope = (flow: number): string =>
  `{"event_id":"${HEX64}","event_type":"s3_event_stream_with_fraud_6B","schema_version":"v1",` +
  `"ts_utc":"2026-01-01T00:00:05.000123Z","platform_run_id":"platform_20260201T224449Z",` +
  `"scenario_run_id":"${HEX32}","run_id":"${HEX32}",${pins},"payload":{${pins},"flow_id":${flow},` +
  `"event_seq":0,"event_type":"AUTH_REQUEST","ts_utc":"2026-01-01T00:00:05.000123Z","amount":12.34,` +
  `"fraud_flag":false,"campaign_id":null}}`;
const event = admit(envelope(1), null).event;
const snapshot = {
  recipe: SNAPSHOT_RECIPE,
  keys: ['account', 'instrument', 'device', 'ip', 'merchant'].map((entity) => ({
    entity,
    id: '12345678',
  })),
  values: Array.from({ length: 60 }, (_, index) => index * 1.5),
  gaps: [],
  definition_hash: HEX64,
};

function measure(name: string, run: (index: number) => unknown): void {
  let kept: unknown;
  for (let index = 0; index < RUNS / 5; index += 1) kept = run(index);
  const start = process.hrtime.bigint();
  for (let index = 0; index < RUNS; index += 1) kept = run(index);
  const nanoseconds = Number(process.hrtime.bigint() - start) / RUNS;
  if (kept === undefined) throw new Error(`${name} produced nothing`);
  console.log(`${name.padEnd(34)} ${(nanoseconds / 1000).toFixed(2)} us`);
}

measure('sha256 hex of 19 digits (a key)', (index) => sha256Hex(`123456789012${index}`));
measure('dedupe key, bytes', (index) =>
  dedupeKeyBytes('platform_20260201T224449Z', 'traffic_fraud', `e${index}`),
);
measure('payload_hash of an Avro record', () => payloadHashOf(event));
measure('admission from JSON', (index) => admit(envelope(index), null));
measure('amount in minor units', (index) => amountMinor(index / 100));
measure('snapshot_hash, 60 values', (index) =>
  snapshotHash({ ...snapshot, definition_hash: `${index}` }),
);
measure('decision_id', (index) =>
  decisionId({
    sourceEventId: HEX64,
    platformRunId: 'platform_20260201T224449Z',
    decisionScope: 'fraud.primary',
    bundleRef: { bundle_id: HEX64, bundle_version: '1', registry_ref: 'registry://active' },
    originOffset: {
      topic: 'fp.bus.traffic.fraud.v1',
      partition: 0,
      offset: `${index}`,
      offset_kind: 'kafka_offset',
    },
  }),
);
