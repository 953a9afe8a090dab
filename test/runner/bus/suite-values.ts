/** The part of the bus suite about what a record carries: bytes, times, and the meta rows beside it. */
import { expect, it } from 'vitest';
import { appendProgress, isProgressMarker } from '../../../runner/bus/marker.js';
import type { ProducedRecord } from '../../../runner/bus/port.js';
import { bytes, drain, failsWith, text, textRecord, topicConfig } from './suite.js';
import type { OpenBus } from './suite.js';

export const valuesSuite = (open: OpenBus): void => {
  it('keeps keys, values and headers byte for byte, null apart from empty', async () => {
    const under = await open();
    await under.bus.ensureTopics([topicConfig('a.v1', 1)]);
    const all = Buffer.from(Array.from({ length: 256 }, (_, at) => at));
    const long = Buffer.alloc(700_000, all);
    const produced: readonly ProducedRecord[] = [
      { topic: 'a.v1', key: null, value: null },
      { topic: 'a.v1', key: Buffer.alloc(0), value: Buffer.alloc(0) },
      { topic: 'a.v1', key: all, value: long, headers: { raw: all, empty: Buffer.alloc(0) } },
      {
        topic: 'a.v1',
        key: bytes('ключ'),
        value: null,
        headers: { ['__proto__']: all, raw: long },
      },
      { topic: 'a.v1', key: new Uint8Array(all.subarray(3, 130)), value: all.subarray(200) },
      { topic: 'a.v1', key: bytes('last'), value: bytes('x'), headers: {} },
    ];
    await under.bus.append(produced);
    for (const again of [false, true]) {
      const bus = again ? await under.reopen() : under.bus;
      const stored = await drain(bus, 'a.v1', 0);
      expect(stored).toHaveLength(produced.length);
      stored.forEach((record, at) => {
        const sent = produced[at];
        const same = (left: Uint8Array | null, right: Uint8Array | null): boolean =>
          left === null || right === null ? left === right : Buffer.compare(left, right) === 0;
        expect(same(record.key, sent?.key ?? null)).toBe(true);
        expect(same(record.value, sent?.value ?? null)).toBe(true);
        const sentHeaders = Object.entries(sent?.headers ?? {});
        expect(Object.keys(record.headers ?? {})).toEqual(sentHeaders.map(([name]) => name));
        for (const [name, value] of sentHeaders) {
          expect(same(record.headers?.[name] ?? null, value)).toBe(true);
        }
      });
    }
    await under.destroy();
  });
};

export const clockSuite = (open: OpenBus): void => {
  it('P4: a wall bus stamps records itself, never backwards, near its own time', async () => {
    const under = await open('wall');
    await under.bus.ensureTopics([topicConfig('a.v1', 1)]);
    const before = under.bus.nowMs();
    for (let at = 0; at < 50; at++) await under.bus.append([textRecord('a.v1', 'k', 'v')]);
    const times = (await drain(under.bus, 'a.v1', 0)).map(({ timeMs }) => timeMs);
    expect(times).toEqual([...times].sort((left, right) => left - right));
    expect(times[0]).toBeGreaterThanOrEqual(before);
    expect(times[49]).toBeLessThanOrEqual(under.bus.nowMs());
    expect((await under.bus.bounds('a.v1'))[0]?.lastTimeMs).toBe(times[49]);
    const own = { ...textRecord('a.v1', 'k', 'v'), timeMs: 5 };
    await failsWith(under.bus.append([own]), 'USAGE');
    const reopened = await under.reopen();
    const [next] = await reopened.append([textRecord('a.v1', 'k', 'v')]);
    expect(next?.timeMs).toBeGreaterThanOrEqual(times[49] ?? Infinity);
    await under.destroy();
  });

  it('P4: a records bus keeps the times given and raises those below the last of the partition', async () => {
    const under = await open('records');
    await under.bus.ensureTopics([topicConfig('a.v1', 2)]);
    const at = (partition: number, timeMs: number): ProducedRecord => ({
      ...textRecord('a.v1', 'k', 'v'),
      partition,
      timeMs,
    });
    await under.bus.append([at(0, 1000), at(0, 900), at(1, 10)]);
    const answers = await under.bus.append([at(0, 999), at(0, 2e12), at(1, 11)]);
    expect(answers.map(({ timeMs }) => timeMs)).toEqual([1000, 2e12, 11]);
    const reopened = await under.reopen();
    expect((await drain(reopened, 'a.v1', 0)).map(({ timeMs }) => timeMs)).toEqual([
      1000, 1000, 1000, 2e12,
    ]);
    expect((await drain(reopened, 'a.v1', 1)).map(({ timeMs }) => timeMs)).toEqual([10, 11]);
    await failsWith(reopened.append([textRecord('a.v1', 'k', 'v')]), 'USAGE');
    await failsWith(reopened.append([at(0, 1.5)]), 'USAGE');
    await under.destroy();
  });

  it('marks progress in every partition of a records bus, and refuses to on a wall bus', async () => {
    const records = await open('records');
    await records.bus.ensureTopics([topicConfig('a.v1', 2), topicConfig('b.v1', 1)]);
    const marked = await appendProgress(records.bus, ['a.v1', 'b.v1'], 77);
    expect(marked.map(({ topic, partition }) => `${topic}/${partition}`)).toEqual([
      'a.v1/0',
      'a.v1/1',
      'b.v1/0',
    ]);
    const [marker] = await drain(records.bus, 'a.v1', 1);
    expect(marker !== undefined && isProgressMarker(marker)).toBe(true);
    expect(marker?.timeMs).toBe(77);
    await records.destroy();
    const wall = await open('wall');
    await wall.bus.ensureTopics([topicConfig('a.v1', 1)]);
    await failsWith(appendProgress(wall.bus, ['a.v1'], 77), 'USAGE');
    await wall.destroy();
  });
};

export const metaSuite = (open: OpenBus): void => {
  it('keeps meta rows, lists them by prefix in byte order, forgets deleted ones', async () => {
    const under = await open();
    const { meta } = under.bus;
    await Promise.all(
      ['b/2', 'b/10', 'a', 'b', 'c/1', 'b/ÿ'].map((key) => meta.put(key, bytes(`value of ${key}`))),
    );
    await meta.put('b/2', bytes('second'));
    await meta.delete('c/1');
    const reopened = (await under.reopen()).meta;
    expect((await reopened.list('b/')).map(([key]) => key)).toEqual(['b/10', 'b/2', 'b/ÿ']);
    expect((await reopened.list('')).map(([key]) => key)).toEqual(['a', 'b', 'b/10', 'b/2', 'b/ÿ']);
    expect(text((await reopened.get('b/2')) ?? null)).toBe('second');
    expect(await reopened.get('c/1')).toBeUndefined();
    await under.destroy();
  });
};
