/**
 * The degrade ladder on a wall clock, each dependence taken away for real: the mode drops at once, the
 * decisions say under which mask they were made, and it climbs back rung by rung (ruling 6, scenario 67).
 * Executing all of it again gives the same bytes.
 */
import { mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CAPABILITY_MASKS, type DegradeMode } from '../../operators/degrade/capability-mask.js';
import { bundleBytes, makeBundle } from '../../operators/model/bundle.js';
import type { DecisionResponse } from '../../schemas/generated/rtdl-record.js';
import { topicCodec } from '../../schemas/codec.js';
import { topics } from '../../schemas/topics.js';
import { defaultFeaturePlan } from '../../topologies/features/feature-sets.js';
import { rtdlTopology } from '../../topologies/rtdl.js';
import { amountBundle, postureRecord } from '../support/loop-control.js';
import { LiveLoop, type LiveLoopOptions } from './live-loop.js';

const FLOWS = 6;
let dataDir = '';
let loop: LiveLoop | undefined;

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'weir-live-'));
});
afterEach(async () => {
  await loop?.close();
  loop = undefined;
  rmSync(dataDir, { recursive: true, force: true });
});

async function open(options: Partial<LiveLoopOptions> = {}): Promise<LiveLoop> {
  loop = await LiveLoop.open({ dataDir, ...options });
  return loop;
}

/** Ends the process's loop, and verifies everything it did. */
async function closed(): Promise<readonly string[]> {
  const done = loop;
  loop = undefined;
  await done?.close();
  return (await done?.differences()) ?? ['nothing ran'];
}

function expectMode(decisions: readonly DecisionResponse[], mode: DegradeMode): void {
  expect(decisions.length).toBeGreaterThan(0);
  for (const { degrade_posture: posture, action, snapshot } of decisions) {
    expect(posture.mode).toBe(mode);
    expect(posture.capabilities_mask).toEqual(CAPABILITY_MASKS[mode]);
    if (mode !== 'NORMAL') expect(action).not.toBe('APPROVE');
    if (mode === 'FAIL_CLOSED') expect(['STEP_UP', 'QUEUE']).toContain(action);
    const masked = (snapshot?.gaps ?? []).some(({ code }) => code.includes('MASKED'));
    if (mode === 'DEGRADED_2') expect(masked).toBe(true);
  }
}

const LONG = { timeout: 120_000 };

describe('the ladder, live', LONG, () => {
  it('ieg halts: DEGRADED_2 at once; started again, up by DEGRADED_1 to NORMAL', async () => {
    const first = await open();
    await first.mode('NORMAL');
    expectMode(await first.decide(FLOWS), 'NORMAL');
    // Another owner claims its tasks: the next commit is fenced, and it halts.
    const graph = first.runtime.running.find(({ topology }) => topology.name === 'ieg');
    const tasks = graph?.opened.group.tasks.map(({ id }) => id) ?? [];
    await first.bus.claim(tasks, 'an intruder');
    await first.bus.append(first.records(1));
    expect(await first.mode('DEGRADED_2', 1)).toEqual(['DEGRADED_2']);
    expect(graph?.halted?.message).toMatch(/claim/);
    expectMode(await first.decide(FLOWS), 'DEGRADED_2');
    const before = (await first.modes()).length;
    await first.close();

    const second = await open({ opening: false });
    expect(await second.mode('NORMAL', before)).toEqual(['DEGRADED_1', 'NORMAL']);
    expectMode(await second.decide(FLOWS), 'NORMAL');
    expect(await closed()).toEqual([]);
  });

  it('lag over its budget: DEGRADED_1 until it is caught up', async () => {
    const running = await open();
    await running.mode('NORMAL');
    const rtdl = running.runtime.running[0];
    if (!rtdl) throw new Error('rtdl runs');
    // Held as a long collection of garbage or a slow disk would hold it.
    const release = await rtdl.pause.hold();
    await running.bus.append(running.records(FLOWS));
    await sleep(900);
    release();
    await running.until(async () => (await running.modes()).length >= 3);
    expect((await running.modes())[1]).toBe('DEGRADED_1 required_signal_gap:eb_consumer_lag');
    expect(await running.mode('NORMAL', 1)).toEqual(['DEGRADED_1', 'NORMAL']);
    expectMode(await running.decide(FLOWS), 'NORMAL');
    expect(await closed()).toEqual([]);
  });

  it('the bundle is gone at a start: FAIL_CLOSED, decided without it, and so it is executed again', async () => {
    const first = await open();
    await first.mode('NORMAL');
    await first.decide(FLOWS);
    await first.close();
    const objects = join(dataDir, 'objects');
    const [name = ''] = readdirSync(objects);
    renameSync(join(objects, name), join(objects, 'away'));

    const second = await open({ opening: false });
    // Before health has told, too: there is no model, and the decision says so.
    const early = await second.decide(FLOWS);
    for (const { stages, action } of early) {
      expect(stages[0]?.outcome).toMatch(/^skipped:(MODEL_NOT_LOADED|MASKED)$/);
      expect(['STEP_UP', 'QUEUE', 'DECLINE']).toContain(action);
    }
    await second.mode('FAIL_CLOSED', 1);
    expectMode(await second.decide(FLOWS), 'FAIL_CLOSED');
    renameSync(join(objects, 'away'), join(objects, name));
    expect((await second.mode('NORMAL', 2)).slice(-3)).toEqual([
      'DEGRADED_2',
      'DEGRADED_1',
      'NORMAL',
    ]);
    const after = await second.decide(FLOWS);
    expectMode(after, 'NORMAL');
    expect(after[0]?.stages[0]?.outcome).toBe('ok');
    expect(await closed()).toEqual([]);
  });

  it('the posture store goes silent: FAIL_CLOSED after 3 s, back with the next posture', async () => {
    // Without its own posture stage the loop hears only what others publish.
    const running = await open({ topologies: [rtdlTopology({ clock: 'records' })] });
    const codec = topicCodec(topics.posture, running.runtime.lookup);
    const publish = async (seq: number): Promise<void> => {
      const value = postureRecord('NORMAL', seq);
      const record = { key: codec.encodeKey(value), value: codec.encode(value) };
      await running.bus.append([{ topic: topics.posture.name, ...record }]);
    };
    await publish(1);
    expectMode(await running.decide(FLOWS), 'NORMAL');
    await sleep(3100);
    const silent = await running.decide(FLOWS);
    expectMode(silent, 'FAIL_CLOSED');
    expect(silent[0]?.degrade_posture.reason).toBe('required_signal_gap:posture_store_health');
    await publish(2);
    expectMode(await running.decide(FLOWS), 'NORMAL');
  });
});

/** One tree over the amount: in the pool, as trees are. */
const treesBundle = bundleBytes(
  makeBundle({
    ...amountBundle(defaultFeaturePlan),
    primary: {
      ...{ kind: 'trees', grownBy: 'lightgbm', features: ['amount_sum'], compare: 'le64' },
      ...{ base: 0, divisor: 1, link: 'logistic', slope: 1, zeroIsMissing: false },
      ...{ roots: [0], feature: [0], threshold: [10_000], flags: [0], left: [-1], right: [-2] },
      ...{ nodeCover: [2], leaf: [-2, 2], leafCover: [1, 1], sets: [] },
    },
  }),
);

describe('the worker pool, live', LONG, () => {
  it('a worker killed in mid-round costs its decisions their score, with the reason, and nothing else', async () => {
    const running = await open({ bundle: treesBundle, pool: { faults: { rowDelayMs: 25 } } });
    await running.mode('NORMAL');
    const whole = await running.decide(2);
    expect(whole.map(({ stages }) => stages[0]?.outcome)).toEqual(['ok', 'ok', 'ok', 'ok']);
    const { pool } = running.runtime;
    const score = vi.spyOn(pool, 'score').mockImplementationOnce((request) => {
      setTimeout(() => void pool.killThread(), 40);
      return pool.score(request);
    });
    const hit = await running.decide(3);
    score.mockRestore();
    expect(pool.counts.deaths).toBe(1);
    const outcomes = hit.map(({ stages }) => stages[0]?.outcome);
    expect(outcomes).toContain('skipped:WORKER_DIED');
    for (const { stages, reason_codes: reasons, action, score } of hit) {
      if (stages[0]?.outcome !== 'skipped:WORKER_DIED') continue;
      expect(reasons).toContain('PRIMARY_SKIPPED:WORKER_DIED');
      expect(score).toBeNull();
      expect(action).not.toBe('APPROVE');
    }
    // A new thread takes its place; on a busy machine the first batches may still come too early for it.
    await running.until(async () => {
      const after = await running.decide(1);
      return after.every(({ stages }) => stages[0]?.outcome === 'ok');
    });
    expect(running.runtime.running.every(({ halted }) => halted === undefined)).toBe(true);
    expect(await closed()).toEqual([]);
  });

  it('a model that is really too slow is not waited for: skipped:MODEL_TIMEOUT', async () => {
    const running = await open({ bundle: treesBundle, pool: { faults: { rowDelayMs: 400 } } });
    await running.mode('NORMAL');
    const slow = await running.decide(2);
    for (const { stages, reason_codes: reasons, action } of slow) {
      expect(stages[0]?.outcome).toBe('skipped:MODEL_TIMEOUT');
      expect(reasons).toContain('PRIMARY_SKIPPED:MODEL_TIMEOUT');
      expect(action).not.toBe('APPROVE');
    }
    expect(await closed()).toEqual([]);
  });
});
