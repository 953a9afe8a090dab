import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boundsOf } from '../../schemas/avro-bounds.js';
import { avroType, topicCodec } from '../../schemas/codec.js';
import { DivertError } from '../../schemas/errors.js';
import { memoryLookup, type SchemaLookup } from '../../schemas/schema-lookup.js';
import { topic } from '../../schemas/topic.js';
import { topics } from '../../schemas/topics.js';
import { sampleArrival, sampleTraffic } from './sample-events.js';

const codeOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (error instanceof DivertError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return 'no error';
};
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe('the codec of a topic', () => {
  it('writes the registry wire format and reads it back', () => {
    const codec = topicCodec(topics.traffic, memoryLookup());
    const bytes = codec.encode(sampleTraffic);
    expect([...bytes.subarray(0, 5)]).toEqual([0, 0, 0, 0, 1]);
    expect(plain(codec.decode(bytes))).toEqual(plain(sampleTraffic));
  });

  it('keeps a uint64 id digit for digit', () => {
    const codec = topicCodec(topics.arrivals, memoryLookup());
    const event = codec.decode(codec.encode(sampleArrival));
    expect(event.payload.merchant_id).toBe('18444711838460031526');
    expect(event.payload.site_id).toBe('18446744073709551615');
  });

  it('keeps encoded buffers intact while later values are encoded, across slabs (64 KiB)', () => {
    const codec = topicCodec(topics.traffic, memoryLookup());
    const buffers = Array.from({ length: 500 }, (_, index) =>
      codec.encode({ ...sampleTraffic, event_id: `event-${index}` }),
    );
    buffers.forEach((bytes, index) => {
      expect(codec.decode(bytes).event_id).toBe(`event-${index}`);
    });
    const long = codec.encode({ ...sampleTraffic, event_id: 'x'.repeat(200_000) });
    expect(codec.decode(long).event_id).toHaveLength(200_000);
  });

  it('C3: a decoded value shares no memory with its bytes', () => {
    const codec = topicCodec(topics.traffic, memoryLookup());
    const bytes = codec.encode(sampleTraffic);
    const event = codec.decode(bytes);
    bytes.fill(0xff);
    expect(event.payload_hash).toEqual(sampleTraffic.payload_hash);
    expect(event.event_id).toBe(sampleTraffic.event_id);
  });

  it('reads only the fields of a projection, so truth fields need not exist for a consumer', () => {
    const codec = topicCodec(topics.traffic, memoryLookup());
    const needed = codec.project({ event_id: true, payload: { flow_id: true, amount: true } });
    expect(plain(needed.decode(codec.encode(sampleTraffic)))).toEqual({
      event_id: sampleTraffic.event_id,
      payload: { flow_id: sampleTraffic.payload.flow_id, amount: 12.34 },
    });
  });

  it('decodes either branch of the union on the decision topic by name', () => {
    const codec = topicCodec(topics.rtdl, memoryLookup());
    const random = avroType(topics.rtdl.schema).random() as unknown;
    const value = random as Parameters<typeof codec.encode>[0];
    expect(plain(codec.decode(codec.encode(value)))).toEqual(plain(value));
  });

  it.each(Object.entries(topics))('round-trips random values of %s', (_, { name, schema }) => {
    const codec = topicCodec(topic<unknown>({ name, schema, key: () => '' }), memoryLookup());
    for (let round = 0; round < 20; round += 1) {
      const value: unknown = avroType(schema).random();
      expect(codec.encode(codec.decode(codec.encode(value)))).toEqual(codec.encode(value));
    }
  });
});

describe('a writer schema of another version', () => {
  const schemaOf = (fields: readonly object[]): string =>
    JSON.stringify({ type: 'record', name: 'Card', fields });
  const id = { name: 'id', type: 'string' };
  const old = topic<{ id: string; gone: number }>({
    name: 'cards',
    schema: schemaOf([id, { name: 'gone', type: 'int' }]),
    key: (card) => card.id,
  });
  const now = topic<{ id: string; limit: number }>({
    name: 'cards',
    schema: schemaOf([{ name: 'limit', type: 'long', default: 100 }, id]),
    key: (card) => card.id,
  });

  it('C1: is resolved by name, defaults filled, removed fields skipped; and the registry is asked once', () => {
    const registry = memoryLookup();
    let asked = 0;
    const lookup: SchemaLookup = {
      ...registry,
      byId: (writer) => {
        asked += 1;
        return registry.byId(writer);
      },
    };
    const bytes = topicCodec(old, lookup).encode({ id: 'c1', gone: 7 });
    const reader = topicCodec(now, lookup);
    for (let round = 0; round < 3; round += 1) {
      expect(plain(reader.decode(bytes))).toEqual({ limit: 100, id: 'c1' });
    }
    expect(asked).toBe(1);
  });

  it('is DECODE_FAILED when it cannot be resolved', () => {
    const lookup = memoryLookup();
    const strict = topic<{ id: number }>({
      name: 'cards',
      schema: schemaOf([{ name: 'id', type: 'int' }]),
      key: String,
    });
    const bytes = topicCodec(old, lookup).encode({ id: 'c1', gone: 7 });
    expect(codeOf(() => topicCodec(strict, lookup).decode(bytes))).toMatch(/^DECODE_FAILED: cards/);
  });
});

describe('C2: bad bytes and bad values are diverted', () => {
  const lookup = memoryLookup();
  const codec = topicCodec(topics.arrivals, lookup);
  const good = codec.encode(sampleArrival);

  it('names what is wrong with the header', () => {
    expect(codeOf(() => codec.decode(Buffer.from('{}')))).toMatch(/^DECODE_FAILED/);
    expect(codeOf(() => codec.decode(Buffer.alloc(0)))).toMatch(/^DECODE_FAILED/);
    expect(codeOf(() => codec.decode(Buffer.from([0, 0, 0, 0, 99])))).toMatch(
      /^SCHEMA_UNKNOWN: .* no schema 99$/,
    );
  });

  it('refuses every truncation and bytes left over', () => {
    for (let length = 5; length < good.length; length += 1) {
      expect(codeOf(() => codec.decode(good.subarray(0, length)))).toMatch(/^DECODE_FAILED/);
    }
    expect(codeOf(() => codec.decode(Buffer.concat([good, Buffer.alloc(1)])))).toMatch(
      /^DECODE_FAILED/,
    );
    const traffic = topicCodec(topics.traffic, lookup);
    const longer = Buffer.concat([traffic.encode(sampleTraffic), Buffer.alloc(2)]);
    expect(codeOf(() => traffic.decode(longer))).toMatch(/2 bytes are left over$/);
  });

  it('refuses a count of a billion items without reading them', () => {
    const lists = topic<readonly string[]>({
      name: 'lists',
      schema: '{"type":"array","items":"string"}',
      key: () => '',
    });
    const listCodec = topicCodec(lists, lookup);
    const bytes = Buffer.concat([
      listCodec.encode(['a']).subarray(0, 5),
      Buffer.from([0x80, 0xa8, 0xd6, 0xb9, 0x07, 0]),
    ]);
    const start = performance.now();
    expect(codeOf(() => listCodec.decode(bytes))).toMatch(/count does not fit/);
    expect(performance.now() - start).toBeLessThan(1000);
  });

  it('refuses a billion items that take no bytes, which no end of the bytes would stop', () => {
    const walk = boundsOf(avroType('{"type":"array","items":"null"}'));
    const start = performance.now();
    expect(walk?.(Buffer.from([0x80, 0xa8, 0xd6, 0xb9, 0x07, 0]), 0)).toBe(-1);
    expect(performance.now() - start).toBeLessThan(1000);
  });

  it('answers random bytes with an error or a value, never with another throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.nat(4), (noise, at) => {
        const bytes = Buffer.from(good);
        bytes.set(noise.subarray(0, bytes.length - 5 - at), 5 + at);
        codeOf(() => codec.decode(bytes));
      }),
      { numRuns: 2000 },
    );
  });

  it('walks every type to the end of its bytes, blocks with a stated size included', () => {
    const schema = '{"type":"map","values":{"type":"array","items":["null","double"]}}';
    const walk = boundsOf(avroType(schema));
    const bytes = avroType(schema).toBuffer({ a: [1, null, 2.5], b: [] });
    expect(walk?.(bytes, 0)).toBe(bytes.length);
    // One block of -1 items with its size in bytes (4): key "a", an empty list; then the end.
    expect(walk?.(Buffer.from([1, 6, 2, 0x61, 0, 0]), 0)).toBe(6);
    expect(boundsOf(avroType('"string"'))).toBeNull();
  });

  it('names the field that does not fit', () => {
    const traffic = topicCodec(topics.traffic, lookup);
    const wrong = { ...sampleTraffic, payload: { ...sampleTraffic.payload, event_seq: 0.5 } };
    expect(codeOf(() => traffic.encode(wrong))).toBe(
      'ENCODE_FAILED: fp.bus.traffic.fraud.v1: payload.event_seq is number, expected long',
    );
  });
});
