/** A first start on a wall clock is not left failing closed for want of a policy. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openBus } from '../../runner/bus/open.js';
import { createLogger } from '../../runner/log.js';
import { publishOpening } from '../../runner/publish-opening.js';
import { Runtime } from '../../runner/runtime.js';
import { topics } from '../../schemas/topics.js';
import { rtdlTopology } from '../../topologies/rtdl.js';

it('publishes the shipped policy and bundle once', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'weir-opening-'));
  const { bus } = await openBus({ dataDir, mode: 'own', clock: 'wall' });
  const runtime = await Runtime.open({
    dataDir,
    bus,
    topologies: [rtdlTopology({ clock: 'wall' })],
    log: createLogger({ level: 'silent' }),
  });
  expect(await publishOpening(runtime, 'default')).toBe(true);
  expect(await publishOpening(runtime, 'default')).toBe(false);
  const ends = await Promise.all(
    [topics.policy, topics.registry].map(async ({ name }) => (await bus.bounds(name))[0]?.end),
  );
  expect(ends).toEqual([1n, 3n]);
  await runtime.close();
  await bus.close();
  await rm(dataDir, { recursive: true });
});
