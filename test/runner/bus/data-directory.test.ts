/** What only the durable bus has: its lock, its fixed clock, reading only, and damage on disk. */
import { ClassicLevel } from 'classic-level';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openEmbeddedBus } from '../../../runner/bus/embedded/open-embedded.js';
import { TABLE } from '../../../runner/bus/embedded/row-keys.js';
import { bytes, drain, failsWith, text, textRecord, topicConfig } from './suite.js';
import { readAll, round } from './suite-rounds.js';

let dir = '';
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'weir-data-'));
});
afterEach(() => rm(dir, { recursive: true }));

describe('data directory', () => {
  it('a second opener gets one line naming pid and command of the first', async () => {
    const bus = await openEmbeddedBus({ dir });
    const refused = await failsWith(openEmbeddedBus({ dir }), 'USAGE');
    expect(refused.message).toContain(`pid ${process.pid} (`);
    expect(refused.message).not.toContain('\n');
    const owner = JSON.parse(await readFile(join(dir, 'owner.json'), 'utf8')) as object;
    expect(owner).toMatchObject({ pid: process.pid, socket: null });
    await bus.close();
    await expect(stat(join(dir, 'owner.json'))).rejects.toThrow();
    await (await openEmbeddedBus({ dir })).close();
  });

  it('the clock is fixed when the directory is created', async () => {
    await (await openEmbeddedBus({ dir, clock: 'records' })).close();
    const refused = await failsWith(openEmbeddedBus({ dir, clock: 'wall' }), 'USAGE');
    expect(refused.message).toContain('records clock');
    const bus = await openEmbeddedBus({ dir });
    expect(bus.clock).toBe('records');
    await bus.close();
  });

  it('times stay above what is stored when the system clock was set back', async () => {
    const first = await openEmbeddedBus({ dir, nowMs: () => 4e12 });
    await first.ensureTopics([topicConfig('a.v1', 1)]);
    await first.append([textRecord('a.v1', 'k', 'v')]);
    await first.close();
    const second = await openEmbeddedBus({ dir });
    const [appended] = await second.append([textRecord('a.v1', 'k', 'v')]);
    expect(appended?.timeMs).toBeGreaterThanOrEqual(4e12);
    expect(second.nowMs()).toBeGreaterThanOrEqual(4e12);
    await second.close();
  });
});

describe('a bus opened for reading', () => {
  it('reads everything and throws READ_ONLY on every write', async () => {
    const own = await openEmbeddedBus({ dir });
    await own.ensureTopics([topicConfig('a.v1', 1)]);
    await own.claim(['t/0'], 'me');
    await own.commit({
      rounds: [round('t/0', 1, 1)],
      outputs: [textRecord('a.v1', 'k', 'v')],
    });
    await own.meta.put('m', bytes('row'));
    await own.close();

    const bus = await openEmbeddedBus({ dir, readOnly: true });
    expect((await drain(bus, 'a.v1', 0)).map(({ value }) => text(value))).toEqual(['v']);
    expect(await readAll(bus, 't/0')).toHaveLength(1);
    expect(text((await bus.meta.get('m')) ?? null)).toBe('row');
    await bus.ensureTopics([topicConfig('a.v1', 1)]);
    const writes: readonly (readonly [string, () => Promise<unknown>])[] = [
      ['ensureTopics', () => bus.ensureTopics([topicConfig('b.v1', 1)])],
      ['append', () => bus.append([textRecord('a.v1', 'k', 'w')])],
      ['commit', () => bus.commit({ rounds: [round('t/0', 1, 2)], outputs: [] })],
      ['claim', () => bus.claim(['t/0'], 'other')],
      ['purgeBlobs', () => bus.purgeBlobs('t/0', 1)],
      ['retain', () => bus.retain()],
      ['meta.put', () => bus.meta.put('m', bytes('other'))],
      ['meta.delete', () => bus.meta.delete('m')],
    ];
    for (const [, write] of writes) await failsWith(write(), 'READ_ONLY');
    await bus.close();

    const after = await openEmbeddedBus({ dir });
    expect(await readAll(after, 't/0')).toHaveLength(1);
    expect((await after.bounds('a.v1'))[0]?.end).toBe(1n);
    expect(text((await after.meta.get('m')) ?? null)).toBe('row');
    await after.close();
  });

  it('refuses a directory without a bus and creates nothing there', async () => {
    await failsWith(openEmbeddedBus({ dir: join(dir, 'none'), readOnly: true }), 'USAGE');
    await expect(stat(join(dir, 'none'))).rejects.toThrow();
  });
});

describe('damage on disk', () => {
  /** Flips one bit of byte `at` (from the end when negative) in the nth row of a table. */
  const damage = async (table: number, nth: number, at: number): Promise<void> => {
    const level = new ClassicLevel<Buffer, Buffer>(join(dir, 'bus'), {
      keyEncoding: 'buffer',
      valueEncoding: 'buffer',
    });
    const rows = await level.iterator({ gte: Buffer.of(table), lt: Buffer.of(table + 1) }).all();
    const row = rows[nth];
    if (row === undefined) throw new Error('no such row');
    const [key, value] = row;
    const index = at < 0 ? value.length + at : at;
    value[index] = (value[index] ?? 0) ^ 1;
    await level.put(key, value);
    await level.close();
  };

  const threeBatches = async (): Promise<void> => {
    const bus = await openEmbeddedBus({ dir });
    await bus.ensureTopics([topicConfig('a.v1', 1)]);
    await bus.claim(['t/0'], 'me');
    for (let seq = 1; seq <= 3; seq++) {
      await bus.commit({
        rounds: [round('t/0', 1, seq)],
        outputs: [textRecord('a.v1', 'k', `one ${seq}`), textRecord('a.v1', 'k', `two ${seq}`)],
      });
    }
    await bus.close();
  };

  it.each([0, 5, 20, 60, 70, -1])(
    'a flipped bit at byte %i of a batch is found, and topic, partition, offset are named',
    async (at) => {
      await threeBatches();
      await damage(TABLE.batch, 1, at);
      const bus = await openEmbeddedBus({ dir });
      const first = await bus.pull('a.v1', 0, 0n, 1);
      expect(text(first.records[0]?.value ?? null)).toBe('one 1');
      const found = await failsWith(bus.pull('a.v1', 0, 2n, 1000), 'BATCH_CORRUPT');
      expect(found.message).toContain('a.v1/0 offset 2');
      const after = await bus.pull('a.v1', 0, 4n, 1000);
      expect(text(after.records[0]?.value ?? null)).toBe('one 3');
      await bus.close();
    },
  );

  /** Deletes the nth row of a table. */
  const lose = async (table: number, nth: number): Promise<void> => {
    const level = new ClassicLevel<Buffer, Buffer>(join(dir, 'bus'), {
      keyEncoding: 'buffer',
      valueEncoding: 'buffer',
    });
    const keys = await level.keys({ gte: Buffer.of(table), lt: Buffer.of(table + 1) }).all();
    await level.del(keys[nth] ?? Buffer.alloc(0));
    await level.close();
  };

  it.each([0, 1])('the lost header %i is found and named', async (nth) => {
    await threeBatches();
    await lose(TABLE.header, nth);
    const bus = await openEmbeddedBus({ dir });
    const found = await failsWith(readAll(bus, 't/0'), 'HEADER_CORRUPT');
    expect(found.message).toContain(`t/0 round ${nth + 1} is missing`);
    await bus.close();
  });

  it('a missing batch is found, not jumped over', async () => {
    await threeBatches();
    await lose(TABLE.batch, 1);
    const bus = await openEmbeddedBus({ dir });
    for (const from of [0n, 2n, 3n]) {
      const found = await failsWith(bus.pull('a.v1', 0, from, 100_000), 'BATCH_CORRUPT');
      expect(found.message).toMatch(/a\.v1\/0 offset [23] is missing/);
    }
    await bus.close();
  });

  it('a damaged header and a damaged blob are found and named', async () => {
    await threeBatches();
    await damage(TABLE.blob, 1, -1);
    const bus = await openEmbeddedBus({ dir });
    const blob = await failsWith(readAll(bus, 't/0'), 'BLOB_CORRUPT');
    expect(blob.message).toContain('t/0 round 2');
    await bus.close();
    await damage(TABLE.header, 0, -1);
    const again = await openEmbeddedBus({ dir });
    const header = await failsWith(readAll(again, 't/0'), 'HEADER_CORRUPT');
    expect(header.message).toContain('t/0 round 1');
    await again.close();
  });
});
