/** Admission from JSON, and payload_hash on both sides of Avro (scenarios 24 and 25, ruling 7). */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { admit, type Admitted } from '../../schemas/admit.js';
import { canonicalText, double, type Canonical } from '../../schemas/canonical.js';
import { topicCodec } from '../../schemas/codec.js';
import { DivertError } from '../../schemas/errors.js';
import { memoryLookup } from '../../schemas/schema-lookup.js';
import { payloadHashOf, payloadText, type AdmittedEvent } from '../../schemas/payload-hash.js';
import { sha256Hex } from '../../schemas/sha256.js';
import { vectors } from './vector-file.js';

const TRAFFIC = 's3_event_stream_with_fraud_6B';
const ARRIVAL = 'arrival_events_5B';
type Fields = Readonly<Record<string, Canonical>>;
const PINS = {
  manifest_fingerprint: 'c8fd43cd60ce0ede0c63d2ceb4610f167c9b107e1d59b9b8c7d7b8d0028b05c8',
  parameter_hash: '56d45126eaabedd083a1d8428a763e0278c89efec5023cfd6cf3cab7fc8dd2d7',
  scenario_id: 'baseline_v1',
  seed: 42,
};
const PAYLOADS: Readonly<Record<string, Fields>> = {
  s3_event_stream_with_fraud_6B: {
    flow_id: 1234567890123456789n,
    event_seq: 0,
    event_type: 'AUTH_REQUEST',
    ts_utc: '2026-01-01T00:00:05.000123Z',
    amount: double(12.34),
    fraud_flag: false,
    campaign_id: null,
  },
  s2_event_stream_baseline_6B: {
    flow_id: 7,
    event_seq: 1,
    event_type: 'AUTH_RESPONSE',
    ts_utc: '2026-01-01T00:00:05.000123Z',
    amount: double(0.1),
  },
  arrival_events_5B: {
    merchant_id: 18444711838460031526n,
    zone_representation: 'Zürich',
    bucket_index: 17,
    arrival_seq: 1,
    ts_utc: '2026-01-01T00:00:00.000000Z',
    tzid_primary: 'Europe/London',
    ts_local_primary: '2026-01-01T00:00:00.000000',
    is_virtual: false,
  },
  s1_arrival_entities_6B: {
    merchant_id: 18444711838460031526n,
    arrival_seq: 1,
    ts_utc: '2026-01-01T00:00:00.000000Z',
    party_id: 7,
    account_id: 8,
    instrument_id: 9,
    device_id: 10,
    ip_id: 11,
    session_id: 12,
  },
  s3_flow_anchor_with_fraud_6B: {
    flow_id: 0,
    arrival_seq: 1,
    merchant_id: 3575152703825660521n,
    party_id: 7,
    account_id: 8,
    instrument_id: 9,
    device_id: 10,
    ip_id: 11,
    ts_utc: '2026-01-01T00:00:01.500000Z',
    amount: double(12),
    fraud_flag: true,
    campaign_id: 'camp-"1"',
  },
};
function envelopeFields(
  eventType: string,
  changes: Fields = {},
  payloadChanges: Fields = {},
): Fields {
  return {
    ...PINS,
    event_id: 'e-1',
    event_type: eventType,
    schema_version: 'v1',
    ts_utc: '2026-01-01T00:00:05.000123Z',
    platform_run_id: 'platform_20260201T224449Z',
    scenario_run_id: '61947dc98a734b8093fe938cc562b683',
    run_id: '61947dc98a734b8093fe938cc562b683',
    payload: { ...PINS, ...PAYLOADS[eventType], ...payloadChanges },
    ...changes,
  };
}
const envelope = (eventType: string, changes?: Fields, payloadChanges?: Fields): string =>
  canonicalText(envelopeFields(eventType, changes, payloadChanges));
const without = (name: string): string =>
  canonicalText(
    Object.fromEntries(Object.entries(envelopeFields(TRAFFIC)).filter(([field]) => field !== name)),
  );

/** Through Avro bytes and back. */
function carried(admitted: Admitted): AdmittedEvent {
  const through = <T>(codec: { encode(value: T): Buffer; decode(bytes: Buffer): T }, event: T): T =>
    codec.decode(codec.encode(event));
  const lookup = memoryLookup();
  switch (admitted.output) {
    case 'traffic':
      return through(topicCodec(admitted.topic, lookup), admitted.event);
    case 'arrival':
      return through(topicCodec(admitted.topic, lookup), admitted.event);
    case 'entities':
      return through(topicCodec(admitted.topic, lookup), admitted.event);
    case 'anchor':
      return through(topicCodec(admitted.topic, lookup), admitted.event);
  }
}
const codeOf = (json: string): string => {
  try {
    admit(json, null);
  } catch (error) {
    if (error instanceof DivertError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return 'admitted';
};

describe('payload_hash through Avro (ruling 7)', () => {
  it.each(Object.keys(PAYLOADS))('H1 = H2 for %s', (eventType) => {
    const admitted = admit(envelope(eventType), null);
    const event = carried(admitted);
    const expected = canonicalText({ ...PINS, ...PAYLOADS[eventType] });
    expect(payloadText(event)).toBe(expected);
    expect(payloadHashOf(event)).toEqual(event.payload_hash);
    expect(event.payload_hash.toString('hex')).toBe(
      sha256Hex(`{"event_type":"${eventType}","payload":${expected},"schema_version":"v1"}`),
    );
  });

  it('scenario 25: amount 12.0 and amount 12 have one hash, that of 12.0', () => {
    const as = (amount: Canonical): string =>
      carried(admit(envelope(TRAFFIC, {}, { amount }), null)).payload_hash.toString('hex');
    expect(as(12)).toBe(as(double(12)));
    expect(as(12)).not.toBe(as(double(12.01)));
  });

  it('scenario 24: a merchant above 2^63 survives digit for digit', () => {
    const event = carried(admit(envelope(ARRIVAL), null));
    expect('merchant_id' in event.payload && event.payload.merchant_id).toBe(
      '18444711838460031526',
    );
    expect(payloadText(event)).toContain('"merchant_id":18444711838460031526,');
  });

  it('keeps undeclared fields by their spelling, and null apart from absent', () => {
    const hashes = new Set(
      [
        {},
        { site_id: null },
        { site_id: 5 },
        { tz_group_id: 3 },
        { tz_group_id: double(3) },
        { '\ue000': 1, '😀': [double(1), null], A: {} },
      ].map((extra) => {
        const event = carried(admit(envelope(ARRIVAL, {}, extra), null));
        expect(payloadText(event)).toBe(canonicalText({ ...PINS, ...PAYLOADS[ARRIVAL], ...extra }));
        expect(payloadHashOf(event)).toEqual(event.payload_hash);
        return event.payload_hash.toString('hex');
      }),
    );
    expect(hashes.size).toBe(6);
  });

  it('H1 = H2 for any undeclared fields and any amount', () => {
    const name = fc.string({ unit: 'grapheme', maxLength: 5 });
    const plain = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.boolean(),
      fc.bigInt(),
      fc.constant(null),
    );
    fc.assert(
      fc.property(
        fc.dictionary(name, plain),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        (extra, amount) => {
          const safe = Object.fromEntries(
            Object.entries(extra).filter(([key]) => key !== '__proto__'),
          );
          const lambda = { ...safe, lambda_realised: double(amount) };
          const event = carried(
            admit(envelope(ARRIVAL, {}, { ...lambda, ...PAYLOADS[ARRIVAL], ...PINS }), null),
          );
          expect(payloadHashOf(event)).toEqual(event.payload_hash);
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('what admission refuses, in order', () => {
  it.each<[string, string, RegExp]>([
    ['no JSON', '{', /^ENVELOPE_INVALID: not JSON/],
    ['a list', '[]', /^ENVELOPE_INVALID: the envelope is not an object/],
    ['an unknown field', envelope(TRAFFIC, { event_class: 'x' }), /^ENVELOPE_INVALID: event_class/],
    ['an unknown type', envelope('nope'), /^SCHEMA_POLICY_MISSING: event type nope/],
    ['a type without payload schema', envelope('case_trigger'), /^SCHEMA_POLICY_MISSING/],
    ['no version', without('schema_version'), /^SCHEMA_VERSION_REQUIRED/],
    ['another version', envelope(TRAFFIC, { schema_version: 'v2' }), /^SCHEMA_VERSION_NOT_ALLOWED/],
    [
      'a bad payload',
      envelope(TRAFFIC, {}, { flow_id: '1' }),
      /^SCHEMA_FAIL: payload.flow_id is not an integer/,
    ],
    ['another seed inside', envelope(TRAFFIC, {}, { seed: 43 }), /^PINS_MISMATCH: payload.seed/],
    [
      'a name no map can hold',
      envelope(ARRIVAL).replace('"seed"', '"__proto__":1,"seed"'),
      /^SCHEMA_FAIL: payload.__proto__/,
    ],
  ])('%s', (_, json, expected) => {
    expect(codeOf(json)).toMatch(expected);
  });

  it.each([
    'platform_run_id',
    'scenario_run_id',
    'parameter_hash',
    'seed',
    'scenario_id',
    'run_id',
  ])('scenario 20: a missing %s, by name', (pin) => {
    expect(codeOf(without(pin))).toBe(`PINS_MISSING: traffic_fraud requires ${pin}`);
  });

  it('keeps an integer scenario_id as what it was', () => {
    const { event } = admit(envelope(TRAFFIC, { scenario_id: 5 }, { scenario_id: '5' }), null);
    expect([event.scenario_id, event.scenario_id_integer]).toEqual(['5', true]);
  });

  it('admits every traffic, arrival, entities and anchor vector of the reference that states v1', () => {
    const admitted = vectors('archive_payload_hash').map((vector) =>
      codeOf(vector.text('input_json')),
    );
    expect(admitted.filter((code) => code === 'admitted').length).toBeGreaterThan(8);
    expect(
      admitted.filter((code) => !/^admitted$|^PINS_MISSING: \w+ requires run_id$/.test(code)),
    ).toEqual([]);
  });
});
