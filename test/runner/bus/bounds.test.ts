/** Retention, and every bound of the embedded bus reached (R6). */
import { describe, expect, it } from 'vitest';
import { BATCH_BYTES_MAX } from '../../../runner/bus/embedded/batch-encode.js';
import { IN_FLIGHT_MS } from '../../../runner/bus/embedded/broker-clock.js';
import { memoryDisk, openMemoryBus } from '../../../runner/bus/memory.js';
import type { TopicConfig } from '../../../runner/bus/port.js';
import { drain, failsWith, text, textRecord, topicConfig } from './suite.js';

const bounded = (retentionMs: number | null, retentionBytes: number | null): TopicConfig => ({
  ...topicConfig('a.v1', 1),
  retentionMs,
  retentionBytes,
});

/** One batch per 100 ms, named by number. */
const filled = async (config: TopicConfig, count = 10) => {
  const disk = memoryDisk();
  let nowMs = 1000;
  const bus = await openMemoryBus({ disk, nowMs: () => nowMs });
  await bus.ensureTopics([config, topicConfig('kept.v1', 1)]);
  for (let at = 0; at < count; at++) {
    nowMs = 1000 + at * 100;
    await bus.append([
      textRecord('a.v1', 'k', `${at}`.padEnd(900)),
      textRecord('kept.v1', 'k', 'v'),
    ]);
  }
  return { disk, bus };
};

describe('retention', () => {
  it('removes whole batches older than retentionMs, and reading them halts SOURCE_TRUNCATED', async () => {
    const { disk, bus } = await filled(bounded(500, null));
    expect(await bus.retain(1000 + 900)).toMatchObject({ batches: 4, records: 4 });
    const [bounds] = await bus.bounds('a.v1');
    expect(bounds).toMatchObject({ start: 4n, end: 10n });
    const truncated = await failsWith(bus.pull('a.v1', 0, 3n, 1000), 'SOURCE_TRUNCATED');
    expect(truncated.message).toContain('a.v1/0 starts at offset 4');
    expect((await drain(bus, 'a.v1', 0)).map(({ value }) => text(value).trim())).toEqual([
      '4',
      '5',
      '6',
      '7',
      '8',
      '9',
    ]);
    expect(await drain(bus, 'kept.v1', 0)).toHaveLength(10);
    const reopened = await openMemoryBus({ disk });
    expect((await reopened.bounds('a.v1'))[0]).toMatchObject({ start: 4n, end: 10n });
  });

  it('keeps the newest batches within retentionBytes', async () => {
    const { bus } = await filled(bounded(null, 3000));
    await bus.retain();
    expect((await bus.bounds('a.v1'))[0]).toMatchObject({ start: 7n, end: 10n });
    expect(await bus.retain()).toEqual({ batches: 0, records: 0, bytes: 0 });
  });

  it('an emptied partition goes on at its old end with its old time and sequence', async () => {
    const { disk, bus } = await filled(bounded(1, null));
    const [last] = (await drain(bus, 'a.v1', 0)).slice(-1);
    await bus.retain(1e6);
    const reopened = await openMemoryBus({ disk, nowMs: () => 5 });
    expect((await reopened.bounds('a.v1'))[0]).toEqual({
      partition: 0,
      start: 10n,
      end: 10n,
      lastTimeMs: last?.timeMs,
    });
    const [next] = await reopened.append([textRecord('a.v1', 'k', 'v')]);
    expect(next).toMatchObject({ offset: 10n, timeMs: last?.timeMs });
    const [record] = await drain(reopened, 'a.v1', 0);
    expect(record?.sequence).toBeGreaterThan(last?.sequence ?? Infinity);
  });

  it('never removes what the floor says is still needed', async () => {
    const { bus } = await filled(bounded(1, 1));
    bus.protect((topic, partition) => (topic === 'a.v1' && partition === 0 ? 6n : null));
    await bus.retain(1e6);
    expect((await bus.bounds('a.v1'))[0]).toMatchObject({ start: 6n, end: 10n });
    bus.protect(null);
    await bus.retain(1e6);
    expect((await bus.bounds('a.v1'))[0]).toMatchObject({ start: 10n, end: 10n });
  });

  it('does not apply time retention on a records bus', async () => {
    const bus = await openMemoryBus({ clock: 'records' });
    await bus.ensureTopics([bounded(1, null)]);
    await bus.append([{ ...textRecord('a.v1', 'k', 'v'), timeMs: 5 }]);
    await bus.retain();
    expect((await bus.bounds('a.v1'))[0]).toMatchObject({ start: 0n, end: 1n });
    expect((await bus.topics())[0]?.retentionMs).toBeNull();
  });
});

describe('bounds', () => {
  it('the memory of recent batches stays below its bound while every record stays readable', async () => {
    const recentBytesMax = 20_000;
    const bus = await openMemoryBus({ recentBytesMax });
    await bus.ensureTopics([topicConfig('a.v1', 3)]);
    for (let at = 0; at < 3000; at += 30) {
      await bus.append(
        Array.from({ length: 30 }, (_, of) => ({
          ...textRecord('a.v1', 'k', String(at + of)),
          partition: of % 3,
        })),
      );
      expect(bus.stats().recentBytes).toBeLessThanOrEqual(recentBytesMax);
    }
    expect(bus.stats().recentBytes).toBeGreaterThan(recentBytesMax / 2);
    for (const partition of [0, 1, 2]) {
      const values = (await drain(bus, 'a.v1', partition, 500)).map(({ value }) => text(value));
      expect(values).toEqual(Array.from({ length: 1000 }, (_, at) => String(at * 3 + partition)));
    }
  });

  it('refuses with BUS_BUSY when more waits than the queue holds, and takes the rest later', async () => {
    const bus = await openMemoryBus({ queueBytesMax: 10_000 });
    await bus.ensureTopics([topicConfig('a.v1', 1)]);
    const big = textRecord('a.v1', 'k', 'x'.repeat(6000));
    const first = bus.append([big]);
    const busy = await failsWith(bus.append([big]), 'BUS_BUSY');
    expect(busy.disposition).toBe('retry');
    await first;
    expect(bus.stats().waitingBytes).toBe(0);
    await bus.append([textRecord('a.v1', 'k', 'x'.repeat(50_000))]);
    expect((await bus.bounds('a.v1'))[0]?.end).toBe(2n);
  });

  it('a topic asked for twice at once has one row', async () => {
    const disk = memoryDisk();
    const bus = await openMemoryBus({ disk });
    await Promise.all([1, 2, 3].map(() => bus.ensureTopics([topicConfig('a.v1', 2)])));
    const rows = await disk.rows.keys({ from: Buffer.of(2), until: Buffer.of(3), limit: 10 });
    expect(rows).toHaveLength(1);
  });

  it('splits a large append into batches of bounded bytes', async () => {
    const disk = memoryDisk();
    const bus = await openMemoryBus({ disk });
    await bus.ensureTopics([topicConfig('a.v1', 1)]);
    const value = 'x'.repeat(1000);
    await bus.append(Array.from({ length: 2000 }, () => textRecord('a.v1', 'k', value)));
    const rows = await disk.rows.range({ from: Buffer.of(3), until: Buffer.of(4), limit: 1000 });
    expect(rows.length).toBeGreaterThan(6);
    for (const [, row] of rows) expect(row.length).toBeLessThan(BATCH_BYTES_MAX + 100);
    expect(await drain(bus, 'a.v1', 0)).toHaveLength(2000);
  });

  it('C2: broker time stays near the records in flight until they are readable', async () => {
    let nowMs = 1000;
    let land: () => void = () => undefined;
    const disk = memoryDisk();
    const slow = {
      rows: {
        ...disk.rows,
        write: async (...args: Parameters<typeof disk.rows.write>) => {
          await new Promise<void>((resolve) => (land = resolve));
          await disk.rows.write(...args);
        },
      },
    };
    const setup = await openMemoryBus({ disk, nowMs: () => nowMs });
    await setup.ensureTopics([topicConfig('a.v1', 1)]);
    const bus = await openMemoryBus({ disk: slow, nowMs: () => nowMs });
    const appending = bus.append([textRecord('a.v1', 'k', 'v')]);
    await expect.poll(() => bus.stats().waitingBytes).toBe(0);
    nowMs = 9000;
    expect(bus.nowMs()).toBe(1000 + IN_FLIGHT_MS);
    land();
    const [appended] = await appending;
    expect(appended?.timeMs).toBe(1000);
    expect(bus.nowMs()).toBe(9000);
  });
});
