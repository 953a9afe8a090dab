/**
 * The world writes events by templates of its own, made for speed. What it writes is what admission of
 * the same event from JSON gives: same ids, same payload_hash, same record.
 */
import { describe, expect, it } from 'vitest';
import { EnvelopeWriter } from '../../runner/world/envelope.js';
import type { FlowFacts } from '../../runner/world/engine-output.js';
import { admit } from '../../schemas/admit.js';
import { topicCodec } from '../../schemas/codec.js';
import { engineEventIdOfRow, PRIMARY_KEYS, type EngineOutput } from '../../schemas/ids.js';
import { parseJson, type JsonObject } from '../../schemas/json-text.js';
import { payloadHashOf, payloadText, type AdmittedEvent } from '../../schemas/payload-hash.js';
import { memoryLookup } from '../../schemas/schema-lookup.js';
import { topics } from '../../schemas/topics.js';
import { formatUtcMicros } from '../../schemas/utc-time.js';
import { asObject } from './reference-recipes.js';

const pins = {
  platform_run_id: 'platform_20260201T224449Z',
  scenario_run_id: '61947dc98a734b8093fe938cc562b683',
  scenario_id: 'baseline_v1',
  manifest_fingerprint: 'c8fd43cd60ce0ede0c63d2ceb4610f167c9b107e1d59b9b8c7d7b8d0028b05c8',
  parameter_hash: '56d45126eaabedd083a1d8428a763e0278c89efec5023cfd6cf3cab7fc8dd2d7',
  seed: '18446744073709551615',
};
const place = {
  merchantId: '18444711838460031526',
  zone: 'Asia/Kolkata',
  offsetMinutes: 330,
  virtual: true,
  channel: 'in_store',
  siteId: null,
  edgeId: '18446744073709551615',
};
const flow: FlowFacts = {
  flowId: '1234567890123456789',
  arrivalSeq: 3,
  place,
  partyId: '7',
  accountId: '8',
  instrumentId: '9',
  deviceId: '10',
  ipId: '11',
  sessionId: '12',
  atMicros: 1_767_225_605_000_123,
  bucketIndex: 17,
  amount: 12,
  fraud: true,
  campaignId: 'collusion-01',
};
const flows: readonly FlowFacts[] = [
  flow,
  { ...flow, amount: 0.1, fraud: false, campaignId: null, place: { ...place, channel: null } },
];

/** The envelope a producer would have sent for an admitted event. */
function envelopeOf(event: AdmittedEvent): string {
  return (
    `{"event_id":"${event.event_id}","event_type":"${event.event_type}","schema_version":"v1",` +
    `"ts_utc":"${formatUtcMicros(event.ts_utc_micros)}","platform_run_id":"${event.platform_run_id}",` +
    `"scenario_run_id":"${event.scenario_run_id}","run_id":"${event.run_id}",` +
    `"manifest_fingerprint":"${event.manifest_fingerprint}","parameter_hash":"${event.parameter_hash}",` +
    `"scenario_id":"${event.scenario_id}","seed":${event.seed},"producer":"${event.producer ?? ''}",` +
    `"payload":${payloadText(event)}}`
  );
}

describe('the world and admission', () => {
  const lookup = memoryLookup();
  const writer = new EnvelopeWriter({
    pins,
    lookup,
    clock: 'records',
    producer: 'weir:world',
    origin: { source: 'world', reference: 'r' },
  });
  const codecs = {
    arrival: topicCodec(topics.arrivals, lookup),
    entities: topicCodec(topics.entities, lookup),
    anchor: topicCodec(topics.flowAnchors, lookup),
    traffic: topicCodec(topics.traffic, lookup),
  };
  const events = flows.flatMap((each): readonly AdmittedEvent[] => {
    const bytes = (record: { readonly value: Uint8Array | null }): Uint8Array =>
      record.value ?? new Uint8Array();
    const event = { seq: 0, type: 'AUTH_REQUEST', atMicros: each.atMicros };
    return [
      codecs.arrival.decode(bytes(writer.arrival(each))),
      codecs.entities.decode(bytes(writer.entities(each))),
      codecs.anchor.decode(bytes(writer.anchor(each))),
      codecs.traffic.decode(bytes(writer.traffic(each, event))),
    ];
  });

  it.each(events.map((event, index) => [`${index} ${event.event_type}`, event] as const))(
    '%s: the same record, id and payload_hash',
    (_, event) => {
      expect(payloadHashOf(event)).toEqual(event.payload_hash);
      const json = envelopeOf(event);
      const admitted = admit(json, event.origin);
      expect(JSON.parse(JSON.stringify(admitted.event))).toEqual(JSON.parse(JSON.stringify(event)));
      const envelope: JsonObject = asObject(parseJson(json));
      const output = event.event_type as EngineOutput;
      const row = asObject(envelope.get('payload'));
      expect(engineEventIdOfRow(output, PRIMARY_KEYS[output], row, envelope)).toBe(event.event_id);
    },
  );
});
