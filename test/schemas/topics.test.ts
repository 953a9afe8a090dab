import { describe, expect, it } from 'vitest';
import { payloadHashOf } from '../../schemas/payload-hash.js';
import { UsageError } from '../../schemas/errors.js';
import { projectSchema } from '../../schemas/projection.js';
import { sha256Bytes, sha256Hex, sha256Hex32 } from '../../schemas/sha256.js';
import { memoryLookup } from '../../schemas/schema-lookup.js';
import { topic } from '../../schemas/topic.js';
import { topics } from '../../schemas/topics.js';
import { sampleArrival, sampleTraffic } from './sample-events.js';

describe('topics of the platform', () => {
  it('have the names of ruling 9', () => {
    expect(
      Object.values(topics)
        .map((each) => each.name)
        .sort(),
    ).toEqual([
      'fp.bus.audit.v1',
      'fp.bus.case.triggers.v1',
      'fp.bus.context.arrival_entities.v1',
      'fp.bus.context.arrival_events.v1',
      'fp.bus.context.flow_anchor.baseline.v1',
      'fp.bus.context.flow_anchor.fraud.v1',
      'fp.bus.control.v1',
      'fp.bus.labels.v1',
      'fp.bus.rtdl.v1',
      'fp.bus.traffic.baseline.v1',
      'fp.bus.traffic.fraud.v1',
      'fp.health.v1',
      'fp.policy.v1',
      'fp.posture.v1',
      'fp.quarantine.v1',
      'fp.registry.v1',
    ]);
  });

  it('key traffic by flow and all context by merchant, as sha256 hex', () => {
    expect(topics.traffic.key(sampleTraffic)).toBe(sha256Hex('1234567890123456789'));
    expect(topics.arrivals.key(sampleArrival)).toBe(sha256Hex('18444711838460031526'));
    expect(topics.traffic.runOf?.(sampleTraffic)).toBe('platform_20260201T224449Z');
  });

  it('put control topics (policy, registry, posture) in one partition', () => {
    const ones = [topics.policy, topics.registry, topics.posture].map((each) => each.partitions);
    expect(ones).toEqual([1, 1, 1]);
  });

  it('co-partition all that is joined by merchant', () => {
    const counts = [topics.arrivals, topics.entities, topics.flowAnchors].map(
      (each) => each.partitions,
    );
    expect(new Set(counts).size).toBe(1);
  });
});

describe('a topic declaration', () => {
  const schema = '"string"';
  const key = (value: string): string => value;
  it('has the subject <name>-value and one partition unless stated', () => {
    const made = topic({ name: 'a.b', schema, key });
    expect([made.subject, made.partitions, made.runOf]).toEqual(['a.b-value', 1, undefined]);
    expect(topic({ name: 'a', subject: 's', schema, key, partitions: 1024 }).subject).toBe('s');
  });

  it.each([
    [{ name: '' }, /a name is/],
    [{ name: 'a b' }, /a name is/],
    [{ name: 'x'.repeat(250) }, /a name is/],
    [{ name: 'a', partitions: 0 }, /partitions must be 1 to 1024/],
    [{ name: 'a', partitions: 1025 }, /partitions must be 1 to 1024/],
    [{ name: 'a', partitions: 1.5 }, /partitions must be 1 to 1024/],
  ])('%j is refused with the rule', (options, reason) => {
    const make = (): unknown => topic({ schema, key, ...options });
    expect(make).toThrow(UsageError);
    expect(make).toThrow(reason);
  });
});

describe('a projection', () => {
  const text = topics.traffic.schema;
  it.each([
    [{ nope: true }, /AdmittedTraffic has no field nope/],
    [{ payload: { nope: true } }, /AdmittedTraffic.payload has no field nope/],
    [{ event_id: { x: true } }, /AdmittedTraffic.event_id is not a record/],
    [{ event_id: 1 }, /must be true or a selection/],
  ])('%j is refused with the field', (selection, reason) => {
    expect(() => projectSchema(text, selection)).toThrow(reason);
  });

  it('of a union is refused', () => {
    expect(() => projectSchema(topics.rtdl.schema, { event_id: true })).toThrow(/is not a record/);
  });
});

describe('small things', () => {
  it('sha256 has three forms of one digest', () => {
    expect(sha256Hex('')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
    expect(sha256Hex32('')).toBe('e3b0c44298fc1c149afbf4c8996fb924');
    expect(sha256Bytes('é').toString('hex')).toBe(sha256Hex(Buffer.from('é')));
  });

  it('the memory lookup gives one text one id under every subject, from 1', () => {
    const lookup = memoryLookup();
    expect([
      lookup.idOf('a', '"int"'),
      lookup.idOf('b', '"string"'),
      lookup.idOf('c', '"int"'),
    ]).toEqual([1, 2, 1]);
    expect([lookup.byId(2), lookup.byId(3), lookup.byId(0)]).toEqual([
      '"string"',
      undefined,
      undefined,
    ]);
    expect(() => lookup.idOf('', '"int"')).toThrow(UsageError);
  });

  it('payload_hash of the sample event is that of vector payload_hash 0', () => {
    expect(payloadHashOf(sampleTraffic).toString('hex')).toBe(
      '2b9efe01b5bac8962c6aca82c4379e19608966c9913565c00153be34f33e5d0b',
    );
  });
});
