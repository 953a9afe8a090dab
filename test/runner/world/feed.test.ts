/** The feed: everything in order of time, labels late and not always there. */
import { describe, expect, it } from 'vitest';
import { EnvelopeWriter } from '../../../runner/world/envelope.js';
import { worldSteps } from '../../../runner/world/feed.js';
import { TimeHeap } from '../../../runner/world/time-heap.js';
import { worldPins, worldRecords } from '../../../runner/world/world-records.js';
import { makeWorld } from '../../../runner/world/world.js';
import { topicCodec } from '../../../schemas/codec.js';
import { memoryLookup } from '../../../schemas/schema-lookup.js';
import { topics } from '../../../schemas/topics.js';

const world = makeWorld({ seed: 11n, days: 30, flows: 6000 });
const steps = [...worldSteps(world)];

describe('worldSteps', () => {
  it('never goes back in time; labels, context, traffic at one time (F1)', () => {
    const rank = { label: 0, context: 1, traffic: 2 };
    let before = { atMicros: 0, rank: 0 };
    for (const step of steps) {
      const now = { atMicros: step.atMicros, rank: rank[step.kind] };
      expect(
        now.atMicros > before.atMicros ||
          (now.atMicros === before.atMicros && now.rank >= before.rank),
      ).toBe(true);
      before = now;
    }
  });

  it('gives each flow one context and two traffic events, the request first', () => {
    const seen = new Map<string, string>();
    for (const step of steps) {
      if (step.kind === 'label') continue;
      const mark = step.kind === 'context' ? 'c' : String(step.event.seq);
      seen.set(step.flow.flowId, (seen.get(step.flow.flowId) ?? '') + mark);
    }
    expect(seen.size).toBe(6000);
    expect([...seen.values()].every((text) => text === 'c01')).toBe(true);
  });

  it('labels most fraud, some of it after days, and some honest flows wrongly', () => {
    const labelled = new Map<string, { readonly fraud: boolean; readonly values: string[] }>();
    const delays: number[] = [];
    for (const step of steps) {
      if (step.kind !== 'label') continue;
      const entry = labelled.get(step.flow.flowId) ?? { fraud: step.flow.fraud, values: [] };
      entry.values.push(step.label.labelValue);
      labelled.set(step.flow.flowId, entry);
      delays.push(step.label.observedMicros - step.flow.atMicros);
      expect(step.label.observedMicros).toBeGreaterThan(step.flow.atMicros);
      expect(step.label.observedMicros).toBeLessThan(world.endMicros);
    }
    const right = [...labelled.values()].filter((entry) => entry.fraud).length;
    expect(right).toBeGreaterThan(40);
    expect(right).toBeLessThan(96);
    const wrong = [...labelled.values()].filter((entry) => !entry.fraud);
    expect(wrong.length).toBeGreaterThan(5);
    expect(wrong.some((entry) => entry.values.includes('LEGIT_CONFIRMED'))).toBe(true);
    expect(Math.max(...delays)).toBeGreaterThan(5 * 86_400_000_000);
    expect(Math.min(...delays)).toBeLessThan(4 * 3_600_000_000);
  });
});

describe('worldRecords', () => {
  const writer = (): EnvelopeWriter =>
    new EnvelopeWriter({
      pins: worldPins(world),
      lookup: memoryLookup(),
      clock: 'records',
      producer: 'weir:world',
      origin: { source: 'world', reference: 'seed:11' },
    });

  it('has four context and traffic records and one more response per flow, with times that never fall', () => {
    const counts = new Map<string, number>();
    let before = 0;
    for (const record of worldRecords(world, writer())) {
      counts.set(record.topic, (counts.get(record.topic) ?? 0) + 1);
      expect(record.timeMs).toBeGreaterThanOrEqual(before);
      before = record.timeMs ?? 0;
    }
    expect(counts.get(topics.arrivals.name)).toBe(6000);
    expect(counts.get(topics.entities.name)).toBe(6000);
    expect(counts.get(topics.flowAnchors.name)).toBe(6000);
    expect(counts.get(topics.traffic.name)).toBe(12_000);
    expect(counts.get(topics.labels.name)).toBeGreaterThan(50);
  });

  it('keeps the truth to fraud_flag and campaign_id of anchor and traffic', () => {
    const lookup = memoryLookup();
    const own = new EnvelopeWriter({
      pins: worldPins(world),
      lookup,
      clock: 'records',
      producer: 'weir:world',
      origin: { source: 'world', reference: 'seed:11' },
    });
    const traffic = topicCodec(topics.traffic, lookup);
    let fraudulent = 0;
    for (const record of worldRecords(world, own)) {
      if (record.topic !== topics.traffic.name || record.value === null) continue;
      const { payload } = traffic.decode(record.value);
      expect(payload.fraud_flag).toBe(payload.campaign_id !== null);
      if (payload.fraud_flag === true) fraudulent++;
    }
    expect(fraudulent).toBe(2 * Math.round(6000 * 0.016));
  });

  it('pins another seed as another manifest', () => {
    const other = makeWorld({ seed: 12n, days: 30, flows: 6000 });
    expect(worldPins(other).manifest_fingerprint).not.toBe(worldPins(world).manifest_fingerprint);
    expect(worldPins(world).platform_run_id).toBe('platform_20260105T000000Z');
  });
});

describe('TimeHeap', () => {
  it('answers by time, rank and arrival, whatever order things came in (H1)', () => {
    const heap = new TimeHeap<string>();
    const expected: { time: number; rank: number; arrival: number }[] = [];
    let state = 12345;
    for (let arrival = 0; arrival < 3000; arrival++) {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0;
      const time = (state >>> 8) % 50;
      const rank = (state >>> 20) % 3;
      heap.push(time, rank, `${time}/${rank}/${arrival}`);
      expected.push({ time, rank, arrival });
    }
    expected.sort((a, b) => a.time - b.time || a.rank - b.rank || a.arrival - b.arrival);
    for (const { time, rank, arrival } of expected)
      expect(heap.pop()).toBe(`${time}/${rank}/${arrival}`);
    expect(heap.pop()).toBeUndefined();
    expect(heap.size).toBe(0);
  });
});
