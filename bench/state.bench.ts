/**
 * What the state layer costs, per call and per round. Prints one line per figure; the target of
 * DESIGN's cost budget stands beside it. Run: node dist/bench/state.bench.js
 */
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';

import { MemoryBacking } from '../state/backing.js';
import { scopedKey } from '../state/keys.js';
import { openLevelBacking } from '../state/level-backing.js';
import type { SealedBlob, TaskState } from '../state/port.js';
import { guardStore, keyedStore } from '../state/store.js';
import { openTaskState } from '../state/task-state.js';

interface Row {
  readonly count: number;
  readonly note: string;
}

const stores = [
  keyedStore<Row>({ keysMax: 10_000_000 }),
  guardStore({ keepMs: 86_400_000, keysMax: 2_000_000 }),
];

function keyed(count: number): readonly string[] {
  return Array.from({ length: count }, (_, at) => scopedKey('run-2026-a', `account-${at}`));
}

function report(what: string, target: string, value: number, unit: string): void {
  const figure = value < 10 ? value.toFixed(3) : value.toFixed(0);
  process.stdout.write(
    `${what.padEnd(52)} ${figure.padStart(10)} ${unit.padEnd(12)} (${target})\n`,
  );
}

/** CPU time of this process: the machine may be busy with other things. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Best of several runs, in microseconds per call. */
function perCall(calls: number, run: () => void): number {
  let best = Infinity;
  for (let round = 0; round < 5; round += 1) {
    const from = cpuMs();
    run();
    best = Math.min(best, cpuMs() - from);
  }
  return (best * 1000) / calls;
}

async function openMemory(): Promise<TaskState> {
  const state = await openTaskState({
    stores,
    backing: new MemoryBacking(),
    newLineage: randomBytes(16),
  });
  await state.ready();
  return state;
}

async function hotPath(): Promise<void> {
  const state = await openMemory();
  const store = state.keyed<Row>(0);
  const keys = keyed(20_000);
  const value: Row = { count: 1, note: 'x' };
  for (const key of keys) store.put(key, value);
  let found = 0;
  report(
    'get, cached',
    'target 0.15',
    perCall(keys.length, () => {
      for (const key of keys) if (store.get(key) !== undefined) found += 1;
    }),
    'us',
  );
  report(
    'put, cached, in a savepoint of 20,000',
    'target 0.3',
    perCall(keys.length, () => {
      state.mark();
      for (const key of keys) store.put(key, value);
      state.release();
    }),
    'us',
  );
  report(
    'mark and release, empty',
    'near zero',
    perCall(100_000, () => {
      for (let at = 0; at < 100_000; at += 1) {
        state.mark();
        state.release();
      }
    }),
    'us',
  );
  report(
    'mark, put, rollback',
    '',
    perCall(20_000, () => {
      for (const key of keys) {
        state.mark();
        store.put(key, value);
        state.rollback();
      }
    }),
    'us',
  );
  const guard = state.guard(1);
  const ids = Array.from({ length: 200_000 }, (_, at) =>
    createHash('sha256').update(`${at}`).digest(),
  );
  const payload = randomBytes(8);
  // Spread over all eight buckets, so that a new id is looked for in each.
  const admitted = cpuMs();
  ids.forEach((id, at) => guard.admit(id, payload, at * 400));
  report(
    'guard admit, new (200,000 over 8 buckets)',
    'target 0.5',
    ((cpuMs() - admitted) * 1000) / ids.length,
    'us',
  );
  report(
    'guard admit, repeat',
    'target 0.5',
    perCall(ids.length, () => {
      for (const id of ids) guard.admit(id, payload, 0);
    }),
    'us',
  );
  if (found === 0) throw new Error('nothing was found');
}

/** Seals rounds of touched rows; returns their blobs. */
function rounds(state: TaskState, keys: readonly string[], perRound: number): SealedBlob[] {
  const store = state.keyed<Row>(0);
  const blobs: SealedBlob[] = [];
  let seal = 0;
  for (let from = 0; from < keys.length; from += perRound) {
    for (const key of keys.slice(from, from + perRound))
      store.put(key, { count: from, note: 'sealed' });
    const start = cpuMs();
    blobs.push(state.seal(blobs.length + 1));
    seal += cpuMs() - start;
  }
  report(`seal, per row (${perRound} rows a round)`, '', (seal * 1000) / keys.length, 'us');
  return blobs;
}

async function roundsAndRecovery(directory: string): Promise<void> {
  const keys = keyed(65_536);
  const shuffled = [...keys].sort((a, b) =>
    createHash('md5').update(a).digest('hex') < createHash('md5').update(b).digest('hex') ? -1 : 1,
  );
  const state = await openMemory();
  const blobs = rounds(state, shuffled, 2000);
  const bytes = blobs.reduce((sum, blob) => sum + blob.bytes, 0);
  report('blob, per row', '', bytes / keys.length, 'bytes');
  const fresh = await openTaskState({
    stores,
    backing: await openLevelBacking(directory),
    newLineage: randomBytes(16),
  });
  const from = cpuMs();
  blobs.forEach((blob, at) => {
    fresh.apply(at + 1, blob.parts);
  });
  const took = cpuMs() - from;
  report('apply', 'target 150,000', (keys.length / took) * 1000, 'rows/s');
  await fresh.ready();
  const gaps = watchLoop();
  const start = cpuMs();
  await fresh.checkpoint();
  report('checkpoint of 65,536 rows, LevelDB', '', cpuMs() - start, 'ms');
  const { median, worst } = gaps.stop();
  report('  block of the main thread, median (wall)', 'target 2', median, 'ms');
  report('  block of the main thread, longest (wall)', 'target 2', worst, 'ms');
  await fresh.close();
}

/** Times from one turn of the event loop to the next, those in which something ran. */
function watchLoop(): { stop(): { readonly median: number; readonly worst: number } } {
  const gaps: number[] = [];
  let last = performance.now();
  let running = true;
  const turn = (): void => {
    const now = performance.now();
    if (now - last > 0.1) gaps.push(now - last);
    last = now;
    if (running) setImmediate(turn);
  };
  setImmediate(turn);
  return {
    stop: () => {
      running = false;
      gaps.sort((a, b) => a - b);
      return { median: gaps[gaps.length >> 1] ?? 0, worst: gaps.at(-1) ?? 0 };
    },
  };
}

async function restart(directory: string): Promise<void> {
  const keys = keyed(1_000_000);
  let state = await openTaskState({
    stores,
    backing: await openLevelBacking(directory),
    newLineage: randomBytes(16),
  });
  await state.ready();
  const store = state.keyed<Row>(0);
  const guard = state.guard(1);
  const tail: SealedBlob[] = [];
  let seq = 0;
  for (let from = 0; from < keys.length; from += 5000) {
    for (const key of keys.slice(from, from + 5000)) {
      store.put(key, { count: from, note: 'a row of some hundred bytes, as a small aggregate is' });
      guard.admit(createHash('sha256').update(key).digest(), Buffer.alloc(8), from);
      state.setTimer(1, key.slice(0, 20) + String(from), from, key);
    }
    seq += 1;
    const blob = state.seal(seq);
    state.durable(seq);
    tail.push(blob);
    // Never the last ones: they are what recovery has to apply, as after a kill.
    if (keys.length - from <= 60_000 || !state.checkpointDue()) continue;
    await state.checkpoint();
    tail.length = 0;
  }
  const mark = state.checkpointSeq;
  await state.close();
  const wall = performance.now();
  const start = cpuMs();
  state = await openTaskState({
    stores,
    backing: await openLevelBacking(directory),
    newLineage: randomBytes(16),
  });
  tail.forEach((blob, at) => {
    state.apply(mark + 1 + at, blob.parts);
  });
  await state.ready();
  if (state.checkpointSeq !== mark) throw new Error('the mark was lost');
  const what = `restart with 1,000,000 keys and ids, ${seq - mark} rounds to apply`;
  report(what, 'CPU', cpuMs() - start, 'ms');
  report('  the same', 'wall, target 3000', performance.now() - wall, 'ms');
  await state.close();
}

process.stdout.write(`load average ${(loadavg()[0] ?? 0).toFixed(1)}; CPU time unless said\n`);
const directory = mkdtempSync(join(tmpdir(), 'weir-bench-'));
try {
  await hotPath();
  await roundsAndRecovery(join(directory, 'checkpoint'));
  await restart(join(directory, 'restart'));
} finally {
  rmSync(directory, { recursive: true, force: true });
}
