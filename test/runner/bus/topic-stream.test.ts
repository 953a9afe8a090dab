/** Topics as Node streams: order over partitions, ranges, back-pressure, abort. */
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { openMemoryBus } from '../../../runner/bus/memory.js';
import type { Bus, ProducedRecord } from '../../../runner/bus/port.js';
import {
  readTopic,
  type ReadTopicOptions,
  type TopicRecord,
} from '../../../runner/bus/read-topic.js';
import { writeTopic, type TopicInput } from '../../../runner/bus/write-topic.js';
import { bytes, drain, failsWith, text, textRecord, topicConfig } from './suite.js';

const collect = async (bus: Bus, options: ReadTopicOptions): Promise<readonly TopicRecord[]> => {
  const found: TopicRecord[] = [];
  for await (const record of readTopic(bus, options)) found.push(record as TopicRecord);
  return found;
};

/** `count` records over 4 partitions, times in tens with ties, values counting up. */
const recordsBus = async (count: number): Promise<Bus> => {
  const bus = await openMemoryBus({ clock: 'records' });
  await bus.ensureTopics([topicConfig('a.v1', 4)]);
  for (let at = 0; at < count; at += 50) {
    await bus.append(
      Array.from({ length: Math.min(50, count - at) }, (_, of): ProducedRecord => ({
        ...textRecord('a.v1', `k${(at + of) % 13}`, String(at + of)),
        timeMs: Math.floor((at + of) / 10) * 10,
      })),
    );
  }
  return bus;
};

const numbers = (records: readonly TopicRecord[]): readonly number[] =>
  records.map(({ value }) => Number(text(value)));

const upTo = (count: number, from = 0): readonly number[] =>
  Array.from({ length: count - from }, (_, at) => from + at);

describe('readTopic', () => {
  it('merges partitions by time, then by the order of appending, in small pulls too', async () => {
    const bus = await recordsBus(1000);
    for (const bytesMax of [1, 300, 1_000_000]) {
      const records = await collect(bus, { topic: 'a.v1', bytesMax });
      expect(numbers(records)).toEqual(upTo(1000));
    }
    const [first] = await collect(bus, { topic: 'a.v1', partition: 2 });
    expect(first).toMatchObject({ topic: 'a.v1', partition: 2, offset: 0n });
  });

  it('reads a range of offsets of one partition, and a range of times of all', async () => {
    const bus = await recordsBus(1000);
    const all = await drain(bus, 'a.v1', 1);
    const some = await collect(bus, { topic: 'a.v1', partition: 1, from: 10n, to: 20n });
    expect(some.map(({ offset }) => offset)).toEqual(all.slice(10, 20).map(({ offset }) => offset));
    const timed = await collect(bus, { topic: 'a.v1', from: { timeMs: 495 }, to: { timeMs: 700 } });
    expect(numbers(timed)).toEqual(upTo(700, 500));
    expect(await collect(bus, { topic: 'a.v1', from: { timeMs: 5000 } })).toEqual([]);
    expect(await collect(bus, { topic: 'a.v1', from: 9000n })).toEqual([]);
  });

  it('ends at what was there when it was opened, and goes on with follow until `to`', async () => {
    const bus = await openMemoryBus();
    await bus.ensureTopics([topicConfig('a.v1', 1)]);
    const append = (value: number) => bus.append([textRecord('a.v1', 'k', String(value))]);
    await append(0);
    expect(numbers(await collect(bus, { topic: 'a.v1' }))).toEqual([0]);
    const following = collect(bus, { topic: 'a.v1', follow: true, to: 100n });
    for (let value = 1; value < 100; value++) {
      await append(value);
      if (value % 10 === 0) await sleep(1);
    }
    expect(numbers(await following)).toEqual(upTo(100));
    expect(() => readTopic(bus, { topic: 'a.v1', follow: true, to: { timeMs: 1 } })).toThrow(
      'ends at an offset',
    );
  });

  it('a slow consumer keeps what is read ahead bounded', async () => {
    const bus = await recordsBus(20_000);
    let pulled = 0;
    const pull = bus.pull.bind(bus);
    vi.spyOn(bus, 'pull').mockImplementation(async (...args) => {
      const answer = await pull(...args);
      pulled += answer.records.length;
      return answer;
    });
    const stream = readTopic(bus, { topic: 'a.v1', bytesMax: 1000 });
    let consumed = 0;
    let worst = 0;
    for await (const record of stream) {
      expect(Number(text((record as TopicRecord).value))).toBe(consumed);
      consumed++;
      if (consumed % 500 === 0) await sleep(2);
      worst = Math.max(worst, pulled - consumed);
      if (consumed === 5000) break;
    }
    // 4 partitions x one pull of about 1000 bytes (under 110 records), and 64 handed over.
    expect(worst).toBeLessThan(4 * 110 + 64);
    expect(worst).toBeGreaterThan(0);
    expect(stream.destroyed).toBe(true);
  });

  it('abort ends it at once, also while it waits for records', async () => {
    const bus = await recordsBus(10);
    const aborting = new AbortController();
    const stream = readTopic(bus, { topic: 'a.v1', follow: true, signal: aborting.signal });
    const seen: unknown[] = [];
    stream.on('data', (record) => seen.push(record));
    await expect.poll(() => seen.length).toBe(10);
    const closed = once(stream, 'error');
    const start = performance.now();
    aborting.abort();
    const [failure] = (await closed) as [Error];
    expect(failure.name).toBe('AbortError');
    expect(performance.now() - start).toBeLessThan(100);
    await bus.append([{ ...textRecord('a.v1', 'k', '10'), timeMs: 1e6 }]);
    await sleep(5);
    expect(seen).toHaveLength(10);
  });

  it('an error of the bus ends it with that error', async () => {
    const bus = await recordsBus(10);
    await failsWith(collect(bus, { topic: 'none.v1' }), 'TOPIC_UNKNOWN');
    await failsWith(collect(bus, { topic: 'a.v1', partition: 7 }), 'USAGE');
  });
});

describe('writeTopic', () => {
  const inputs = (count: number): Iterable<TopicInput> =>
    upTo(count).map((value) => ({ key: bytes('k'), value: bytes(String(value)) }));

  it('finishes when everything is durable, in order, in batches', async () => {
    const bus = await openMemoryBus();
    await bus.ensureTopics([topicConfig('a.v1', 1)]);
    const batches: number[] = [];
    const target = writeTopic(bus, {
      topic: 'a.v1',
      batchRecords: 100,
      onAppended: (appended) => batches.push(appended.length),
    });
    await pipeline(Readable.from(inputs(2345)), target);
    const values = (await drain(bus, 'a.v1', 0)).map(({ value }) => Number(text(value)));
    expect(values).toEqual(upTo(2345));
    expect(Math.max(...batches)).toBeLessThanOrEqual(100);
    expect(batches.length).toBeLessThan(100);
  });

  it('a record written the moment the batch before became durable is not forgotten', async () => {
    const bus = await openMemoryBus();
    await bus.ensureTopics([topicConfig('a.v1', 1)]);
    let written = 0;
    const writeNext = (): void => {
      if (written++ < 50) target.write({ key: null, value: bytes(String(written)) });
      else target.end();
    };
    const target = writeTopic(bus, {
      topic: 'a.v1',
      onAppended: () => {
        queueMicrotask(writeNext);
      },
    });
    writeNext();
    await once(target, 'finish');
    expect((await bus.bounds('a.v1'))[0]?.end).toBe(50n);
  });

  it('holds the producer back while a batch is being written and the next one is full', async () => {
    const bus = await openMemoryBus();
    await bus.ensureTopics([topicConfig('a.v1', 1)]);
    const append = vi.spyOn(bus, 'append').mockImplementation(() => new Promise(() => undefined));
    let taken = 0;
    const source = function* (): Iterable<TopicInput> {
      while (taken < 5000) {
        taken++;
        yield { key: null, value: Buffer.alloc(1000) };
      }
    };
    const aborting = new AbortController();
    const target = writeTopic(bus, {
      topic: 'a.v1',
      batchBytes: 50_000,
      signal: aborting.signal,
    });
    const piping = pipeline(Readable.from(source()), target);
    await expect.poll(() => append.mock.calls.length, { timeout: 10_000 }).toBe(1);
    await sleep(50);
    expect(append).toHaveBeenCalledTimes(1);
    // Two batches of 50 records, 64 in the Writable, 64 in the Readable, and the one in hand.
    expect(taken).toBeLessThan(2 * 50 + 64 + 64 + 5);
    expect(taken).toBeGreaterThan(100);
    aborting.abort();
    await expect(piping).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('a record the bus refuses destroys the stream with the error of the bus', async () => {
    const bus = await openMemoryBus();
    await bus.ensureTopics([topicConfig('a.v1', 1)]);
    const input: TopicInput = { key: null, value: null, timeMs: 5 };
    await failsWith(pipeline(Readable.from([input]), writeTopic(bus, { topic: 'a.v1' })), 'USAGE');
  });
});
