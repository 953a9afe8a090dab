/** R5: recorded rounds executed again give the same bytes; anything changed is found and named. */
import { describe, expect, it } from 'vitest';
import { drive, type Driver } from '../../../runner/driver.js';
import { openReplay } from '../../../runner/engine/replay.js';
import { verifyReplay } from '../../../runner/verify.js';
import { MemoryBacking } from '../../../state/backing.js';
import { openTaskState } from '../../../state/task-state.js';
import type { Topology } from '../../../topologies/topology.js';
import { cardTopology, makeCardTopology } from '../../support/card-topology.js';
import { cardHistory, START_MS } from '../../support/card-history.js';

async function verify(driver: Driver, topology: Topology = cardTopology) {
  const replay = await openReplay({
    topology,
    bus: driver.bus,
    serde: driver.serde,
    openState: ({ stores, lineage }) =>
      openTaskState({
        stores,
        backing: new MemoryBacking(),
        newLineage: Buffer.from(lineage, 'hex'),
      }),
  });
  const verified = await verifyReplay({ bus: driver.bus, replay, build: 'driver' });
  const digests = await Promise.all(replay.tasks.map((task) => task.state.digest()));
  await replay.close();
  return { ...verified, digests };
}

async function ran(clock: 'wall' | 'records', seed: number): Promise<Driver> {
  const driver = await drive(cardTopology, {
    clock,
    partitions: 2,
    seed,
    startMs: START_MS,
    tuning: { limits: () => ({ recordsMax: 17, bytesMax: 512 * 1024 }) },
  });
  await driver.run([
    ...cardHistory(seed, 300),
    { crash: 'now' },
    ...cardHistory(seed + 1, 100, START_MS + 100_000),
  ]);
  if (clock === 'records') await driver.endAt(START_MS + 3_600_000);
  else await driver.settle(2000);
  return driver;
}

describe('replay', () => {
  for (const clock of ['records', 'wall'] as const) {
    it(`R5: gives the recorded outputs and state again on a ${clock} clock`, async () => {
      const driver = await ran(clock, 5);
      const live = await Promise.all(driver.opened.group.tasks.map((task) => task.state.digest()));
      const again = await verify(driver);
      expect(again.differences).toEqual([]);
      expect(again.rounds).toBeGreaterThan(10);
      expect(again.outputs).toBeGreaterThan(250);
      expect(again.digests).toEqual(live);
      await driver.close();
    });
  }

  it('R5: is red when an operator is changed by one character', async () => {
    const driver = await ran('records', 6);
    const changed = await verify(driver, makeCardTopology({ waitMs: 901 }));
    expect(changed.differing).toBeGreaterThan(0);
    expect(changed.differences[0]).toMatch(/round \d+ of card-verdicts/);
    await driver.close();
  });
});
