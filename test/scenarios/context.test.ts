/** Scenarios 24, 25, 40 to 47: the inlet, join frames and bindings. */
import { afterEach, describe, expect, it } from 'vitest';
import { frameCodec, type Frame } from '../../operators/decision/frame.js';
import { appendProgress } from '../../runner/bus/marker.js';
import type { Driver, DriverInput } from '../../runner/driver.js';
import { payloadHashOf, payloadHashOfJson } from '../../schemas/payload-hash.js';
import { parseJson, type JsonObject } from '../../schemas/json-text.js';
import { defaultFeaturePlan } from '../../topologies/features/feature-sets.js';
import { amountBundle, control } from '../support/loop-control.js';
import {
  codesOf,
  countOf,
  openLoop,
  outputsOf,
  rowsOf,
  unlistedReasons,
} from '../support/loop-driver.js';
import {
  anchor,
  arrival,
  BASE_MS,
  entities,
  input,
  OTHER_RUN,
  RUN,
  traffic,
  type FlowPlan,
} from '../support/loop-events.js';

const START = [
  control.policy(BASE_MS),
  ...control.promote(amountBundle(defaultFeaturePlan), BASE_MS),
];
const T = BASE_MS + 1000;

let open: Driver[] = [];
afterEach(async () => {
  for (const driver of open) expect(await unlistedReasons(driver)).toEqual([]);
  await Promise.all(open.map((driver) => driver.close()));
  open = [];
});

async function ran(inputs: readonly DriverInput[], endMs = T + 60_000): Promise<Driver> {
  const driver = await openLoop({ clock: 'records' });
  open.push(driver);
  await driver.run([...START, ...inputs]);
  await driver.endAt(endMs);
  return driver;
}

const framesIn = async (driver: Driver): Promise<readonly Frame[]> =>
  (await rowsOf(driver, 'frames')).map(([, value]) => value as Frame);
const sourceTopics = (driver: Driver): readonly string[] =>
  driver.topology.sources.map((source) => source.topic.name);
const bytesOf = (frames: readonly Frame[]): readonly string[] =>
  frames.map((frame) => Buffer.from(frameCodec.encode(frame)).toString('hex'));

describe('context', () => {
  it('24. merchant_id 18444711838460031526 survives the frame, the decision and its audit digit for digit', async () => {
    const plan: FlowPlan = { flowId: '1', merchantId: '18444711838460031526' };
    const driver = await ran([...input.context(plan, T), input.traffic(plan, T + 1)]);
    const [frame] = await framesIn(driver);
    expect(frame?.merchantId).toBe('18444711838460031526');
    const { decisions } = await outputsOf(driver);
    expect(decisions[0]?.snapshot?.keys).toContainEqual({
      entity: 'merchant',
      id: '18444711838460031526',
    });
  });

  it('24. ids above 2^64-1 or with a leading zero are quarantined', async () => {
    const driver = await ran([
      input.arrival({ flowId: '1', merchantId: '18446744073709551616' }, T),
      input.arrival({ flowId: '2', merchantId: '01001' }, T),
      input.arrival({ flowId: '3', merchantId: '0' }, T),
      input.traffic({ flowId: '18446744073709551616' }, T),
    ]);
    expect(await codesOf(driver)).toEqual(Array(4).fill('SCHEMA_FAIL'));
  });

  it('25. amount 12.0 and amount 12 have one hash, by the declared type, at admission and at the inlet', async () => {
    const event = traffic({ flowId: '1', amount: 12 });
    const json = (amount: string): JsonObject =>
      parseJson(
        `{"amount":${amount},"campaign_id":null,"event_seq":0,"event_type":"AUTH_REQUEST","flow_id":1,` +
          `"fraud_flag":false,"manifest_fingerprint":"${event.manifest_fingerprint}",` +
          `"parameter_hash":"${event.parameter_hash}","scenario_id":"baseline","seed":42,` +
          `"ts_utc":"2026-01-05T10:00:00.000000Z"}`,
      ) as JsonObject;
    const admitted = payloadHashOfJson(event.event_type, json('12.0'));
    expect(payloadHashOfJson(event.event_type, json('12'))).toEqual(admitted);
    expect(payloadHashOf(event)).toEqual(admitted);
    const driver = await ran([
      { source: 'traffic', value: { ...event, payload_hash: admitted }, atMs: T },
    ]);
    const { decisions } = await outputsOf(driver);
    expect(decisions[0]?.subject.amount_minor).toBe(1200);
  });

  it('25. a payload that does not hash to what it carries is quarantined when its hash is checked', async () => {
    const event = traffic({ flowId: '1' });
    const checked = Buffer.from(event.payload_hash);
    checked[0] = 3;
    const driver = await ran([
      { source: 'traffic', value: { ...event, payload_hash: checked }, atMs: T },
      {
        source: 'traffic',
        value: { ...traffic({ flowId: '2' }), payload_hash: Buffer.alloc(32) },
        atMs: T,
      },
    ]);
    const [first] = await driver.quarantined();
    expect(await codesOf(driver)).toEqual(['PAYLOAD_HASH_MISMATCH', 'PAYLOAD_HASH_MISMATCH']);
    expect(first?.value).toMatchObject({
      payload_hash: event.payload_hash.toString('hex'),
      first_payload_hash: checked.toString('hex'),
    });
    expect((await outputsOf(driver)).decisions).toHaveLength(0);
  });

  it('40. all 6 orders of arrival, entities and anchor end in equal bytes, ready to join', async () => {
    const plan: FlowPlan = { flowId: '1' };
    const roles = ['arrival', 'entities', 'anchor'] as const;
    const orders = roles.flatMap((first) =>
      roles
        .filter((second) => second !== first)
        .map((second) => [
          first,
          second,
          ...roles.filter((third) => third !== first && third !== second),
        ]),
    ) as (readonly ('arrival' | 'entities' | 'anchor')[])[];
    expect(orders).toHaveLength(6);
    const ends = new Set<string>();
    for (const order of orders) {
      const driver = await ran([
        ...order.map((role, at) => input[role](plan, T + at)),
        input.traffic(plan, T + 10),
      ]);
      ends.add(bytesOf(await framesIn(driver)).join());
      const { decisions } = await outputsOf(driver);
      expect(decisions.map((one) => one.context_status)).toEqual(['CONTEXT_READY']);
    }
    expect(ends.size).toBe(1);
  });

  it('41. duplicates of context leave frame and flow as they were', async () => {
    const plan: FlowPlan = { flowId: '1' };
    const once = await ran([...input.context(plan, T), input.traffic(plan, T + 5)]);
    const twice = await ran([
      ...input.context(plan, T),
      ...input.context(plan, T + 2),
      input.traffic(plan, T + 5),
    ]);
    expect(bytesOf(await framesIn(twice))).toEqual(bytesOf(await framesIn(once)));
    expect(await rowsOf(twice, 'flows')).toEqual(await rowsOf(once, 'flows'));
    expect(countOf(twice, 'frames', 'duplicate')).toBe(3);
  });

  it('41. a duplicate id with another payload is quarantined with both hashes; the first stands', async () => {
    const plan: FlowPlan = { flowId: '1' };
    const other: FlowPlan = { ...plan, account: '9999' };
    const driver = await ran([...input.context(plan, T), input.anchor(other, T + 1)]);
    const [found] = await driver.quarantined();
    expect(found?.value).toMatchObject({
      code: 'PAYLOAD_HASH_MISMATCH',
      payload_hash: anchor(other).payload_hash.toString('hex'),
      first_payload_hash: anchor(plan).payload_hash.toString('hex'),
    });
    expect((await framesIn(driver))[0]?.binds?.ids.account).toBe('7001');
  });

  it('42. only the anchor binds: a flow_id-like field of arrival or entities binds nothing', async () => {
    const plan: FlowPlan = { flowId: '1' };
    const driver = await ran([
      { source: 'arrivals', value: arrival(plan, { flow_id: '1' }), atMs: T },
      { source: 'entities', value: entities(plan, { flow_id: '1' }), atMs: T },
      input.traffic(plan, T + 1),
    ]);
    expect(await framesIn(driver)).toMatchObject([{ binds: null, anchor: null }]);
    const { decisions } = await outputsOf(driver);
    expect(decisions[0]?.reason_codes).toContain('context_missing: flow_binding_missing');
  });

  it('43. a second anchor for the same flow and another arrival is quarantined; the first binding stands', async () => {
    const plan: FlowPlan = { flowId: '1', arrivalSeq: 1 };
    const other: FlowPlan = { flowId: '1', arrivalSeq: 2, salt: 'other', account: '7777' };
    const driver = await ran([
      ...input.context(plan, T),
      ...input.context(other, T + 1),
      input.traffic(plan, T + 5),
    ]);
    expect(await codesOf(driver)).toEqual(['FLOW_BINDING_CONFLICT']);
    const { decisions } = await outputsOf(driver);
    const account = decisions[0]?.snapshot?.keys.find((key) => key.entity === 'account');
    expect(account?.id).toBe('7001');
  });

  it('43. two flows that claim one arrival: the second is quarantined as JOIN_KEY_CONFLICT', async () => {
    const driver = await ran([
      ...input.context({ flowId: '1', arrivalSeq: 9 }, T),
      input.anchor({ flowId: '2', arrivalSeq: 9 }, T + 1),
      input.arrival({ flowId: '3', arrivalSeq: 9, salt: 'another arrival' }, T + 1),
    ]);
    expect([...(await codesOf(driver))].sort()).toEqual(['JOIN_KEY_CONFLICT', 'ROLE_CONFLICT']);
  });

  it('44. the same binding under another event id is no conflict', async () => {
    const plan: FlowPlan = { flowId: '1' };
    const driver = await ran([
      ...input.context(plan, T),
      input.anchor({ ...plan, salt: 'again' }, T + 1),
    ]);
    expect(await codesOf(driver)).toEqual([]);
    expect(countOf(driver, 'frames', 'same_binding')).toBe(1);
  });

  it('45. killed at any durable write, binding and frame are both there or neither, and the end is the same', async () => {
    const plan: FlowPlan = { flowId: '1' };
    const inputs = [...input.context(plan, T), input.traffic(plan, T + 5)];
    const undisturbed = await ran(inputs);
    const want = {
      frames: bytesOf(await framesIn(undisturbed)),
      flows: await rowsOf(undisturbed, 'flows'),
    };
    let struck = 0;
    for (let nth = 1; nth <= 6; nth += 1) {
      for (const crash of ['before-write', 'after-write'] as const) {
        const driver = await openLoop({ clock: 'records' });
        open.push(driver);
        await driver.run([...START, ...inputs]);
        await appendProgress(driver.bus, sourceTopics(driver), T + 60_000);
        const process = driver.opened;
        await driver.run([{ crash, nth }]);
        if (driver.opened !== process) struck += 1;
        expect(bytesOf(await framesIn(driver))).toEqual(want.frames);
        expect(await rowsOf(driver, 'flows')).toEqual(want.flows);
      }
    }
    expect(struck).toBeGreaterThan(0);
  });

  it('46. frames, bindings and features of a run are invisible to another with equal ids', async () => {
    const one: FlowPlan = { flowId: '1', run: RUN };
    const two: FlowPlan = { flowId: '1', run: OTHER_RUN };
    const alone = await ran([...input.context(two, T), input.traffic(two, T + 5)]);
    const beside = await ran([
      ...input.context(one, T),
      input.traffic(one, T + 1),
      ...input.context(two, T + 2),
      input.traffic(two, T + 5),
    ]);
    expect(await framesIn(beside)).toHaveLength(2);
    const [, second] = (await outputsOf(beside)).decisions;
    const [only] = (await outputsOf(alone)).decisions;
    expect(second?.snapshot?.values).toEqual(only?.snapshot?.values);
    expect(second?.pins.platform_run_id).toBe(OTHER_RUN);
  });

  it('46. records of one frame from two scenario runs are quarantined as PINS_MISMATCH', async () => {
    const plan: FlowPlan = { flowId: '1' };
    const driver = await ran([
      input.arrival(plan, T),
      input.anchor({ ...plan, scenarioRun: 'ab'.repeat(16) }, T),
    ]);
    expect(await codesOf(driver)).toEqual(['PINS_MISMATCH']);
  });

  it('46. traffic pinned to another scenario run than its flow is quarantined as PINS_MISMATCH', async () => {
    const plan: FlowPlan = { flowId: '1' };
    const driver = await ran([
      ...input.context(plan, T),
      input.traffic({ ...plan, scenarioRun: 'ab'.repeat(16) }, T + 1),
    ]);
    expect(await codesOf(driver)).toEqual(['PINS_MISMATCH']);
    expect((await outputsOf(driver)).decisions).toHaveLength(0);
  });

  it('47. context older than the watermark less 2 minutes changes state, is counted, and re-decides nothing', async () => {
    const late: FlowPlan = { flowId: '1', tsMs: BASE_MS - 121_000 };
    const driver = await ran([
      ...input.context({ flowId: '2', tsMs: BASE_MS }, T),
      input.traffic(late, T),
      ...input.context(late, T + 5000),
    ]);
    expect(countOf(driver, 'frames', 'late_context')).toBe(3);
    expect(await framesIn(driver)).toHaveLength(2);
    const { decisions } = await outputsOf(driver);
    expect(decisions.map((one) => one.context_status)).toEqual(['CONTEXT_MISSING']);
    expect(countOf(driver, 'flow-join', 'late_context_after_decision')).toBe(1);
  });

  it('an event time over 24 h ahead of its run and record is quarantined and makes nothing late', async () => {
    const far: FlowPlan = { flowId: '9', tsMs: T + 25 * 3_600_000 };
    const near: FlowPlan = { flowId: '8', tsMs: T + 23 * 3_600_000 };
    const driver = await ran([
      ...input.context(far, T),
      input.traffic(far, T),
      ...input.context({ flowId: '1' }, T + 1),
      input.traffic({ flowId: '1' }, T + 2),
      ...input.context(near, T + 3),
      input.traffic(near, T + 4),
    ]);
    expect(await codesOf(driver)).toEqual(Array(4).fill('EVENT_TIME_JUMP'));
    expect(countOf(driver, 'frames', 'late_context')).toBe(0);
    const flows = (await outputsOf(driver)).decisions.map(({ subject }) => subject.flow_id);
    expect(flows).toEqual(['1', '8']);
  });
});
