/** The part of the bus suite about appending, reading and topics. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { partitionOfKey } from '../../../runner/bus/murmur2.js';
import type { Bus } from '../../../runner/bus/port.js';
import { bytes, drain, failsWith, text, textRecord, topicConfig } from './suite.js';
import type { BusUnderTest, OpenBus } from './suite.js';

export const recordsSuite = (open: OpenBus): void => {
  let under: BusUnderTest;
  let bus: Bus;
  beforeEach(async () => {
    under = await open();
    bus = under.bus;
    await bus.ensureTopics([topicConfig('a.v1', 4), topicConfig('b.v1', 1)]);
  });
  afterEach(() => under.destroy());

  it('P3: offsets of a partition start at 0 and follow each other in the order of appending', async () => {
    const first = await bus.append([textRecord('b.v1', 'k', '0'), textRecord('b.v1', 'k', '1')]);
    const second = await bus.append([textRecord('b.v1', 'k', '2')]);
    expect([...first, ...second].map(({ offset }) => offset)).toEqual([0n, 1n, 2n]);
    const records = await drain(bus, 'b.v1', 0);
    expect(records.map(({ value }) => text(value))).toEqual(['0', '1', '2']);
  });

  it('places keys by murmur2 and answers in the order given', async () => {
    const keys = Array.from({ length: 50 }, (_, at) => `key-${at}`);
    const answers = await bus.append(keys.map((key) => textRecord('a.v1', key, key)));
    expect(answers.map(({ partition }) => partition)).toEqual(
      keys.map((key) => partitionOfKey(bytes(key), 4)),
    );
    for (const partition of [0, 1, 2, 3]) {
      for (const record of await drain(bus, 'a.v1', partition)) {
        expect(partitionOfKey(record.key ?? bytes(''), 4)).toBe(partition);
        const answer = answers[keys.indexOf(text(record.value))];
        expect(answer).toMatchObject({ topic: 'a.v1', partition, offset: record.offset });
        expect(answer?.timeMs).toBe(record.timeMs);
      }
    }
  });

  it('puts a record with a fixed partition there whatever its key says', async () => {
    await bus.append([{ ...textRecord('a.v1', 'k', 'here'), partition: 3 }]);
    await bus.append([{ topic: 'a.v1', key: null, value: bytes('too'), partition: 3 }]);
    expect((await drain(bus, 'a.v1', 3)).map(({ value }) => text(value))).toEqual(['here', 'too']);
  });

  it('P1: what was appended is there after reopening, and offsets go on', async () => {
    await bus.append([textRecord('b.v1', 'k', 'before')]);
    bus = await under.reopen();
    const [after] = await bus.append([textRecord('b.v1', 'k', 'after')]);
    expect(after?.offset).toBe(1n);
    const records = await drain(bus, 'b.v1', 0);
    expect(records.map(({ value }) => text(value))).toEqual(['before', 'after']);
    if (bus.kind === 'embedded') {
      expect(records[1]?.sequence).toBeGreaterThan(records[0]?.sequence ?? Infinity);
    }
  });

  it('36: a consumer that starts late reads from the first record, not from the tip', async () => {
    for (let at = 0; at < 200; at++) await bus.append([textRecord('b.v1', 'k', String(at))]);
    bus = await under.reopen();
    const records = await drain(bus, 'b.v1', 0, 100);
    expect(records.map(({ value }) => text(value))).toEqual(
      Array.from({ length: 200 }, (_, at) => String(at)),
    );
  });

  it('reads from any offset, as many bytes as asked for, at least one record', async () => {
    const records = Array.from({ length: 500 }, (_, at) =>
      textRecord('b.v1', 'k', String(at).padStart(100, '0')),
    );
    await bus.append(records);
    for (const again of [false, true]) {
      if (again) bus = await under.reopen();
      for (const from of [0n, 1n, 7n, 250n, 499n]) {
        const one = await bus.pull('b.v1', 0, from, 1);
        expect(one.records[0]?.offset).toBe(from);
        expect(one.records).toHaveLength(1);
        expect(one.next).toBe(from + 1n);
        expect(one.end).toBe(500n);
        const some = await bus.pull('b.v1', 0, from, 1500);
        expect(some.records.length).toBeLessThan(20);
        expect(some.records.map(({ value }) => Number(text(value)))).toEqual(
          some.records.map((_, at) => Number(from) + at),
        );
      }
    }
    const atEnd = await bus.pull('b.v1', 0, 500n, 1000);
    expect(atEnd).toEqual({ records: [], next: 500n, end: 500n });
  });

  it('P3: refuses to read past the end instead of waiting there', async () => {
    await bus.append([textRecord('b.v1', 'k', 'only')]);
    await failsWith(bus.pull('b.v1', 0, 2n, 1000), 'SOURCE_REWOUND');
  });

  it('keeps the order of concurrent appends per caller and loses none', async () => {
    const callers = Array.from({ length: 20 }, async (_, caller) => {
      for (let at = 0; at < 20; at++)
        await bus.append([textRecord('b.v1', 'k', `${caller}/${at}`)]);
    });
    await Promise.all(callers);
    const seen = (await drain(bus, 'b.v1', 0)).map(({ value }) => text(value));
    expect(seen).toHaveLength(400);
    for (let caller = 0; caller < 20; caller++) {
      expect(seen.filter((value) => value.startsWith(`${caller}/`))).toEqual(
        Array.from({ length: 20 }, (_, at) => `${caller}/${at}`),
      );
    }
  });

  it('takes one append of 100,000 records', async () => {
    const records = Array.from({ length: 100_000 }, (_, at) =>
      textRecord('a.v1', `k${at}`, `v${at}`),
    );
    const answers = await bus.append(records);
    expect(answers).toHaveLength(100_000);
    bus = await under.reopen();
    const seen = new Set<string>();
    for (const partition of [0, 1, 2, 3]) {
      for (const { value } of await drain(bus, 'a.v1', partition, 1024 * 1024))
        seen.add(text(value));
    }
    expect(seen.size).toBe(100_000);
  }, 120_000);

  it('tells listeners after records became readable, until they stop', async () => {
    const ends: Promise<bigint | undefined>[] = [];
    const stop = bus.onAppend(() => {
      ends.push(bus.bounds('b.v1').then(([bounds]) => bounds?.end));
    });
    await bus.append([textRecord('b.v1', 'k', 'one')]);
    await expect.poll(() => ends.at(-1)).toBe(1n);
    stop();
    const told = ends.length;
    await bus.append([textRecord('b.v1', 'k', 'two')]);
    expect(ends).toHaveLength(told);
  });

  it('P5: names an unknown topic or partition, and another partition count', async () => {
    await failsWith(bus.append([textRecord('c.v1', 'k', 'v')]), 'TOPIC_UNKNOWN');
    await failsWith(
      bus.append([{ ...textRecord('a.v1', 'k', 'v'), partition: 4 }]),
      'TOPIC_UNKNOWN',
    );
    await failsWith(bus.pull('c.v1', 0, 0n, 1), 'TOPIC_UNKNOWN');
    await failsWith(bus.bounds('c.v1'), 'TOPIC_UNKNOWN');
    await failsWith(bus.ensureTopics([topicConfig('a.v1', 5)]), 'TOPIC_MISMATCH');
  });

  it('creates topics once, also when asked twice at once', async () => {
    await Promise.all([
      bus.ensureTopics([topicConfig('c.v1', 2)]),
      bus.ensureTopics([topicConfig('c.v1', 2), topicConfig('d.v1', 1)]),
    ]);
    await bus.append([textRecord('c.v1', 'k', 'v')]);
    bus = await under.reopen();
    await bus.ensureTopics([topicConfig('c.v1', 2)]);
    const names = (await bus.topics()).map(({ name }) => name).sort();
    expect(names).toEqual(['a.v1', 'b.v1', 'c.v1', 'd.v1']);
    const bounds = await bus.bounds('c.v1');
    expect(bounds.reduce((sum, { end }) => sum + end, 0n)).toBe(1n);
  });

  it('P5: answers BUS_CLOSED after it was closed', async () => {
    await bus.close();
    await bus.close();
    await failsWith(bus.append([textRecord('b.v1', 'k', 'v')]), 'BUS_CLOSED');
    await failsWith(bus.pull('b.v1', 0, 0n, 1), 'BUS_CLOSED');
    await failsWith(bus.meta.get('k'), 'BUS_CLOSED');
  });
};
