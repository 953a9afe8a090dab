/** Imports: what lands on the bus, in which order, what is set aside, and that it happens once. */
import { afterAll, describe, expect, it } from 'vitest';
import { isProgressMarker } from '../../../runner/bus/marker.js';
import { memoryDisk, openMemoryBus } from '../../../runner/bus/memory.js';
import type { Bus } from '../../../runner/bus/port.js';
import { listImports } from '../../../runner/import/import-cursor.js';
import type { ImportOptions, ImportReport } from '../../../runner/import/import-options.js';
import { END_AFTER_MS } from '../../../runner/import/import-run.js';
import { importTransactions } from '../../../runner/import/import-transactions.js';
import type { BadRow } from '../../../runner/import/ordered-rows.js';
import { topicCodec } from '../../../schemas/codec.js';
import { RetryError, UsageError } from '../../../schemas/errors.js';
import { memoryLookup } from '../../../schemas/schema-lookup.js';
import { topics } from '../../../schemas/topics.js';
import {
  at,
  everything,
  Folder,
  handbookMap,
  HEADER,
  LABEL_HEADER,
  recordsBus,
  SOURCE_NAMES,
  transcript,
} from './import-fixtures.js';

const folder = new Folder();
afterAll(() => {
  folder.remove();
});

const T0 = Date.UTC(2018, 3, 1);
const row = (id: number, seconds: number, rest = `${id % 7},${id % 5},${id}.50,0`): string =>
  `${id},${at(seconds)},${rest}`;
const small = folder.file('small.csv', [HEADER, row(0, 0), row(1, 0), row(2, 10), row(3, 4000)]);
const labels = folder.file('labels.csv', [
  LABEL_HEADER,
  `${at(10)},1,${at(0)},1,1,1`,
  `${at(90_000)},3,${at(4000)},3,3,0`,
]);

function run(bus: Bus, options: Partial<ImportOptions> = {}): Promise<ImportReport> {
  return importTransactions({
    bus,
    lookup: memoryLookup(),
    file: small,
    map: handbookMap(),
    sources: SOURCE_NAMES,
    thread: false,
    ...options,
  });
}

describe('importTransactions', () => {
  it('gives each transaction its four records at its own time, ids raised as ruling 1 says (I1)', async () => {
    const bus = await recordsBus();
    const lookup = memoryLookup();
    const report = await run(bus, { lookup });
    expect(report).toMatchObject({
      transactions: 4,
      labels: 0,
      badRows: 0,
      firstTimeMs: T0,
      lastTimeMs: T0 + 4_000_000,
    });
    const all = await everything(bus);
    const events = all.filter((record) => !isProgressMarker(record));
    expect(events).toHaveLength(16);
    const anchor = topicCodec(topics.flowAnchors, lookup);
    const anchors = events
      .filter(({ topic }) => topic === topics.flowAnchors.name)
      .map(({ value, timeMs }) => ({ timeMs, event: anchor.decode(value ?? new Uint8Array()) }))
      .sort((a, b) => Number(a.event.payload.flow_id) - Number(b.event.payload.flow_id));
    expect(anchors.map(({ timeMs }) => timeMs - T0)).toEqual([0, 0, 10_000, 4_000_000]);
    expect(anchors[0]?.event).toMatchObject({
      platform_run_id: 'platform_20180401T000000Z',
      seed: '0',
      manifest_fingerprint: report.pins.manifest_fingerprint,
      parameter_hash: handbookMap().hash,
      origin: { source: 'import', row: 2 },
      payload: {
        flow_id: '0',
        arrival_seq: 1,
        merchant_id: '1',
        account_id: '1',
        party_id: '1',
        instrument_id: '1',
        device_id: '1',
        ip_id: '1',
        amount: 0.5,
        fraud_flag: false,
        campaign_id: null,
      },
    });
  });

  it('puts a label before the transaction of the same time, its subject the event labelled', async () => {
    const bus = await recordsBus();
    const lookup = memoryLookup();
    const report = await run(bus, { lookup, labels });
    expect(report).toMatchObject({ transactions: 4, labels: 2, lastTimeMs: T0 + 90_000_000 });
    const all = await everything(bus);
    const of = (topic: string) =>
      all.filter((record) => record.topic === topic && !isProgressMarker(record));
    const traffic = of(topics.traffic.name).map((record) => ({
      ...record,
      event: topicCodec(topics.traffic, lookup).decode(record.value ?? new Uint8Array()),
    }));
    const found = of(topics.labels.name).map((record) => ({
      ...record,
      label: topicCodec(topics.labels, lookup).decode(record.value ?? new Uint8Array()),
    }));
    const first = found.find(({ timeMs }) => timeMs === T0 + 10_000);
    const second = found.find(({ timeMs }) => timeMs === T0 + 90_000_000);
    const eventOf = (flow: string) => traffic.find(({ event }) => event.payload.flow_id === flow);
    expect(first?.label.label_subject_key).toEqual({
      platform_run_id: report.pins.platform_run_id,
      event_id: eventOf('1')?.event.event_id,
    });
    expect(first?.label).toMatchObject({ label_value: 'FRAUD_CONFIRMED', source_type: 'EXTERNAL' });
    expect(second?.label.label_value).toBe('LEGIT_CONFIRMED');
    expect(first?.sequence).toBeLessThan(eventOf('2')?.sequence ?? 0);
  });

  it('marks progress in every partition of every source after each batch, and the end 60 s later (I1)', async () => {
    const bus = await recordsBus();
    await run(bus, { batchItems: 3 });
    const markers = (await everything(bus)).filter(isProgressMarker);
    const byPlace = new Map<string, number[]>();
    for (const { topic, partition, timeMs } of markers) {
      const place = `${topic}/${partition}`;
      byPlace.set(place, [...(byPlace.get(place) ?? []), timeMs - T0]);
    }
    let partitions = 0;
    for (const topic of SOURCE_NAMES) partitions += (await bus.bounds(topic)).length;
    expect(byPlace.size).toBe(partitions);
    for (const times of byPlace.values())
      expect(times).toEqual([10_000, 4_000_000, 4_000_000 + END_AFTER_MS]);
  });

  it('puts the opening records first, at the time of the first event (I2)', async () => {
    const bus = await recordsBus();
    const seen: number[] = [];
    await run(bus, {
      opening: ({ firstTimeMs }) => {
        seen.push(firstTimeMs);
        return [{ topic: topics.policy.name, key: Buffer.from('p'), value: Buffer.from('policy') }];
      },
    });
    expect(seen).toEqual([T0]);
    const all = await everything(bus);
    const policy = all.find(
      ({ value }) => value !== null && Buffer.from(value).toString() === 'policy',
    );
    expect(policy).toMatchObject({ topic: topics.policy.name, timeMs: T0 });
    expect(
      all.every((record) => record === policy || record.sequence > (policy?.sequence ?? 0)),
    ).toBe(true);
    await expect(
      run(await recordsBus(), { opening: () => [{ topic: 'other', key: null, value: null }] }),
    ).rejects.toThrow(/not among the sources/);
  });

  it('reports bad rows by line and reason, counts them, and goes on (I4)', async () => {
    const file = folder.file('bad.csv', [
      HEADER,
      row(0, 0),
      '1,2018-04-01T00:00:01Z,1,1',
      row(2, 2, ',1,1.00,0'),
      `3,yesterday,1,1,1.00,0`,
      row(4, 4, '1,1,12 EUR,0'),
      row(5, 5, '1,1,1e300,0'),
      `x,${at(6)},1,1,1.00,0`,
      '"open',
      row(8, 8),
      row(7, 3),
      row(9, 9),
      '10,2118-04-01T00:00:00Z,1,1,1.00,0',
    ]);
    const bad: BadRow[] = [];
    const bus = await recordsBus();
    const report = await run(bus, { file, onBadRow: (found) => bad.push(found) });
    expect(bad.map(({ line }) => line)).toEqual([3, 4, 5, 6, 7, 8, 9, 11, 13]);
    expect(bad.map(({ reason }) => reason)).toEqual([
      '4 columns where the header has 6',
      'CUSTOMER_ID is no id: ""',
      'no time: "yesterday"',
      'no amount: "12 EUR"',
      'no amount: "1e300"',
      'TRANSACTION_ID is no id: "x"',
      'a quote is not closed, or text follows a closing quote',
      expect.stringContaining('behind the newest row'),
      expect.stringContaining('ahead of the newest row'),
    ]);
    expect(report).toMatchObject({ transactions: 3, badRows: 9 });
    expect(report.firstBadRows).toEqual(bad);
  });

  it('puts rows in order within the declared bound; ties by id; one further back is reported', async () => {
    const shuffled = folder.file('shuffled.csv', [
      HEADER,
      row(2, 10),
      row(1, 0),
      row(0, 0),
      row(3, 4000),
      row(4, 3900),
    ]);
    const sorted = folder.file('sorted.csv', [
      HEADER,
      row(0, 0),
      row(1, 0),
      row(2, 10),
      row(3, 4000),
    ]);
    const flows = async (file: string, bound: number): Promise<readonly string[]> => {
      const bus = await recordsBus();
      const lookup = memoryLookup();
      const map = handbookMap((text) =>
        text.replace('bound_seconds: 0', `bound_seconds: ${bound}`),
      );
      await run(bus, { file, map, lookup, platformRunId: 'platform_20180401T000000Z' });
      const traffic = topicCodec(topics.traffic, lookup);
      return (await everything(bus))
        .filter((record) => record.topic === topics.traffic.name && !isProgressMarker(record))
        .sort((a, b) => a.sequence - b.sequence)
        .map(({ value }) => traffic.decode(value ?? new Uint8Array()).payload.flow_id);
    };
    expect(await flows(shuffled, 60)).toEqual(['0', '1', '2', '3']);
    expect(await flows(shuffled, 100)).toEqual(['0', '1', '2', '4', '3']);
    expect(await flows(sorted, 0)).toEqual(['0', '1', '2', '3']);
  });

  it('lets the earliest row go early when more rows wait than may, and reports what then comes late (B2)', async () => {
    const file = folder.file('full.csv', [
      HEADER,
      row(3, 30),
      row(2, 20),
      row(1, 10),
      row(0, 0),
      row(4, 40),
    ]);
    const bad: BadRow[] = [];
    const map = handbookMap((text) =>
      text.replace('bound_seconds: 0', 'bound_seconds: 1000, rows_max: 2'),
    );
    const report = await run(await recordsBus(), {
      file,
      map,
      onBadRow: (found) => bad.push(found),
    });
    expect(report.transactions).toBe(4);
    expect(bad.map(({ line }) => line)).toEqual([5]);
  });

  it('reads gzip by its bytes and gives the same events, except for the fingerprint of the file', async () => {
    const packed = folder.file('small.csv.gz', [
      HEADER,
      row(0, 0),
      row(1, 0),
      row(2, 10),
      row(3, 4000),
    ]);
    const report = await run(await recordsBus(), { file: packed });
    expect(report.transactions).toBe(4);
  });

  it.each([
    ['no file', { file: 'nowhere.csv' }, /there is no file nowhere.csv/],
    ['no labels file', { labels: 'nowhere.csv' }, /there is no file nowhere.csv/],
    ['another run id', { platformRunId: 'run-1' }, /run-1 is no run id/],
    [
      'a source the bus lacks',
      { sources: ['no.such.topic'] },
      /lacks topics the import needs: no.such.topic/,
    ],
  ])('refuses %s with one line', async (_name, options, message) => {
    const failure = run(await recordsBus(), options);
    await expect(failure).rejects.toThrow(UsageError);
    await expect(failure).rejects.toThrow(message);
  });

  it('refuses files without the columns of the map, without rows, and damaged gzip', async () => {
    const bus = await recordsBus();
    const other = folder.file('other.csv', ['ID,WHEN', '1,2']);
    await expect(run(bus, { file: other })).rejects.toThrow(
      /no column TRANSACTION_ID; its columns are ID, WHEN/,
    );
    const empty = folder.file('empty.csv', [HEADER]);
    await expect(run(bus, { file: empty })).rejects.toThrow(/no usable transaction/);
    const packed = folder.file('cut.csv.gz', [
      HEADER,
      ...Array.from({ length: 5000 }, (_, id) => row(id, id)),
    ]);
    const { readFileSync, writeFileSync } = await import('node:fs');
    writeFileSync(packed, readFileSync(packed).subarray(0, 9000));
    await expect(run(bus, { file: packed })).rejects.toThrow(/cannot be read past row/);
  });

  it('refuses a wall clock, and a bus that is already later than the file', async () => {
    const wall = await openMemoryBus({ clock: 'wall' });
    await expect(run(wall)).rejects.toThrow(/records clock/);
    const bus = await recordsBus();
    await bus.append([
      {
        topic: topics.traffic.name,
        key: Buffer.from('k'),
        value: Buffer.from('v'),
        timeMs: T0 + 5,
      },
    ]);
    await expect(run(bus)).rejects.toThrow(/already holds records/);
  });

  it('stops at the signal and goes on from there when run again', async () => {
    const file = folder.file('many.csv', [
      HEADER,
      ...Array.from({ length: 500 }, (_, id) => row(id, id * 60)),
    ]);
    const whole = await recordsBus();
    await run(whole, { file, batchItems: 40 });
    const bus = await recordsBus();
    const stop = new AbortController();
    const stopped = run(bus, {
      file,
      batchItems: 40,
      signal: stop.signal,
      progress: ({ transactions }) => {
        if (transactions >= 120) stop.abort();
      },
    });
    await expect(stopped).rejects.toThrow();
    const report = await run(bus, { file, batchItems: 40 });
    expect(report).toMatchObject({ resumedAfter: 120, transactions: 500 });
    expect(await transcript(bus)).toEqual(await transcript(whole));
  });

  it('appends nothing when run again after its end, and answers the same (I3)', async () => {
    const bus = await recordsBus();
    const first = await run(bus, { labels });
    const before = await transcript(bus);
    const second = await run(bus, { labels });
    expect(second).toEqual({ ...first, appended: 0, resumedAfter: 6 });
    expect(await transcript(bus)).toEqual(before);
    expect((await listImports(bus)).map(([id, cursor]) => [id, cursor.state])).toEqual([
      [first.importId, 'done'],
    ]);
  });
});

describe('a killed import, run again', () => {
  const file = folder.file('kill.csv', [
    HEADER,
    ...Array.from({ length: 120 }, (_, id) => row(id, Math.floor(id / 3) * 20)),
  ]);
  const killLabels = folder.file('kill-labels.csv', [
    LABEL_HEADER,
    ...Array.from(
      { length: 12 },
      (_, id) => `${at(id * 65)},${id},${at(Math.floor(id / 3) * 20)},1,1,1`,
    ),
  ]);
  const options: Partial<ImportOptions> = {
    file,
    labels: killLabels,
    batchItems: 25,
    opening: () => [
      { topic: topics.policy.name, key: Buffer.from('p'), value: Buffer.from('policy') },
    ],
  };

  it('ends as if nothing had happened, whichever durable write it died before or after (I3)', async () => {
    const undisturbed = await recordsBus();
    await run(undisturbed, options);
    const expected = await transcript(undisturbed);
    let crashes = 0;
    for (const verdict of ['crash-before', 'crash-after'] as const) {
      for (let nth = 1; ; nth++) {
        const disk = memoryDisk();
        await recordsBus({ disk }).then((bus) => bus.close());
        const dying = await openMemoryBus({
          disk,
          clock: 'records',
          onWrite: (write) => (write.nth === nth ? verdict : 'go'),
        });
        const crashed = await run(dying, options).then(
          () => false,
          () => true,
        );
        if (!crashed) break;
        crashes++;
        const again = await openMemoryBus({ disk, clock: 'records' });
        await run(again, options);
        expect(await transcript(again), `${verdict} ${nth}`).toEqual(expected);
      }
    }
    // Six appends and seven cursor rows, before and after each.
    expect(crashes).toBeGreaterThanOrEqual(26);
  });

  it('keeps foreign records that came in between, and still loses and doubles nothing (A1)', async () => {
    const disk = memoryDisk();
    await recordsBus({ disk }).then((bus) => bus.close());
    const dying = await openMemoryBus({
      disk,
      clock: 'records',
      onWrite: (write) => (write.nth === 4 ? 'crash-after' : 'go'),
    });
    await expect(run(dying, options)).rejects.toThrow();
    const again = await openMemoryBus({ disk, clock: 'records' });
    const [bounds] = await again.bounds(topics.traffic.name);
    await again.append([
      {
        topic: topics.traffic.name,
        partition: 0,
        key: Buffer.from('foreign'),
        value: Buffer.from('foreign'),
        timeMs: bounds?.lastTimeMs ?? 0,
      },
    ]);
    await run(again, options);
    const events = (await everything(again)).filter(
      (record) => record.topic === topics.traffic.name && !isProgressMarker(record),
    );
    expect(events).toHaveLength(121);
    expect(
      new Set(events.map(({ value }) => Buffer.from(value ?? []).toString('base64'))).size,
    ).toBe(121);
  });

  it('halts when the topics end before what it had appended', async () => {
    const bus = await recordsBus();
    const { importId } = await run(bus, options);
    const other = await recordsBus();
    const rows = await bus.meta.get(`import/${importId}`);
    const cursor = Buffer.from(rows ?? [])
      .toString()
      .replace('"state":"done"', '"state":"running"');
    await other.meta.put(`import/${importId}`, Buffer.from(cursor));
    await expect(run(other, options)).rejects.toMatchObject({ code: 'SOURCE_REWOUND' });
  });
});

describe('the thread of an import', () => {
  it('puts the same bytes on the bus as the caller’s own thread does, bad rows and all', async () => {
    const file = folder.file('thread.csv', [
      HEADER,
      ...Array.from({ length: 900 }, (_, id) => (id % 100 === 50 ? 'broken' : row(id, id * 5))),
    ]);
    const inline = await recordsBus();
    const first = await run(inline, { file, batchItems: 100 });
    const threaded = await recordsBus();
    const second = await run(threaded, { file, batchItems: 100, thread: true });
    expect(second).toEqual(first);
    expect(first.badRows).toBe(9);
    expect(await transcript(threaded)).toEqual(await transcript(inline));
  });

  it('passes on what the user did wrong, and is gone when the import stops', async () => {
    const other = folder.file('thread-bad.csv', [HEADER, row(0, 0)]);
    const map = handbookMap((text) => text.replace('column: TX_FRAUD', 'column: NOT_THERE'));
    await expect(
      run(await recordsBus(), { file: other, labels, map, thread: true }),
    ).rejects.toThrow(/no column NOT_THERE/);
    const failing = await recordsBus();
    const stop = new AbortController();
    stop.abort();
    await expect(run(failing, { thread: true, signal: stop.signal })).rejects.not.toThrow(
      RetryError,
    );
  });
});
