/** What the demo is made of: the feed loses nothing, waits for the slower reader, and finds a folder. */
import { mkdtemp, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { memoryLookup } from '../../../schemas/schema-lookup.js';
import { openMemoryBus } from '../../../runner/bus/memory.js';
import type { Bus, ProducedRecord } from '../../../runner/bus/port.js';
import { DemoFeed } from '../../../runner/demo/demo-feed.js';
import { demoFolder, leaveNoTrace } from '../../../runner/demo/demo-folder.js';
import { demoRecords } from '../../../runner/demo/demo-records.js';
import type { RoundReport } from '../../../runner/engine/group.js';
import { EnvelopeWriter } from '../../../runner/world/envelope.js';
import { worldPins, worldRecords } from '../../../runner/world/world-records.js';
import { makeWorld } from '../../../runner/world/world.js';

const world = makeWorld({ seed: 5n, days: 3, flows: 5000 });
const writer = (): EnvelopeWriter =>
  new EnvelopeWriter({
    pins: worldPins(world),
    lookup: memoryLookup(),
    clock: 'wall',
    producer: 'weir:world',
    origin: { source: 'world', reference: 'test' },
  });
const textOf = ({ topic, value }: ProducedRecord): string =>
  `${topic} ${Buffer.from(value ?? []).toString('latin1')}`;

describe('demoRecords', () => {
  const plain = [...worldRecords(world, writer())].map(textOf);
  const disturbed = [...demoRecords(world, writer())].map(textOf);

  it('loses nothing of the world, repeats some, and adds two broken records and one changed (M1)', () => {
    const left = new Map<string, number>();
    for (const text of disturbed) left.set(text, (left.get(text) ?? 0) + 1);
    for (const text of plain) left.set(text, (left.get(text) ?? 0) - 1);
    const extra = [...left].filter(([, count]) => count !== 0);
    expect(extra.every(([, count]) => count > 0)).toBe(true);
    const known = new Set(plain);
    const repeated = extra.filter(([text]) => known.has(text)).length;
    expect(repeated / plain.length).toBeGreaterThan(0.003);
    expect(repeated / plain.length).toBeLessThan(0.007);
    // 10,000 traffic events: one comes again with another amount, none is cut short yet.
    expect(extra.filter(([text]) => !known.has(text))).toHaveLength(1);
  });

  it('comes out of order here and there, and the same each time', () => {
    const firstSeen = new Map(disturbed.map((text, at) => [text, at] as const).toReversed());
    const places = plain.map((text) => firstSeen.get(text) ?? -1);
    const early = places.filter((place, at) => place < (places[at - 1] ?? -1)).length;
    expect(early).toBeGreaterThan(20);
    expect([...demoRecords(world, writer())].map(textOf)).toEqual(disturbed);
  });
});

describe('DemoFeed', () => {
  let bus: Bus;
  beforeEach(async () => {
    bus = await openMemoryBus();
    const topic = { partitions: 1, retentionMs: null, retentionBytes: null };
    await bus.ensureTopics(['a', 'b'].map((name) => ({ ...topic, name })));
  });
  afterEach(() => bus.close());

  const record = (topic: string): ProducedRecord => ({ topic, key: null, value: Buffer.alloc(1) });
  /** A round that stepped `count` records of a topic. */
  const round = (topic: string, count: number): RoundReport =>
    ({
      stepped: Array.from({ length: count }, () => ({ reader: { topic } })),
    }) as unknown as RoundReport;

  it('waits for the slower reader, and ends when both have stepped everything', async () => {
    const feed = new DemoFeed({
      bus,
      records: Array.from({ length: 1000 }, () => record('a')),
      topics: ['a', 'b'],
      readers: ['fast', 'slow'].map((name) => ({ name, topics: new Set(['a', 'b']) })),
      signal: new AbortController().signal,
    });
    let ended = false;
    const run = feed.run().then(() => (ended = true));
    await expect.poll(() => feed.progress.appended).toBe(200);
    feed.onRound('fast', round('a', 200));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(feed.progress).toMatchObject({ appended: 200, ahead: 200 });
    let fast = 200;
    let slow = 0;
    const timer = setInterval(() => {
      const { appended } = feed.progress;
      feed.onRound('fast', round('a', appended - fast));
      fast = appended;
      const some = Math.min(100, appended - slow);
      // The last one only when the feed is known to wait for it.
      if (appended < 1000) {
        feed.onRound('slow', round('a', some));
        slow += some;
      }
    }, 5);
    await expect.poll(() => feed.progress.appended, { timeout: 20_000 }).toBe(1000);
    await new Promise((resolve) => setTimeout(resolve, 50));
    clearInterval(timer);
    expect(ended).toBe(false);
    feed.onRound('slow', round('a', 1000 - slow));
    await run;
    expect(feed.progress.ahead).toBe(0);
  });

  it('ends when it is told to, however much is left', async () => {
    const stop = new AbortController();
    const feed = new DemoFeed({
      bus,
      records: Array.from({ length: 1000 }, () => record('b')),
      topics: ['b'],
      readers: [{ name: 'never', topics: new Set(['b']) }],
      signal: stop.signal,
    });
    const run = feed.run();
    await expect.poll(() => feed.progress.appended).toBe(200);
    stop.abort();
    await run;
    expect(feed.progress.appended).toBe(200);
  });
});

describe('demoFolder', () => {
  let base = '';
  beforeEach(async () => {
    base = await mkdtemp(join(tmpdir(), 'weir-demo-folder-'));
  });
  afterEach(() => rm(base, { recursive: true, force: true }));

  it('takes the next number, so that nothing is ever written over', async () => {
    const first = await demoFolder(undefined, join(base, 'demo'));
    expect(first.dataDir).toBe(join(base, 'demo', '1'));
    expect(first.earlier).toBe(0);
    await writeFile(join(first.dataDir, 'kept'), '');
    await mkdir(join(base, 'demo', '11'));
    const next = await demoFolder(undefined, join(base, 'demo'));
    expect(next.dataDir).toBe(join(base, 'demo', '12'));
    expect(next.earlier).toBe(2);
    await leaveNoTrace(next);
    await leaveNoTrace(first);
    expect((await readdir(join(base, 'demo'))).sort()).toEqual(['1', '11']);
  });

  it('gives two that begin at once a folder each', async () => {
    const both = await Promise.all([1, 2].map(() => demoFolder(undefined, join(base, 'demo'))));
    expect(new Set(both.map(({ dataDir }) => dataDir)).size).toBe(2);
  });

  it('refuses a folder with something in it, in one line that says what to do', async () => {
    await writeFile(join(base, 'mine'), '');
    await expect(demoFolder(base, 'unused')).rejects.toThrow(/is not empty; name another --data/);
    expect((await demoFolder(join(base, 'new'), 'unused')).dataDir).toBe(join(base, 'new'));
  });
});
