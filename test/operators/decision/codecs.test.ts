/** Stored rows of the decision loop come back as they went, whatever is in them. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { controlCodec, type ControlRow } from '../../../operators/decision/control-row.js';
import { flowCodec, type Flow } from '../../../operators/decision/flow.js';
import { frameCodec, type Frame } from '../../../operators/decision/frame.js';
import { EMPTY_REGISTRY, registryStep } from '../../../operators/registry/registry-view.js';
import { defaultFeaturePlan } from '../../../topologies/features/feature-sets.js';
import { amountBundle, promotion } from '../../support/loop-control.js';

const hash32 = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes));
const hex64 = hash32.map((bytes) => bytes.toString('hex'));
const text = fc.string({ unit: 'binary', maxLength: 80 });
const id = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String);
const count = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const whole = fc.integer({ min: -(2 ** 52), max: 2 ** 52 });
const fact = fc.record({
  eventId: fc.oneof(hex64, text),
  eventType: fc.constantFrom('arrival_events_5B', 'something new'),
  payloadHash: hash32,
  origin: fc.record({
    topic: fc.constantFrom('fp.bus.traffic.fraud.v1', 'other.topic'),
    partition: fc.nat(1000),
    offset: fc.bigInt({ min: 0n, max: 2n ** 53n - 1n }),
  }),
});
const binds = fc.record({
  flowId: id,
  ids: fc.record({ account: id, instrument: id, device: id, ip: id, merchant: id, party: text }),
});
const frame: fc.Arbitrary<Frame> = fc.record({
  merchantId: id,
  arrivalSeq: count,
  scenarioRunId: text,
  arrival: fc.option(fact),
  entities: fc.option(fact),
  anchor: fc.option(fact),
  binds: fc.option(binds),
  lastMs: count,
});
const pins = fc.record({
  platform_run_id: text,
  scenario_run_id: text,
  scenario_id: text,
  manifest_fingerprint: text,
  parameter_hash: text,
  seed: text,
  run_id: text,
});
const traffic = fc
  .tuple(
    fact,
    fc.record({
      eventClass: text,
      flowId: id,
      eventSeq: count,
      kind: text,
      tsMicros: whole,
      amountMinor: whole,
      pins,
    }),
  )
  .map(([base, more]) => ({ ...base, ...more }));
const flow: fc.Arbitrary<Flow> = fc.record({
  scenarioRunId: text,
  frame: fc.option(
    fc
      .tuple(frame, fact, binds)
      .map(([base, anchor, bound]) => ({ ...base, anchor, binds: bound })),
  ),
  waiting: fc.array(fc.record({ event: traffic, firstSeenMs: count, dueMs: count }), {
    maxLength: 3,
  }),
  seen: fc.array(fc.record({ eventSeq: count, payloadHash: hash32 }), { maxLength: 4 }),
  count,
  sumMinor: whole,
  lastTsMicros: whole,
  first: fc.option(fc.record({ eventId: hex64, tsMicros: whole, amountMinor: whole })),
  counted: fc.boolean(),
  degraded: fc.boolean(),
  lastMs: count,
});

describe('codecs of the decision loop', () => {
  it('a frame comes back as it went', () => {
    fc.assert(
      fc.property(frame, (value) => {
        expect(frameCodec.decode(frameCodec.encode(value), 1)).toEqual(value);
      }),
    );
  });

  it('a flow comes back as it went, events waiting in it included', () => {
    fc.assert(
      fc.property(flow, (value) => {
        expect(flowCodec.decode(flowCodec.encode(value), 1)).toEqual(value);
      }),
    );
  });

  it('a registry view comes back with its scopes, bundles and events', () => {
    const records = promotion(amountBundle(defaultFeaturePlan));
    const view = records.reduce((before, one) => registryStep(before, one).view, EMPTY_REGISTRY);
    const row: ControlRow = { kind: 'registry', view, unloaded: ['ab'] };
    expect(controlCodec.decode(controlCodec.encode(row), 1)).toEqual(row);
    expect(view.scopes.size).toBe(1);
  });
});
