/** P1 and P2 against kill -9 of a real process in the middle of its commits. */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openEmbeddedBus } from '../../../runner/bus/embedded/open-embedded.js';
import { compileChild, type CompiledChild } from '../../compile-child.js';
import { drain, text } from './suite.js';
import { readAll } from './suite-rounds.js';

const KILLS = 20;
const TASKS = ['t/0', 't/1', 't/2'];
let child: CompiledChild;
let dir = '';

beforeAll(async () => {
  child = await compileChild('test/runner/bus/commit-child.ts');
  dir = await mkdtemp(join(tmpdir(), 'weir-kill-'));
});
afterAll(async () => {
  await child.remove();
  await rm(dir, { recursive: true, force: true });
});

/** Runs the child, kills it `afterMs` after its first commit; returns the last seq it said was durable. */
const runAndKill = async (afterMs: number): Promise<ReadonlyMap<string, number>> => {
  const running = spawn(process.execPath, [child.entry, dir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  let timer: NodeJS.Timeout | null = null;
  running.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk;
    timer ??= setTimeout(() => running.kill('SIGKILL'), afterMs);
  });
  const [signal] = await new Promise<[NodeJS.Signals | null]>((resolve) => {
    running.once('close', (_code, how) => {
      resolve([how]);
    });
  });
  expect(signal).toBe('SIGKILL');
  const durable = new Map<string, number>();
  // The last line may be cut short by the kill.
  for (const line of output.split('\n').slice(0, -1)) {
    const [task, seq] = line.split(' ');
    if (task !== undefined && seq !== undefined) durable.set(task, Number(seq));
  }
  return durable;
};

it(`35: P1, P2: after each of ${KILLS} kills rounds and outputs agree and nothing durable is lost`, async () => {
  let before = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    const durable = await runAndKill((kill * 37) % 150);
    const bus = await openEmbeddedBus({ dir });
    const outputs = [await drain(bus, 'out.v1', 0), await drain(bus, 'out.v1', 1)];
    let total = 0;
    for (const task of TASKS) {
      const rounds = await readAll(bus, task);
      const names = rounds.map((_, at) => `${task} ${at + 1}`);
      expect(rounds.map(({ header }) => text(header))).toEqual(names);
      expect(rounds.length).toBeGreaterThanOrEqual(durable.get(task) ?? 0);
      for (const { header, blob } of rounds) {
        expect(text(blob[0] ?? null).startsWith(`${text(header)};`)).toBe(true);
      }
      for (const partition of outputs) {
        const own = partition.filter(({ key }) => text(key) === task);
        expect(own.map(({ value }) => text(value).split(';')[0])).toEqual(names);
      }
      total += rounds.length;
    }
    expect(outputs.map(({ length }) => length)).toEqual([total, total]);
    expect(total).toBeGreaterThanOrEqual(before);
    before = total;
    await bus.close();
  }
  expect(before).toBeGreaterThan(KILLS);
}, 120_000);
