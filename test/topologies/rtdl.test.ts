/** The shipped topologies as values: what they read, hold and draw. */
import { afterEach, describe, expect, it } from 'vitest';
import type { GraphRow } from '../../operators/graph/graph-row.js';
import { drive, type Driver } from '../../runner/driver.js';
import { ieg } from '../../topologies/ieg.js';
import { rtdlTopology } from '../../topologies/rtdl.js';
import { amountBundle, control } from '../support/loop-control.js';
import { openLoop, outputsOf } from '../support/loop-driver.js';
import { BASE_MS, input, type FlowPlan } from '../support/loop-events.js';
import { handbookFeaturePlan } from '../../topologies/features/feature-sets.js';

let driver: Driver | undefined;
afterEach(async () => {
  await driver?.close();
  driver = undefined;
});
const T = BASE_MS + 1000;

describe('rtdl', () => {
  it('has the stages of the design, upstream first, and ranks control, labels, context, traffic', () => {
    const loop = rtdlTopology({ clock: 'wall' });
    const after = Object.fromEntries(
      loop.stages.map(({ name, after: from }) => [name, [...from].sort()]),
    );
    expect(after).toEqual({
      posture: [],
      context: [],
      join: ['context'],
      labels: ['join'],
      entities: ['join', 'labels'],
      decide: ['entities', 'join'],
    });
    expect(loop.sources.map(({ name }) => name)).toEqual([
      'policy',
      'registry',
      'posture',
      'health',
      'labels',
      'arrivals',
      'entities',
      'anchors',
      'traffic',
    ]);
  });

  it('measures no health on a clock of records, and writes no posture there', () => {
    const loop = rtdlTopology({ clock: 'records' });
    expect(loop.sources.map(({ name }) => name)).not.toContain('health');
    expect(loop.sinks.map(({ name }) => name)).toEqual(['rtdl', 'audit']);
    expect(loop.stages.map(({ name }) => name)).not.toContain('posture');
  });

  it('refuses a feature set it does not ship, naming those it does', () => {
    expect(() => rtdlTopology({ clock: 'wall', features: 'fancy' })).toThrow(
      'no feature set named "fancy"; shipped are default, handbook',
    );
  });

  it('decides with the handbook set: its own names, its own hash', async () => {
    driver = await openLoop({ clock: 'records', features: 'handbook' });
    const bundle = amountBundle(handbookFeaturePlan, {
      primary: {
        kind: 'logistic',
        features: ['TX_AMOUNT'],
        intercept: -3,
        coefficients: [1],
        mean: [0],
        scale: [100],
        missing: [0],
      },
      explain: {},
    });
    const plan: FlowPlan = { flowId: '0', amount: 57.16 };
    await driver.run([
      control.policy(BASE_MS),
      ...control.promote(bundle, BASE_MS),
      ...input.context(plan, T),
      input.traffic(plan, T + 1),
    ]);
    await driver.endAt(T + 5000);
    const [one] = (await outputsOf(driver)).decisions;
    expect(one).toMatchObject({
      action: 'APPROVE',
      feature_set: { id: 'handbook', version: '1' },
      snapshot: { definition_hash: handbookFeaturePlan.hash },
    });
    expect(one?.snapshot?.values[0]).toBe(57.16);
  });
});

describe('ieg', () => {
  it('keeps every entity of a flow once, whatever is delivered again', async () => {
    driver = await drive(ieg, { clock: 'records', startMs: BASE_MS });
    const plan: FlowPlan = { flowId: '1' };
    const records = [...input.context(plan, T), input.traffic(plan, T)];
    await driver.run([...records, ...records]);
    await driver.endAt(T + 5000);
    const task = driver.opened.group.tasks.find(({ stage }) => stage === 'graph');
    const rows = ((await task?.state.scan(0, '', 100)) ?? []).map(([, row]) => row as GraphRow);
    expect(rows.map(({ node }) => node?.type).sort()).toEqual([
      'account',
      'device',
      'flow',
      'instrument',
      'ip',
      'merchant',
      'party',
      'session',
    ]);
    const device = rows.find(({ node }) => node?.type === 'device');
    expect(device?.entries.map(({ type }) => type)).toContain('account');
  });
});
