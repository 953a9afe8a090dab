/** Scenarios 50 to 52, 54 to 63 and 66: features served, waiting, deciding once. */
import { createHash } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import type { Driver, DriverInput } from '../../runner/driver.js';
import { avroType } from '../../schemas/codec.js';
import { snapshotSchema } from '../../schemas/generated/snapshot.js';
import { topics } from '../../schemas/topics.js';
import { defaultFeaturePlan } from '../../topologies/features/feature-sets.js';
import { amountBundle, control } from '../support/loop-control.js';
import {
  codesOf,
  contentOf,
  countOf,
  openLoop,
  outputsOf,
  unlistedReasons,
} from '../support/loop-driver.js';
import { BASE_MS, input, traffic, type FlowPlan } from '../support/loop-events.js';

const bundle = amountBundle(defaultFeaturePlan);
const START = [control.policy(BASE_MS), ...control.promote(bundle, BASE_MS)];
const T = BASE_MS + 2000;
const PLAN: FlowPlan = { flowId: '1' };

let open: Driver[] = [];
afterEach(async () => {
  for (const driver of open) expect(await unlistedReasons(driver)).toEqual([]);
  await Promise.all(open.map((driver) => driver.close()));
  open = [];
});

async function ran(
  inputs: readonly DriverInput[],
  options: Parameters<typeof openLoop>[0] = {},
): Promise<Driver> {
  const driver = await openLoop({ clock: 'records', ...options });
  open.push(driver);
  await driver.run([...START, ...inputs]);
  await driver.endAt(T + 600_000);
  return driver;
}

/** On a wall clock, live: each input when its time has come. */
async function lived(inputs: readonly DriverInput[], untilMs: number): Promise<Driver> {
  const driver = await openLoop({ clock: 'wall' });
  open.push(driver);
  const timed = inputs.flatMap((one): DriverInput[] =>
    'source' in one ? [{ clockMs: one.atMs ?? BASE_MS }, one] : [one],
  );
  await driver.run([...START, { clockMs: BASE_MS + 1000 }, ...timed]);
  await driver.settle(untilMs - driver.nowMs);
  return driver;
}

describe('features served', () => {
  it('50. redelivery counts nothing twice; another payload is quarantined and changes no feature', async () => {
    const next: FlowPlan = { flowId: '2' };
    const rest = [...input.context(next, T + 10), input.traffic(next, T + 20)];
    const once = await ran([...input.context(PLAN, T), input.traffic(PLAN, T + 1), ...rest]);
    const more = await ran([
      ...input.context(PLAN, T),
      input.traffic(PLAN, T + 1),
      input.traffic(PLAN, T + 2),
      ...input.context(PLAN, T + 3),
      input.traffic({ ...PLAN, amount: 99 }, T + 4),
      ...rest,
    ]);
    expect(await codesOf(more)).toEqual(['PAYLOAD_HASH_MISMATCH']);
    const [, wanted] = (await outputsOf(once)).decisions;
    const [, found] = (await outputsOf(more)).decisions;
    expect(found?.snapshot).toEqual(wanted?.snapshot);
    const count = defaultFeaturePlan.features.findIndex(({ name }) => name === 'account_count_1h');
    expect(found?.snapshot?.values[count]).toBe(2);
  });

  it('51. with fraud_flag and campaign_id of all events flipped, decisions and snapshots are equal', async () => {
    const flows: FlowPlan[] = Array.from({ length: 40 }, (_, at) => ({
      flowId: String(at + 1),
      amount: 10 + at * 7,
      account: String(7000 + (at % 5)),
    }));
    const feed = (truth: Partial<FlowPlan>): DriverInput[] =>
      flows.flatMap((flow, at) => {
        const plan = { ...flow, ...truth };
        return [...input.context(plan, T + at * 10), input.traffic(plan, T + at * 10 + 5)];
      });
    const honest = await outputsOf(await ran(feed({ fraud: false, campaign: null })));
    const flipped = await outputsOf(await ran(feed({ fraud: true, campaign: 'ring-7' })));
    expect(honest.decisions).toHaveLength(40);
    expect(flipped.decisions).toEqual(honest.decisions);
    expect(flipped.intents).toEqual(honest.intents);
    expect(JSON.stringify(flipped.decisions)).not.toMatch(/fraud_flag|campaign|ring-7/);
  });

  it('52. the hash recomputed from the served snapshot is its snapshot_hash, whatever else is kept', async () => {
    const alone = await ran([...input.context(PLAN, T), input.traffic(PLAN, T + 50)]);
    const crowd: FlowPlan = { flowId: '2', account: '1', instrument: '1', device: '1', ip: '1' };
    const others = { ...crowd, party: '1', merchantId: '55' };
    const among = await ran([
      ...input.context(others, T),
      input.traffic(others, T + 1),
      ...input.context(PLAN, T),
      input.traffic(PLAN, T + 50),
    ]);
    const [one] = (await outputsOf(alone)).decisions;
    const two = (await outputsOf(among)).decisions.find(({ subject }) => subject.flow_id === '1');
    const bytes = avroType(snapshotSchema).toBuffer(one?.snapshot);
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(one?.snapshot_hash);
    expect(two?.snapshot_hash).toBe(one?.snapshot_hash);
  });
});

describe('decisions', () => {
  it('54. a ready event is decided once, with all the evidence named', async () => {
    const driver = await ran([...input.context(PLAN, T), input.traffic(PLAN, T + 1)]);
    const { decisions, intents, audits } = await outputsOf(driver);
    expect(decisions).toHaveLength(1);
    expect(decisions[0]).toMatchObject({
      action: 'APPROVE',
      context_status: 'CONTEXT_READY',
      reason_codes: [],
      bundle_ref: { bundle_id: bundle.bundle_id },
      resolution: { outcome: 'RESOLVED', scope: 'local|live|fraud.primary|' },
      degrade_posture: { mode: 'NORMAL' },
      policy_rev: { policy_id: 'rtdl', revision: '1' },
      feature_set: { id: 'default', version: '1' },
    });
    const refs = decisions[0]?.context_refs.map(({ role, origin_offset: at }) => [
      role,
      at.topic,
      at.offset,
    ]);
    expect(refs).toEqual([
      ['traffic', topics.traffic.name, '0'],
      ['flow_anchor', topics.flowAnchors.name, '0'],
      ['arrival_events', topics.arrivals.name, '0'],
      ['arrival_entities', topics.entities.name, '0'],
    ]);
    expect(decisions[0]?.snapshot_hash).toMatch(/^[0-9a-f]{64}$/);
    expect(intents).toMatchObject([
      { decision_id: decisions[0]?.decision_id, action_kind: 'APPROVE', origin: 'DF' },
    ]);
    expect(audits).toMatchObject([
      {
        decision_id: decisions[0]?.decision_id,
        snapshot_hash: decisions[0]?.snapshot_hash,
        action_ids: [intents[0]?.action_id],
      },
    ]);
    expect(audits[0]?.evidence[0]?.payload_hash).toEqual(traffic(PLAN).payload_hash);
  });

  it('54. every traffic event of a flow is decided; the flow counts once', async () => {
    const driver = await ran([
      ...input.context(PLAN, T),
      input.traffic(PLAN, T + 1),
      input.traffic(PLAN, T + 2, 1),
    ]);
    const { decisions } = await outputsOf(driver);
    const at = (name: string): number =>
      defaultFeaturePlan.features.findIndex((feature) => feature.name === name);
    const served = (name: string) => decisions.map(({ snapshot }) => snapshot?.values[at(name)]);
    expect(served('event_count')).toEqual([1, 2]);
    expect(served('amount_sum')).toEqual([1250, 2500]);
    expect(served('account_count_1h')).toEqual([1, 1]);
  });

  it('55. traffic before its context is decided when it comes, and holds up no other flow', async () => {
    const other: FlowPlan = { flowId: '2' };
    const driver = await lived(
      [
        ...input.context(other, T - 100),
        input.traffic(PLAN, T),
        input.traffic(other, T + 50),
        ...input.context(PLAN, T + 300),
      ],
      T + 1000,
    );
    const { decisions } = await outputsOf(driver);
    const byFlow = (flow: string) => decisions.find(({ subject }) => subject.flow_id === flow);
    expect(byFlow('1')).toMatchObject({ context_status: 'CONTEXT_READY', action: 'APPROVE' });
    expect(byFlow('1')?.stamps.latency_ms).toBeGreaterThanOrEqual(300);
    expect(byFlow('1')?.stamps.latency_ms).toBeLessThan(320);
    expect(byFlow('2')?.stamps.latency_ms).toBeLessThan(20);
  });

  it('56. without a binding at 900 ms: one degraded decision within 1500 ms, with its reason', async () => {
    const driver = await lived([input.traffic(PLAN, T)], T + 1500);
    const { decisions, audits } = await outputsOf(driver);
    expect(decisions).toHaveLength(1);
    expect(audits).toHaveLength(1);
    expect(decisions[0]).toMatchObject({
      action: 'STEP_UP',
      context_status: 'CONTEXT_MISSING',
      reason_codes: ['context_missing: flow_binding_missing', 'PRIMARY_SKIPPED:CONTEXT_MISSING'],
      snapshot: null,
      snapshot_hash: null,
      stamps: { latency_ms: 900, late_ms: 0 },
    });
    expect(decisions[0]?.context_refs.map(({ role }) => role)).toEqual(['traffic']);
  });

  it('57. with the anchor but no arrival: join_frame_incomplete, and the pieces present are named', async () => {
    const driver = await lived(
      [input.anchor(PLAN, T), input.entities(PLAN, T), input.traffic(PLAN, T + 1)],
      T + 1500,
    );
    const { decisions } = await outputsOf(driver);
    expect(decisions).toHaveLength(1);
    expect(decisions[0]?.reason_codes[0]).toBe('context_missing: join_frame_incomplete');
    expect(decisions[0]?.context_refs.map(({ role }) => role)).toEqual([
      'traffic',
      'flow_anchor',
      'arrival_entities',
    ]);
  });

  it('58. entities missing alone holds nothing: it is scored at once and the gap is recorded', async () => {
    const driver = await lived(
      [input.arrival(PLAN, T), input.anchor(PLAN, T), input.traffic(PLAN, T + 1)],
      T + 300,
    );
    const { decisions } = await outputsOf(driver);
    expect(decisions[0]).toMatchObject({
      context_status: 'CONTEXT_READY',
      action: 'APPROVE',
      reason_codes: ['context_partial: arrival_entities_missing'],
    });
    expect(decisions[0]?.stages).toMatchObject([{ stage: 'primary', outcome: 'ok' }]);
  });

  it('59. with the join buffer full: an explicit degrade at once, and nothing is dropped', async () => {
    const small = control.policy(BASE_MS + 1, {
      join: { wait_ms: 900, waiting_max: 2, on_missing: 'QUEUE' },
    });
    const flows = ['1', '2', '3', '4'].map((flowId) => input.traffic({ flowId }, T));
    const driver = await ran([small, ...flows]);
    const { decisions } = await outputsOf(driver);
    expect(decisions).toHaveLength(4);
    const full = decisions.filter(({ reason_codes }) => reason_codes.includes('JOIN_BUFFER_FULL'));
    expect(full.map(({ stamps }) => stamps.latency_ms)).toEqual([0, 0]);
    expect(full.map(({ action }) => action)).toEqual(['QUEUE', 'QUEUE']);
  });

  it('60. context that comes after a degraded decision changes state, decides nothing again, and is noted', async () => {
    const next: FlowPlan = { flowId: '2' };
    const driver = await ran([
      input.traffic(PLAN, T),
      ...input.context(PLAN, T + 2000),
      ...input.context(next, T + 3000),
      input.traffic(next, T + 3001),
    ]);
    const { decisions, intents } = await outputsOf(driver);
    expect(decisions.map(({ subject }) => subject.flow_id)).toEqual(['1', '2']);
    expect(intents).toHaveLength(2);
    expect(countOf(driver, 'flow-join', 'late_context_after_decision')).toBeGreaterThan(0);
    const count = defaultFeaturePlan.features.findIndex(({ name }) => name === 'account_count_1h');
    // Ruling 2: the flow counts when its anchor comes, for later events only.
    expect(decisions[1]?.snapshot?.values[count]).toBe(2);
  });

  it('61. killed while it waits, the event is decided after the restart, on the budget it had', async () => {
    const driver = await openLoop({ clock: 'wall' });
    open.push(driver);
    await driver.run([
      ...START,
      { clockMs: T },
      input.traffic(PLAN, T),
      { clockMs: T + 400 },
      { crash: 'now' },
      { clockMs: T + 700 },
      { crash: 'now' },
    ]);
    await driver.settle(1500);
    const { decisions } = await outputsOf(driver);
    expect(decisions).toHaveLength(1);
    expect(decisions[0]?.stamps.latency_ms).toBe(900);
    expect(decisions[0]?.stamps.first_seen_ms).toBeLessThan(T + 20);
  });

  it('62. the same log, executed in rounds of one and in other partitions, gives the same decisions', async () => {
    const flows: FlowPlan[] = Array.from({ length: 30 }, (_, at) => ({
      flowId: String(at + 1),
      merchantId: String(1000 + (at % 4)),
      amount: 20 + at * 9,
    }));
    const feed = flows.flatMap((plan, at) => [
      ...(at % 7 === 3 ? [] : input.context(plan, T + at * 40)),
      input.traffic(plan, T + at * 40 + 3),
      input.traffic(plan, T + at * 40 + 9, 1),
    ]);
    const one = await outputsOf(await ran(feed));
    const small = { limits: () => ({ recordsMax: 1, bytesMax: 1 }) };
    const again = await outputsOf(await ran(feed, { tuning: small }));
    expect(one.decisions).toHaveLength(60);
    expect(again.decisions.map(contentOf)).toEqual(one.decisions.map(contentOf));
    expect(again.audits.map(({ decision_digest }) => decision_digest)).toEqual(
      one.audits.map(({ decision_digest }) => decision_digest),
    );
    const spread = await outputsOf(await ran(feed, { partitions: 4 }));
    const facts = (all: typeof one) =>
      all.decisions
        .map(({ source_event, action, score, reason_codes, snapshot_hash }) =>
          JSON.stringify([source_event.event_id, action, score, reason_codes, snapshot_hash]),
        )
        .sort();
    expect(facts(spread)).toEqual(facts(one));
  });

  it('63. a duplicate is not decided again; the same id with another payload is quarantined with both hashes', async () => {
    const other: FlowPlan = { ...PLAN, amount: 99 };
    const driver = await ran([
      ...input.context(PLAN, T),
      input.traffic(PLAN, T + 1),
      input.traffic(PLAN, T + 2),
      input.traffic(other, T + 3),
    ]);
    expect((await outputsOf(driver)).decisions).toHaveLength(1);
    const [found] = await driver.quarantined();
    expect(found?.value).toMatchObject({
      code: 'PAYLOAD_HASH_MISMATCH',
      payload_hash: traffic(other).payload_hash.toString('hex'),
      first_payload_hash: traffic(PLAN).payload_hash.toString('hex'),
    });
    expect(countOf(driver, 'flow-join', 'duplicate')).toBe(1);
  });

  it('63. the same event of two runs is decided in each', async () => {
    const two: FlowPlan = { ...PLAN, run: 'platform_20260109T000000Z' };
    const driver = await ran([
      ...input.context(PLAN, T),
      ...input.context(two, T),
      input.traffic(PLAN, T + 1),
      input.traffic(two, T + 1),
    ]);
    const ids = (await outputsOf(driver)).decisions.map(({ decision_id }) => decision_id);
    expect(new Set(ids).size).toBe(2);
  });

  it('66. own outputs trigger nothing: not read, and refused where only traffic may stand', async () => {
    const event = traffic(PLAN);
    const driver = await ran([
      { source: 'traffic', value: { ...event, event_type: 'decision_response' }, atMs: T },
      { source: 'traffic', value: { ...event, event_type: 'action_intent' }, atMs: T },
      { source: 'traffic', value: { ...event, event_type: 'no_such_type' }, atMs: T },
    ]);
    expect(await codesOf(driver)).toEqual([
      'ENVELOPE_INVALID',
      'ENVELOPE_INVALID',
      'SCHEMA_POLICY_MISSING',
    ]);
    expect((await outputsOf(driver)).decisions).toHaveLength(0);
    const read = driver.topology.sources.map(({ topic }) => topic.name);
    expect(read).not.toContain(topics.rtdl.name);
    expect(read).not.toContain(topics.audit.name);
  });
});
