/**
 * What the embedded bus costs: append, commit and pull at several batch sizes, beside a baseline that
 * does nothing but walk the same records. Run after the build: `node dist/bench/bus.bench.js [records]`.
 *
 * "main" is processor time of the main thread per record (the kernel's own count on Linux; elsewhere
 * the time the event loop was busy), "wall" includes waiting for the disk. Records have a 16-byte key and 380 bytes of value over 4 partitions (COSTS.md's event).
 */
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { openEmbeddedBus } from '../runner/bus/embedded/open-embedded.js';
import type { Bus, ProducedRecord, RoundEntry } from '../runner/bus/port.js';

const RECORDS = Number(process.argv[2] ?? 200_000);
const RECORD_BYTES = 396;
const PARTITIONS = 4;
const TOPIC = 'bench.v1';
const BATCHES = [500, 1000, 5000];
const PULL_BYTES = 512 * 1024;

interface Measured {
  readonly name: string;
  readonly records: number;
  readonly wallMs: number;
  readonly mainMs: number;
}

/** Processor ms of this thread since it started. */
const mainThreadMs = (): number => {
  if (process.platform !== 'linux') return performance.eventLoopUtilization().active;
  const [ranNs] = readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ');
  return Number(ranNs) / 1e6;
};

const measure = async (name: string, work: () => Promise<number>): Promise<Measured> => {
  const before = mainThreadMs();
  const start = performance.now();
  const records = await work();
  const wallMs = performance.now() - start;
  return { name, records, wallMs, mainMs: mainThreadMs() - before };
};

/** Keys and values are views into one buffer, as an encoder's arena gives them. */
const makeRecords = (count: number): readonly ProducedRecord[] => {
  const arena = Buffer.alloc(
    count * RECORD_BYTES,
    'transactions stream in, decisions stream out; ',
  );
  return Array.from({ length: count }, (_, index) => {
    const at = index * RECORD_BYTES;
    arena.writeUInt32BE(Math.imul(index, 2654435761) >>> 0, at);
    return {
      topic: TOPIC,
      key: arena.subarray(at, at + 16),
      value: arena.subarray(at + 16, at + RECORD_BYTES),
    };
  });
};

/** Walks the records in batches as the other rows do, with one turn of the event loop per batch. */
const baseline = async (records: readonly ProducedRecord[], size: number): Promise<number> => {
  let bytes = 0;
  for (let at = 0; at < records.length; at += size) {
    for (const record of records.slice(at, at + size)) bytes += record.value?.length ?? 0;
    await new Promise(setImmediate);
  }
  return bytes > 0 ? records.length : 0;
};

const appendAll = async (
  bus: Bus,
  records: readonly ProducedRecord[],
  size: number,
): Promise<number> => {
  for (let at = 0; at < records.length; at += size) await bus.append(records.slice(at, at + size));
  return records.length;
};

/** As the engine commits: outputs, one header and a 20 KiB blob, the next while one is in flight. */
const commitAll = async (
  bus: Bus,
  records: readonly ProducedRecord[],
  size: number,
): Promise<number> => {
  const [claim] = await bus.claim([`bench/${size}`], 'bench');
  if (claim === undefined) return 0;
  let pending: Promise<unknown> = Promise.resolve();
  let seq = claim.lastSeq;
  for (let at = 0; at < records.length; at += size) {
    const round: RoundEntry = {
      task: claim.task,
      epoch: claim.epoch,
      seq: ++seq,
      header: Buffer.alloc(400, 1),
      blob: [Buffer.alloc(20 * 1024, 2)],
    };
    const next = bus.commit({ rounds: [round], outputs: records.slice(at, at + size) });
    await pending;
    pending = next;
  }
  await pending;
  return records.length;
};

const pullAll = async (bus: Bus): Promise<number> => {
  let records = 0;
  for (const { partition, start, end } of await bus.bounds(TOPIC)) {
    for (let from = start; from < end;) {
      const pulled = await bus.pull(TOPIC, partition, from, PULL_BYTES);
      records += pulled.records.length;
      from = pulled.next;
    }
  }
  return records;
};

/** Reads along with the appends, out of memory. */
const appendAndPull = async (
  bus: Bus,
  records: readonly ProducedRecord[],
  size: number,
): Promise<number> => {
  const places = (await bus.bounds(TOPIC)).map(({ partition, end }) => ({ partition, next: end }));
  for (let at = 0; at < records.length; at += size) {
    await bus.append(records.slice(at, at + size));
    for (const place of places) {
      const pulled = await bus.pull(TOPIC, place.partition, place.next, PULL_BYTES);
      place.next = pulled.next;
    }
  }
  return records.length;
};

const row = ({ name, records, wallMs, mainMs }: Measured): string =>
  [
    name.padEnd(28),
    ((mainMs * 1000) / records).toFixed(2).padStart(14),
    ((wallMs * 1000) / records).toFixed(2).padStart(14),
    Math.round(records / (wallMs / 1000))
      .toLocaleString('en-US')
      .padStart(14),
  ].join('');

const run = async (): Promise<void> => {
  const dir = await mkdtemp(join(tmpdir(), 'weir-bench-bus-'));
  const records = makeRecords(RECORDS);
  process.stdout.write(
    `${RECORDS} records of 396 bytes, ${PARTITIONS} partitions, node ${process.version}\n`,
  );
  process.stdout.write(
    `${'what'.padEnd(28)}${'main us/rec'.padStart(14)}${'wall us/rec'.padStart(14)}${'records/s'.padStart(14)}\n`,
  );
  try {
    for (const size of BATCHES) {
      const bus = await openEmbeddedBus({ dir: join(dir, String(size)) });
      const config = {
        name: TOPIC,
        partitions: PARTITIONS,
        retentionMs: null,
        retentionBytes: null,
      };
      await bus.ensureTopics([config]);
      const rows: readonly (readonly [string, () => Promise<number>])[] = [
        ['nothing', () => baseline(records, size)],
        ['append', () => appendAll(bus, records, size)],
        ['commit', () => commitAll(bus, records, size)],
        ['append and pull along', () => appendAndPull(bus, records, size)],
        ['pull from the start', () => pullAll(bus)],
      ];
      for (const [name, work] of rows) {
        process.stdout.write(`${row(await measure(`${name}, by ${size}`, work))}\n`);
      }
      await bus.close();
    }
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
};

await run();
