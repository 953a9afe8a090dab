/** R7: who is named as poison, and who is not. A start here is a process that ended without warning. */
import { describe, expect, it } from 'vitest';
import { openMemoryBus } from '../../runner/bus/memory.js';
import type { Bus } from '../../runner/bus/port.js';
import type { Planned } from '../../runner/engine/plan.js';
import { Reader } from '../../runner/engine/reader.js';
import { PoisonWatch, recordSkip } from '../../runner/poison.js';

const bus = (): Promise<Bus> => openMemoryBus({ clock: 'wall' });

function planned(on: Bus, offset: number): Planned {
  const reader = new Reader({
    ...{ bus: on, source: 'in', topic: 'in.v1', partition: 0, rank: 0 },
    ...{ from: 0n, lastTimeMs: 0 },
  });
  const record = { offset: BigInt(offset), timeMs: 1, sequence: offset, headers: null };
  const queued = { record: { ...record, key: null, value: null }, timeMs: 1, marker: false };
  return { reader, queued, timeMs: 1 };
}

/** A process that steps these records, commits all but the last, and ends. */
async function lives(on: Bus, offsets: readonly number[]): Promise<PoisonWatch> {
  const watch = await PoisonWatch.open(on.meta, 'cards');
  for (const [at, offset] of offsets.entries()) {
    const records = [planned(on, offset)];
    await watch.before(records);
    if (at < offsets.length - 1) await watch.committed(records);
  }
  return watch;
}

describe('PoisonWatch', () => {
  it('R7: names the record that was there three times when the process ended', async () => {
    const on = await bus();
    expect((await lives(on, [7])).isolating).toBe(false);
    expect((await lives(on, [7])).isolating).toBe(true);
    expect((await lives(on, [7])).isolating).toBe(true);
    await expect(lives(on, [])).rejects.toThrow(/Record in\.v1\/0\/7 ended the process 3 times/);
    // It stays named until somebody releases it.
    await expect(lives(on, [])).rejects.toMatchObject({ code: 'POISON_FOUND' });
  });

  it('R7: names it although harmless records before it pass one by one', async () => {
    const on = await bus();
    await lives(on, [4]);
    await lives(on, [4, 5, 6, 7]);
    await lives(on, [7]);
    await expect(lives(on, [])).rejects.toThrow('in.v1/0/7');
  });

  it('R7: accuses nobody when kills from outside strike other records each time', async () => {
    const on = await bus();
    await lives(on, [1]);
    for (let start = 0; start < 20; start += 1) {
      const watch = await lives(on, [start + 1, start + 2]);
      expect(watch.isolating).toBe(true);
    }
  });

  it('R7: accuses nobody when an idle process is killed after its last commit', async () => {
    const on = await bus();
    await lives(on, []);
    for (let start = 0; start < 5; start += 1) {
      const watch = await PoisonWatch.open(on.meta, 'cards');
      const records = [planned(on, start)];
      await watch.before(records);
      await watch.committed(records);
    }
    await expect(lives(on, [])).resolves.toBeDefined();
  });

  it('R7: grows rounds again after a thousand records have passed', async () => {
    const on = await bus();
    await lives(on, []);
    const watch = await lives(on, []);
    expect(watch.isolating).toBe(true);
    await watch.committed(Array.from({ length: 1000 }, (_, at) => planned(on, at)));
    expect(watch.isolating).toBe(false);
    expect((await lives(on, [])).isolating).toBe(false);
  });

  it('R7: goes on once the record is released, and watches afresh', async () => {
    const on = await bus();
    for (let start = 0; start < 3; start += 1) await lives(on, [7]);
    await expect(lives(on, [])).rejects.toMatchObject({ code: 'POISON_FOUND' });
    const skip = { place: 'in.v1/0/7', by: 'A. Person', atMs: 1, reason: 'test' };
    await recordSkip(on.meta, 'cards', skip);
    const watch = await lives(on, []);
    expect(watch.isolating).toBe(false);
    expect([...watch.skips]).toEqual(['in.v1/0/7']);
  });
});
