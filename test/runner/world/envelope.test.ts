/** Envelopes: canonical text, ids and hashes by the platform's recipes, Avro that decodes to the facts. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { partitionOfKey } from '../../../runner/bus/murmur2.js';
import type { ProducedRecord } from '../../../runner/bus/port.js';
import { EngineOutputs, payloadHash, type FlowFacts } from '../../../runner/world/engine-output.js';
import { EnvelopeWriter } from '../../../runner/world/envelope.js';
import { labelAssertion } from '../../../runner/world/label.js';
import { utcText } from '../../../runner/world/utc-micros.js';
import { canonicalText } from '../../../schemas/canonical.js';
import { topicCodec } from '../../../schemas/codec.js';
import { parseJson } from '../../../schemas/json-text.js';
import { memoryLookup } from '../../../schemas/schema-lookup.js';
import { topics } from '../../../schemas/topics.js';

const MANIFEST = 'c8fd43cd60ce0ede0c63d2ceb4610f167c9b107e1d59b9b8c7d7b8d0028b05c8';
const PARAMETERS = '56d45126eaabedd083a1d8428a763e0278c89efec5023cfd6cf3cab7fc8dd2d7';
const pins = {
  platform_run_id: 'platform_20260201T224449Z',
  scenario_run_id: '61947dc98a734b8093fe938cc562b683',
  scenario_id: 'baseline_v1',
  manifest_fingerprint: MANIFEST,
  parameter_hash: PARAMETERS,
  seed: '42',
};
const sha = (text: string): string => createHash('sha256').update(text, 'utf8').digest('hex');

/** 2026-01-01T00:00:05.000123Z */
const AT = 1_767_225_605_000_123;
const flow: FlowFacts = {
  flowId: '1234567890123456789',
  arrivalSeq: 1,
  place: {
    merchantId: '18444711838460031526',
    zone: 'Asia/Kolkata',
    offsetMinutes: 330,
    virtual: false,
    channel: 'in_store',
    siteId: '18446744073709551615',
    edgeId: null,
  },
  partyId: '7',
  accountId: '8',
  instrumentId: '9',
  deviceId: '10',
  ipId: '11',
  sessionId: '12',
  atMicros: AT,
  bucketIndex: 17,
  amount: 12.34,
  fraud: false,
  campaignId: null,
};
const request = { seq: 0, type: 'AUTH_REQUEST', atMicros: AT };

/** Canonical JSON the slow way: keys sorted, a digits string marked by `id` is a number. */
type Plain = { readonly [key: string]: string | number | boolean | null | { readonly id: string } };
const slowCanon = (value: Plain): string =>
  `{${Object.keys(value)
    .sort()
    .map((key) => {
      const item = value[key] ?? null;
      return `${JSON.stringify(key)}:${typeof item === 'object' && item !== null ? item.id : JSON.stringify(item)}`;
    })
    .join(',')}}`;
const id = (digits: string): { readonly id: string } => ({ id: digits });
const pinFields = {
  seed: id('42'),
  manifest_fingerprint: MANIFEST,
  parameter_hash: PARAMETERS,
  scenario_id: 'baseline_v1',
};

describe('engine outputs', () => {
  const outputs = new EngineOutputs(pins);

  it('spells traffic as vectors/platform/payload_hash "real traffic shape" does, digit for digit (O1)', () => {
    const text = outputs.traffic(flow, request);
    expect(text).toBe(
      `{"amount":12.34,"campaign_id":null,"event_seq":0,"event_type":"AUTH_REQUEST","flow_id":1234567890123456789,` +
        `"fraud_flag":false,"manifest_fingerprint":"${MANIFEST}","parameter_hash":"${PARAMETERS}",` +
        `"scenario_id":"baseline_v1","seed":42,"ts_utc":"2026-01-01T00:00:05.000123Z"}`,
    );
    expect(payloadHash('s3_event_stream_with_fraud_6B', text).toString('hex')).toBe(
      '2b9efe01b5bac8962c6aca82c4379e19608966c9913565c00153be34f33e5d0b',
    );
  });

  it('derives the event ids of vectors/platform/event_id "base"', () => {
    expect(outputs.eventId('arrival_events_5B', '3575152703825660521', 1)).toBe(
      'd2dc1b18657f8c9b49f2c5ecb00a89f37a868f9ec26cc9f4d43fa15557b724b6',
    );
    expect(outputs.eventId('s1_arrival_entities_6B', '3575152703825660521', 1)).toBe(
      '0b3b4cdba3a6be9f22ac529721d3d6eb1a4a7ce03303f2372aa9d74b86cfdb91',
    );
  });

  it('puts keys in code-point order and ids in full digits (O1)', () => {
    expect(outputs.arrival(flow)).toBe(
      slowCanon({
        ...pinFields,
        merchant_id: id('18444711838460031526'),
        zone_representation: 'Asia/Kolkata',
        bucket_index: 17,
        arrival_seq: 1,
        ts_utc: '2026-01-01T00:00:05.000123Z',
        tzid_primary: 'Asia/Kolkata',
        ts_local_primary: '2026-01-01T05:30:05.000123',
        is_virtual: false,
        channel_group: 'in_store',
        site_id: id('18446744073709551615'),
      }),
    );
    const entities = {
      ...pinFields,
      merchant_id: id('18444711838460031526'),
      arrival_seq: 1,
      ts_utc: '2026-01-01T00:00:05.000123Z',
      party_id: id('7'),
      account_id: id('8'),
      instrument_id: id('9'),
      device_id: id('10'),
      ip_id: id('11'),
    };
    expect(outputs.entities(flow)).toBe(slowCanon({ ...entities, session_id: id('12') }));
    expect(outputs.anchor({ ...flow, fraud: true, campaignId: 'collusion-01' })).toBe(
      slowCanon({
        ...entities,
        flow_id: id('1234567890123456789'),
        amount: 12.34,
        fraud_flag: true,
        campaign_id: 'collusion-01',
      }),
    );
  });

  it.each([
    [12, '12.0'],
    [0, '0.0'],
    [0.1 + 0.2, '0.30000000000000004'],
    [1e16, '1e+16'],
  ])('spells the amount %d as Python does: %s', (amount, text) => {
    expect(outputs.traffic({ ...flow, amount }, request)).toContain(
      `{"amount":${text},"campaign_id"`,
    );
  });

  it('agrees with the hash of the same payload parsed and written by the canonical form (O1)', () => {
    for (const text of [outputs.arrival(flow), outputs.entities(flow), outputs.anchor(flow)]) {
      expect(canonicalText(parseJson(text))).toBe(text);
    }
  });

  it('refuses pins that JSON would have to escape (O2)', () => {
    expect(() => new EngineOutputs({ ...pins, scenario_id: 'a"b' })).toThrow(RangeError);
  });
});

describe('envelopes', () => {
  const lookup = memoryLookup();
  const options = {
    pins,
    lookup,
    producer: 'weir:test',
    origin: { source: 'import', reference: 'r' },
  };
  const writer = new EnvelopeWriter({ ...options, clock: 'records' });
  const bytes = (record: ProducedRecord): Uint8Array => record.value ?? new Uint8Array();
  const text = (key: Uint8Array | null): string => Buffer.from(key ?? []).toString('latin1');

  it('decode to the facts and the pins, with the hash of the canonical text (E1)', () => {
    const arrival = topicCodec(topics.arrivals, lookup).decode(bytes(writer.arrival(flow, 3)));
    expect(arrival).toMatchObject({
      ...pins,
      run_id: pins.scenario_run_id,
      event_type: 'arrival_events_5B',
      event_class: 'context_arrival',
      ts_utc_micros: AT,
      producer: 'weir:test',
      origin: { source: 'import', reference: 'r', row: 3 },
      payload: { merchant_id: '18444711838460031526', arrival_seq: 1, edge_id: null },
    });
    const entities = topicCodec(topics.entities, lookup).decode(bytes(writer.entities(flow)));
    expect(entities.payload).toMatchObject({ session_id: '12', account_id: '8', ip_id: '11' });
    const anchor = topicCodec(topics.flowAnchors, lookup).decode(bytes(writer.anchor(flow)));
    expect(anchor.payload).toMatchObject({
      flow_id: flow.flowId,
      amount: 12.34,
      fraud_flag: false,
    });
    const traffic = topicCodec(topics.traffic, lookup).decode(bytes(writer.traffic(flow, request)));
    expect(Buffer.from(traffic.payload_hash).toString('hex')).toBe(
      '2b9efe01b5bac8962c6aca82c4379e19608966c9913565c00153be34f33e5d0b',
    );
    expect(traffic.event_id).toBe(
      sha(
        `s3_event_stream_with_fraud_6B|42|${MANIFEST}|baseline_v1|1234567890123456789|0|${MANIFEST}|${PARAMETERS}|42|baseline_v1`,
      ),
    );
  });

  it('carry the key of their topic, so context lies with its merchant and traffic with its flow (E2)', () => {
    for (const record of [writer.arrival(flow), writer.entities(flow), writer.anchor(flow)]) {
      expect(text(record.key)).toBe(sha('18444711838460031526'));
    }
    const record = writer.traffic(flow, request);
    expect(text(record.key)).toBe(sha(flow.flowId));
    const { key } = topics.traffic;
    expect(text(record.key)).toBe(key(topicCodec(topics.traffic, lookup).decode(bytes(record))));
    expect(partitionOfKey(record.key ?? new Uint8Array(), 4)).toBeLessThan(4);
  });

  it('carry the event time on a records bus and none on a wall one (E3)', () => {
    expect(writer.arrival(flow).timeMs).toBe(Math.floor(AT / 1000));
    const wall = new EnvelopeWriter({ ...options, clock: 'wall' });
    expect(wall.arrival(flow).timeMs).toBeUndefined();
  });

  it('have event ids free of the run: the same world restreamed has the same ids', () => {
    const other = new EnvelopeWriter({
      ...options,
      clock: 'records',
      pins: {
        ...pins,
        platform_run_id: 'platform_20260301T000000Z',
        scenario_run_id: 'f'.repeat(32),
      },
    });
    expect(other.trafficEventId(flow.flowId, 0)).toBe(writer.trafficEventId(flow.flowId, 0));
  });
});

describe('labels', () => {
  const facts = {
    eventId: 'e'.repeat(64),
    labelType: 'fraud_disposition',
    labelValue: 'FRAUD_CONFIRMED',
    effectiveMicros: AT,
    observedMicros: AT + 1_000_000,
    source: 'HUMAN',
    actorId: 'HUMAN::inv-1',
    evidence: { refType: 'CASE', refId: 'c1' },
  } as const;

  it('hash their content: subject, value, times, source, actor, evidence (L2)', () => {
    const label = labelAssertion(facts, pins, utcText);
    expect(label.payload_hash).toBe(
      sha(
        `{"payload":{"actor_id":"HUMAN::inv-1","effective_time":"2026-01-01T00:00:05.000123Z",` +
          `"evidence_refs":[{"ref_id":"c1","ref_scope":"","ref_type":"CASE"}],` +
          `"label_subject_key":{"event_id":"${'e'.repeat(64)}","platform_run_id":"platform_20260201T224449Z"},` +
          `"label_type":"fraud_disposition","label_value":"FRAUD_CONFIRMED",` +
          `"observed_time":"2026-01-01T00:00:06.000123Z","source_type":"HUMAN"},` +
          `"recipe":"ls.label_assertion_payload_hash.v1"}`,
      ),
    );
  });

  it('have an id of who reported what, free of value and times (L1)', () => {
    const first = labelAssertion(facts, pins, utcText);
    const later = labelAssertion(
      { ...facts, labelValue: 'LEGIT_CONFIRMED', observedMicros: AT + 9 },
      pins,
      utcText,
    );
    const other = labelAssertion(
      { ...facts, evidence: { refType: 'CASE', refId: 'c2' } },
      pins,
      utcText,
    );
    expect(later.label_assertion_id).toBe(first.label_assertion_id);
    expect(later.payload_hash).not.toBe(first.payload_hash);
    expect(other.label_assertion_id).not.toBe(first.label_assertion_id);
    expect(first.label_assertion_id).toMatch(/^[0-9a-f]{32}$/);
  });

  it('need an actor when HUMAN and take none otherwise', () => {
    expect(() => labelAssertion({ ...facts, actorId: null }, pins, utcText)).toThrow(RangeError);
    expect(() => labelAssertion({ ...facts, source: 'AUTO' }, pins, utcText)).toThrow(RangeError);
  });
});
