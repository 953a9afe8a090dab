/**
 * Health as the runner measures it and the loop judges it, on a wall clock: what is taken away for real
 * costs what depends on it, and what is only late costs nothing.
 */
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { topicCodec } from '../../schemas/codec.js';
import type { Posture } from '../../schemas/generated/posture.js';
import { topics } from '../../schemas/topics.js';
import { openBus } from '../../runner/bus/open.js';
import type { Bus } from '../../runner/bus/port.js';
import { createLogger } from '../../runner/log.js';
import { openingRecords, shippedPolicy } from '../../runner/opening.js';
import { eachRecord } from '../../runner/report/each-record.js';
import { Runtime } from '../../runner/runtime.js';
import { attachServices, type Services } from '../../runner/services.js';
import { findTopology } from '../../runner/topology-catalog.js';

const SLOW_MS = 120_000;
const WAIT = { timeout: 60_000, interval: 100 };

let dataDir = '';
let open: { bus: Bus; runtime: Runtime; services: Services; running: Promise<void> } | undefined;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'weir-health-'));
});
afterEach(async () => {
  if (open) {
    open.runtime.stop();
    await open.running;
    await open.services.close();
    await open.runtime.close();
    await open.bus.close();
    open = undefined;
  }
  await rm(dataDir, { recursive: true, force: true });
});

/** Topologies running on a fresh directory, with a quiet period of one second. */
async function run(...names: readonly string[]): Promise<void> {
  const { bus } = await openBus({ dataDir, mode: 'own', clock: 'wall' });
  const log = createLogger({ level: 'silent' });
  const topologies = await Promise.all(names.map((name) => findTopology(name, { clock: 'wall' })));
  const runtime = await Runtime.open({ dataDir, bus, topologies, log });
  const policy = (await shippedPolicy()).replace('quiet_seconds: 60', 'quiet_seconds: 1');
  const { lookup, bundles } = runtime;
  await bus.append(
    await openingRecords({ lookup, bundles, clock: 'wall', atMs: bus.nowMs(), policy }),
  );
  const services = await attachServices(runtime, { log });
  open = { bus, runtime, services, running: runtime.run() };
}

/** Postures published so far, heartbeats left out, as "MODE reason". */
async function postures(): Promise<readonly string[]> {
  if (!open) return [];
  const codec = topicCodec(topics.posture, open.runtime.lookup);
  const found: Posture[] = [];
  await eachRecord(open.bus, topics.posture.name, ({ value }) => {
    if (value) found.push(codec.decode(value));
  });
  return found.filter(({ heartbeat }) => !heartbeat).map(({ mode, reason }) => `${mode} ${reason}`);
}

async function heartbeats(): Promise<bigint> {
  const [bounds] = (await open?.bus.bounds(topics.posture.name)) ?? [];
  return bounds?.end ?? 0n;
}

const bundleFile = async (): Promise<string> => {
  const codec = topicCodec(topics.registry, open?.runtime.lookup ?? fail());
  let location = '';
  await eachRecord(open?.bus ?? fail(), topics.registry.name, ({ value }) => {
    if (value) ({ location } = codec.decode(value).bundle);
  });
  return join(dataDir, location);
};

const fail = (): never => {
  throw new Error('nothing runs');
};

describe('health on a wall clock', { timeout: SLOW_MS }, () => {
  it('all signals of the first batch together give NORMAL, with no rung before it', async () => {
    await run('rtdl', 'ieg');
    await expect.poll(postures, WAIT).toEqual(['NORMAL all_signals_ok']);
    await expect.poll(heartbeats, WAIT).toBeGreaterThan(4n);
    expect(await postures()).toEqual(['NORMAL all_signals_ok']);
  });

  it('without ieg decisions do without the graph: DEGRADED_2', async () => {
    await run('rtdl');
    await expect.poll(postures, WAIT).toEqual(['DEGRADED_2 required_signal_gap:ieg_health']);
  });

  it('M1. a loop held up for 4 s publishes postures late, and nothing is called lost', async () => {
    await run('rtdl', 'ieg');
    // Past the grace in which silence is not judged at all.
    await expect.poll(heartbeats, WAIT).toBeGreaterThan(7n);
    const release = await (open?.runtime.running[0] ?? fail()).pause.hold();
    await new Promise((resolve) => setTimeout(resolve, 4000));
    release();
    const before = await heartbeats();
    await expect.poll(heartbeats, WAIT).toBeGreaterThan(before + 4n);
    expect(await postures()).toEqual(['NORMAL all_signals_ok']);
  });

  it('a bundle taken away fails closed; back again, the mode climbs rung by rung', async () => {
    await run('rtdl', 'ieg');
    await expect.poll(postures, WAIT).toEqual(['NORMAL all_signals_ok']);
    const file = await bundleFile();
    await rename(file, `${file}.away`);
    await expect.poll(postures, WAIT).toContain('FAIL_CLOSED required_signal_gap:registry_health');
    await rename(`${file}.away`, file);
    await expect.poll(async () => (await postures()).at(-1), WAIT).toMatch(/^NORMAL /);
    expect((await postures()).map((one) => one.split(' ')[0])).toEqual([
      'NORMAL',
      'FAIL_CLOSED',
      'DEGRADED_2',
      'DEGRADED_1',
      'NORMAL',
    ]);
  });
});
