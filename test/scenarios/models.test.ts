/** Scenarios 67 to 73: posture, guardrails, models over time, resolution, promotion. */
import { afterEach, describe, expect, it } from 'vitest';
import { HEALTH_SIGNALS, type HealthSignal } from '../../operators/degrade/signals.js';
import type { Bundle } from '../../operators/model/bundle.js';
import type { Driver, DriverInput } from '../../runner/driver.js';
import type { Border } from '../../runner/engine/execution.js';
import type { Health } from '../../schemas/generated/health.js';
import { topics } from '../../schemas/topics.js';
import { defaultFeaturePlan } from '../../topologies/features/feature-sets.js';
import { fixtureModel } from '../operators/model/tree-fixture.js';
import { amountBundle, control } from '../support/loop-control.js';
import { codesOf, openLoop, outputsOf, unlistedReasons } from '../support/loop-driver.js';
import { BASE_MS, input, type FlowPlan } from '../support/loop-events.js';

const bundle = amountBundle(defaultFeaturePlan);
const T = BASE_MS + 2000;

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
  await driver.run(inputs);
  await driver.endAt(T + 600_000);
  return driver;
}

const flow = (flowId: string, atMs: number, plan: Partial<FlowPlan> = {}): DriverInput[] => [
  ...input.context({ flowId, ...plan }, atMs),
  input.traffic({ flowId, ...plan }, atMs + 1),
];
const decided = async (driver: Driver) => (await outputsOf(driver)).decisions;

const healthRecord = (signal: HealthSignal, state: Health['state'], atMs: number): Health => ({
  signal,
  state,
  observed_at_ms: atMs,
  value: null,
  budget: null,
  unit: '',
  detail: '',
  source: 'test',
});

/** Each second from `fromMs` on: every signal, `ieg_health` in the state given. */
function seconds(fromMs: number, count: number, ieg: Health['state']): DriverInput[] {
  return Array.from({ length: count }, (_, at) => fromMs + at * 1000).flatMap((atMs) => [
    { clockMs: atMs },
    ...HEALTH_SIGNALS.map((signal) => ({
      source: 'health',
      value: healthRecord(signal, signal === 'ieg_health' ? ieg : 'OK', atMs),
      atMs,
    })),
    { clockMs: atMs + 10 },
  ]);
}

describe('posture', () => {
  it('67. a signal lost drops the mode at once, masks what depends on it, and it climbs one rung per quiet period', async () => {
    const driver = await openLoop({ clock: 'wall' });
    open.push(driver);
    const policy = control.policy(BASE_MS);
    const steps: DriverInput[] = [
      policy,
      ...control.promote(bundle, BASE_MS),
      ...seconds(BASE_MS + 1000, 4, 'OK'),
      ...flow('1', BASE_MS + 5000),
      ...seconds(BASE_MS + 6000, 1, 'ERROR'),
      { clockMs: BASE_MS + 6100 },
      ...flow('2', BASE_MS + 6200),
      ...seconds(BASE_MS + 7000, 3, 'ERROR'),
      // The policy's quiet period is 10 s; a rung each.
      ...seconds(BASE_MS + 10_000, 12, 'OK'),
      ...flow('3', BASE_MS + 22_000),
      ...seconds(BASE_MS + 23_000, 10, 'OK'),
      ...flow('4', BASE_MS + 33_000),
    ];
    await driver.run(steps);
    await driver.settle(1000);
    const decisions = await decided(driver);
    expect(decisions.map(({ degrade_posture: { mode } }) => mode)).toEqual([
      'NORMAL',
      'DEGRADED_2',
      'DEGRADED_1',
      'NORMAL',
    ]);
    const [normal, masked] = decisions;
    const count = defaultFeaturePlan.features.findIndex(({ name }) => name === 'account_count_1h');
    expect(normal?.snapshot?.values[count]).toBe(1);
    expect(masked?.snapshot?.values[count]).toBeNull();
    expect(masked?.snapshot?.gaps).toContainEqual({ index: count, code: 'MASKED' });
    expect(masked?.degrade_posture).toMatchObject({
      capabilities_mask: { ieg: false, feature_groups: ['core_features'] },
      reason: 'required_signal_gap:ieg_health',
    });
    expect(masked).toMatchObject({ action: 'STEP_UP', reason_codes: ['POSTURE_STEP_UP_ONLY'] });
    // A masked group goes on being kept: two flows of this account came while it was masked.
    expect(decisions[3]?.snapshot?.values[count]).toBe(4);
  });

  it('67. health that stops altogether ages into the mode its mapping names', async () => {
    const driver = await openLoop({ clock: 'wall' });
    open.push(driver);
    await driver.run([
      control.policy(BASE_MS, {
        degrade: { mapping: 'per-signal', quiet_seconds: 10, max_age_seconds: 5 },
      }),
      ...control.promote(bundle, BASE_MS),
      ...seconds(BASE_MS + 1000, 3, 'OK'),
      ...flow('1', BASE_MS + 4000),
    ]);
    await driver.settle(8000);
    await driver.run(flow('2', driver.nowMs));
    await driver.settle(1000);
    const [fresh, aged] = await decided(driver);
    expect(fresh?.degrade_posture.mode).toBe('NORMAL');
    expect(aged?.degrade_posture).toMatchObject({
      mode: 'FAIL_CLOSED',
      reason: expect.stringContaining('registry_health') as string,
    });
    // Nobody measured for 8 s, and yet the posture was repeated each second.
    const told = (await driver.emitted(topics.posture)).filter(({ value }) => value.heartbeat);
    expect(told.length).toBeGreaterThanOrEqual(8);
  });

  it('67. a posture topic silent for over 3 s of live rounds fails closed', async () => {
    const driver = await openLoop({ clock: 'wall' });
    open.push(driver);
    await driver.run([
      control.policy(BASE_MS),
      ...control.promote(bundle, BASE_MS),
      { clockMs: BASE_MS + 1000 },
      control.posture('NORMAL', BASE_MS + 1000),
      ...flow('1', BASE_MS + 1500),
    ]);
    await driver.settle(5000);
    await driver.run(flow('2', driver.nowMs));
    await driver.settle(1000);
    const [heard, silent] = await decided(driver);
    expect(heard?.degrade_posture.mode).toBe('NORMAL');
    expect(silent?.degrade_posture).toMatchObject({
      mode: 'FAIL_CLOSED',
      reason: 'required_signal_gap:posture_store_health',
    });
  });

  it('68. FAIL_CLOSED emits no APPROVE and no DECLINE, whatever model or guardrail say', async () => {
    const driver = await ran([
      control.policy(BASE_MS),
      ...control.promote(bundle, BASE_MS),
      control.posture('FAIL_CLOSED', BASE_MS),
      ...flow('1', T),
      ...flow('2', T + 10, { amount: 400 }),
      ...flow('3', T + 20, { amount: 9000 }),
      input.traffic({ flowId: '4' }, T + 30),
    ]);
    const decisions = await decided(driver);
    expect(decisions).toHaveLength(4);
    for (const { action } of decisions) expect(['STEP_UP', 'QUEUE']).toContain(action);
    expect(decisions[2]?.reason_codes[0]).toBe('AMOUNT_OVER_CAP');
    expect(decisions[0]?.bundle_ref.bundle_id).toBe('0'.repeat(64));
  });

  it('68. until the first policy and the first bundle every decision fails closed', async () => {
    const driver = await ran([
      ...flow('1', T),
      control.policy(T + 100),
      ...flow('2', T + 200),
      ...control.promote(bundle, T + 300),
      ...flow('3', T + 400),
    ]);
    const [nothing, policyOnly, both] = await decided(driver);
    expect(nothing).toMatchObject({
      action: 'QUEUE',
      degrade_posture: { mode: 'FAIL_CLOSED', reason: 'policy_missing' },
      policy_rev: { policy_id: 'none' },
    });
    expect(policyOnly).toMatchObject({ action: 'QUEUE', resolution: { outcome: 'FAIL_CLOSED' } });
    expect(both).toMatchObject({ action: 'APPROVE', resolution: { outcome: 'RESOLVED' } });
    expect((await outputsOf(driver)).intents).toHaveLength(1);
  });
});

describe('guardrails and models', () => {
  it('69. a guardrail that holds comes first and no model softens it', async () => {
    const driver = await ran([
      control.policy(BASE_MS, {
        guardrails: [
          {
            code: 'SMALL_TEST_AMOUNT',
            when: { field: 'amount_minor', op: 'lt', value: 200 },
            floor: 'DECLINE',
          },
        ],
      }),
      ...control.promote(bundle, BASE_MS),
      ...flow('1', T, { amount: 1 }),
      ...flow('2', T + 10, { amount: 400 }),
    ]);
    const [small, large] = await decided(driver);
    expect(small).toMatchObject({ action: 'DECLINE', reason_codes: ['SMALL_TEST_AMOUNT'] });
    expect(small?.score).toBeLessThan(0.5);
    expect(large).toMatchObject({ action: 'DECLINE', reason_codes: ['HIGH_AMOUNT'] });
    expect(large?.score).toBeGreaterThan(0.9);
  });

  const staged = amountBundle(defaultFeaturePlan, {
    required_capabilities: ['primary'],
    stage2: { from: 0, to: 1, model: fixtureModel('lightgbm-nan') },
  });
  const trees = amountBundle(defaultFeaturePlan, {
    primary: fixtureModel('lightgbm-nan'),
    explain: {},
  });
  const answers =
    (reason: string): Border =>
    (requests) =>
      Promise.resolve(requests.map(() => ({ ok: false, numbers: [], reason })));

  it('70. a second stage over its time is skipped with its reason; the first score stands', async () => {
    const inputs = [control.policy(BASE_MS), ...control.promote(staged, BASE_MS), ...flow('1', T)];
    const slow = await ran(inputs, { borders: { score: answers('MODEL_TIMEOUT') } });
    const [late] = await decided(slow);
    expect(late?.stages).toMatchObject([
      { stage: 'primary', outcome: 'ok' },
      { stage: 'stage2', outcome: 'skipped:MODEL_TIMEOUT', score: null },
    ]);
    expect(late?.reason_codes).toContain('STAGE2_SKIPPED:MODEL_TIMEOUT');
    expect(late?.score).toBe(late?.stages[0]?.score);
    expect(late?.stamps.late_ms).toBe(0);
    const [full] = await decided(await ran(inputs));
    expect(full?.stages.map(({ outcome }) => outcome)).toEqual(['ok', 'ok']);
    expect(full?.score).toBe(full?.stages[1]?.score);
  });

  it('70. a primary model that is not answered gives the safe action of the policy', async () => {
    const driver = await ran(
      [control.policy(BASE_MS), ...control.promote(trees, BASE_MS), ...flow('1', T)],
      { borders: { score: answers('WORKER_DIED') } },
    );
    const [one] = await decided(driver);
    expect(one).toMatchObject({
      action: 'QUEUE',
      score: null,
      reason_codes: ['PRIMARY_SKIPPED:WORKER_DIED'],
    });
  });

  it('70. a mask without stage2 skips it and says so', async () => {
    const driver = await ran([
      control.policy(BASE_MS),
      ...control.promote(staged, BASE_MS),
      control.posture('DEGRADED_1', BASE_MS),
      ...flow('1', T),
    ]);
    const [one] = await decided(driver);
    expect(one?.stages[1]?.outcome).toBe('skipped:MASKED');
  });
});

describe('bundles', () => {
  const named = (version: string): Bundle =>
    amountBundle(defaultFeaturePlan, { bundle_version: version });
  const scope = { tenants: { '1001': 'acme' } };

  it('71. tenant, then global, then the explicit fallback, then closed; the decision names which', async () => {
    const tenant = control.promote(named('tenant'), BASE_MS, { tenant: 'acme' });
    const global = control.promote(named('global'), BASE_MS);
    // A fallback is chosen among approved bundles: its own records never make it ACTIVE.
    const fallback = control.promote(named('fallback'), BASE_MS, { fallback: true });
    const found: unknown[] = [];
    for (const records of [
      [...tenant, ...global, ...fallback],
      [...global, ...fallback],
      fallback,
      [],
    ]) {
      const driver = await ran([control.policy(BASE_MS), ...records, ...flow('1', T)], { scope });
      const [one] = await decided(driver);
      found.push([one?.bundle_ref.bundle_version, one?.resolution.outcome, one?.resolution.scope]);
    }
    expect(found).toEqual([
      ['tenant', 'RESOLVED', 'local|live|fraud.primary|acme'],
      ['global', 'RESOLVED', 'local|live|fraud.primary|'],
      ['fallback', 'SAFE_FALLBACK', 'local|live|fraud.primary|'],
      ['', 'FAIL_CLOSED', ''],
    ]);
  });

  it.each([
    [
      'another feature definition',
      { feature_definition_hash: 'ab'.repeat(32) },
      'FEATURE_DEFINITION_MISMATCH',
    ],
    ['another input contract', { input_contract_version: 'v2' }, 'INPUT_CONTRACT_MISMATCH'],
    [
      'a group of another version',
      { required_feature_groups: [{ name: 'velocity', version: '9' }] },
      'FEATURE_GROUP_VERSION_MISMATCH:velocity',
    ],
    ['a capability the mask lacks', { require_ieg: true }, 'CAPABILITY_MISMATCH:ieg'],
  ])(
    '72. a bundle with %s is not used, and that is recorded',
    async (_what, compatibility, reason) => {
      const driver = await ran([
        control.policy(BASE_MS),
        control.posture('DEGRADED_2', BASE_MS),
        ...control.promote(bundle, BASE_MS, { compatibility }),
        ...flow('1', T),
      ]);
      const [one] = await decided(driver);
      expect(one?.resolution).toMatchObject({ outcome: 'FAIL_CLOSED' });
      expect(one?.resolution.reason_codes).toContain(reason);
      expect(one?.resolution.reason_codes).toContain('ACTIVE_BUNDLE_INCOMPATIBLE:global');
      expect(one).toMatchObject({ action: 'QUEUE', score: null });
    },
  );

  it('72. a bundle whose bytes could not be loaded is not used', async () => {
    const unloaded = named('never loaded');
    const driver = await ran([
      control.policy(BASE_MS),
      ...control.promote(unloaded, BASE_MS, { load: false }),
      ...flow('1', T),
    ]);
    const [one] = await decided(driver);
    expect(one?.resolution.reason_codes).toContain('BUNDLE_NOT_LOADED');
  });

  it('73. a promotion during the run: the old bundle before, the new one after, each event once', async () => {
    const before = named('before');
    const after = named('after');
    const flows = Array.from({ length: 10 }, (_, at) => flow(String(at + 1), T + at * 100)).flat();
    const driver = await ran([
      control.policy(BASE_MS),
      ...control.promote(before, BASE_MS),
      ...flows,
      ...control.promote(after, T + 450),
      // Delivered again under the new bundle: decided events stay decided.
      ...flows.map((one) => ('atMs' in one ? { ...one, atMs: T + 2000 } : one)),
    ]);
    const decisions = await decided(driver);
    expect(decisions).toHaveLength(10);
    expect(decisions.map(({ bundle_ref }) => bundle_ref.bundle_version)).toEqual([
      ...Array<string>(5).fill('before'),
      ...Array<string>(5).fill('after'),
    ]);
    expect(await codesOf(driver)).toEqual([]);
  });

  it('73. an invalid policy is quarantined and the one before it stays in force', async () => {
    const [good] = [control.policy(BASE_MS)];
    const bad = control.policy(T);
    const driver = await ran([
      good,
      ...control.promote(bundle, BASE_MS),
      'value' in bad
        ? {
            ...bad,
            value: {
              ...(bad.value as object),
              content: '{"policy_id":"rtdl"}',
              content_digest: 'cd'.repeat(32),
            },
          }
        : bad,
      ...flow('1', T + 100),
    ]);
    const [one] = await decided(driver);
    expect(one).toMatchObject({ action: 'APPROVE', policy_rev: { revision: '1' } });
    expect(new Set(await codesOf(driver))).toEqual(new Set(['POLICY_INVALID']));
  });
});
