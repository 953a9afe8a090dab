/** The embedded bus over memory: the suite every bus passes, and its crash points. */
import { describe, expect, it } from 'vitest';
import { memoryDisk, openMemoryBus, type WriteSeen } from '../../../runner/bus/memory.js';
import { busSuite, drain, failsWith, text, textRecord, topicConfig } from './suite.js';
import { readAll, round } from './suite-rounds.js';

busSuite('memory', async (clock = 'wall') => {
  const disk = memoryDisk();
  let bus = await openMemoryBus({ disk, clock });
  return {
    bus,
    async reopen() {
      await bus.close();
      bus = await openMemoryBus({ disk });
      return bus;
    },
    destroy: () => bus.close(),
  };
});

describe('memory bus: crash points', () => {
  it.each([
    ['crash-before', 0],
    ['crash-after', 1],
  ] as const)('a commit that ends in %s leaves %i whole rounds', async (verdict, left) => {
    const disk = memoryDisk();
    const seen: WriteSeen[] = [];
    const bus = await openMemoryBus({
      disk,
      onWrite: (write) => {
        seen.push(write);
        return write.rounds > 0 ? verdict : 'go';
      },
    });
    await bus.ensureTopics([topicConfig('out.v1', 1)]);
    await bus.claim(['t/0'], 'me');
    const commit = { rounds: [round('t/0', 1, 1)], outputs: [textRecord('out.v1', 'k', 'v')] };
    await failsWith(bus.commit(commit), 'BUS_FAILED');
    await failsWith(bus.append([textRecord('out.v1', 'k', 'later')]), 'BUS_FAILED');
    // Who only reads hears of it too: an idle topology halts instead of looking healthy.
    await failsWith(bus.pull('out.v1', 0, 0n, 1), 'BUS_FAILED');
    expect((await bus.bounds('out.v1'))[0]?.end).toBe(0n);
    expect(seen).toEqual([
      { nth: 1, rounds: 0, batches: 0, claims: 0 },
      { nth: 2, rounds: 0, batches: 0, claims: 1 },
      { nth: 3, rounds: 1, batches: 1, claims: 0 },
    ]);
    const after = await openMemoryBus({ disk });
    expect(await readAll(after, 't/0')).toHaveLength(left);
    expect((await drain(after, 'out.v1', 0)).map(({ value }) => text(value))).toEqual(
      Array.from({ length: left }, () => 'v'),
    );
    const [claim] = await after.claim(['t/0'], 'me again');
    expect(claim).toMatchObject({ epoch: 2, lastSeq: left });
    await after.close();
  });

  it('stamps records with the time a test gives', async () => {
    let nowMs = 1_000_000;
    const bus = await openMemoryBus({ nowMs: () => nowMs });
    await bus.ensureTopics([topicConfig('a.v1', 1)]);
    await bus.append([textRecord('a.v1', 'k', 'v')]);
    nowMs = 900_000;
    await bus.append([textRecord('a.v1', 'k', 'v')]);
    nowMs = 1_500_000;
    await bus.append([textRecord('a.v1', 'k', 'v')]);
    expect((await drain(bus, 'a.v1', 0)).map(({ timeMs }) => timeMs)).toEqual([
      1_000_000, 1_000_000, 1_500_000,
    ]);
    await bus.close();
  });
});
