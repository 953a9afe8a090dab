/** `runner demo rtdl` as a person runs it: to its end, twice, interrupted, killed. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildCli, ended } from '../cli/built-cli.js';

const SLOW_MS = 240_000;
let built = '';
let folder = '';
const children = new Set<ChildProcess>();

beforeAll(async () => {
  built = buildCli();
  folder = await mkdtemp(join(tmpdir(), 'weir-demo-'));
}, SLOW_MS);
afterAll(async () => {
  await Promise.all([...children].map((child) => ended(child, 'SIGKILL')));
  await rm(folder, { recursive: true, force: true });
});

interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** In a folder of the test's own, as after `cd`. */
function start(args: readonly string[]): { readonly child: ChildProcess; ran: Promise<Ran> } {
  const child = spawn(process.execPath, [join(built, 'runner/main.js'), ...args], {
    cwd: folder,
    stdio: 'pipe',
    env: { ...process.env, WEIR_DATA: undefined },
  });
  children.add(child);
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  const ran = new Promise<Ran>((resolve) => {
    child.once('close', (code) => {
      children.delete(child);
      resolve({ code, out, err });
    });
  });
  return { child, ran };
}

const run = (args: readonly string[]): Promise<Ran> => start(args).ran;
const demo = (...more: readonly string[]) => ['demo', 'rtdl', '--flows', '500', ...more];

const BALANCE =
  /([\d ]+) traffic in = ([\d ]+) decided \+ ([\d ]+) waiting \+ ([\d ]+) quarantined \+ ([\d ]+) duplicates: OK/;

/** The numbers of the balance line. */
function balanceOf(out: string): readonly number[] {
  const found = BALANCE.exec(out);
  expect(found, out).not.toBeNull();
  return (found ?? []).slice(1).map((digits) => Number(digits.replaceAll(' ', '')));
}

describe('runner demo rtdl', () => {
  let first: Ran = { code: null, out: '', err: '' };
  beforeAll(async () => {
    first = await run(demo());
  }, SLOW_MS);

  it('decides every event of its world and says so', () => {
    expect(first.code, first.err + first.out).toBe(0);
    const [trafficIn = 0, decided = 0, waiting = 0, quarantined = 0, duplicates = 0] = balanceOf(
      first.out,
    );
    expect(decided).toBe(1000);
    expect(waiting).toBe(0);
    expect(duplicates).toBeGreaterThan(0);
    expect(trafficIn).toBe(decided + waiting + quarantined + duplicates);
    for (const line of ['records in', 'decisions', 'APPROVE', 'degraded', 'quarantined', 'time']) {
      expect(first.out).toContain(line);
    }
    expect(first.out).toMatch(/latency +p50 [\d ]+ ms, p95 [\d ]+ ms, p99 [\d ]+ ms/);
    expect(first.out).toMatch(/AUC 0\.\d{3}, average precision 0\.\d{3}/);
  });

  it('decides under a posture of NORMAL, by the shipped bundle', async () => {
    const { out } = await run(['read', 'decisions', '--data', 'data/demo/1']);
    const decisions = out
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { readonly value: DecisionShown }).value);
    expect(decisions).toHaveLength(1000);
    for (const { degrade_posture, resolution } of decisions) {
      expect(degrade_posture).toMatchObject({ mode: 'NORMAL' });
      expect(resolution.outcome).toBe('RESOLVED');
    }
  });

  it('names three commands, and all of them work', { timeout: SLOW_MS }, async () => {
    const [, listed = ''] = first.out.split('Next:\n');
    const commands = listed.trimEnd().split('\n');
    expect(commands).toHaveLength(3);
    for (const line of commands) {
      expect(line).toMatch(/^ {2}npx runner /);
      const ran = await run(line.trim().split(' ').slice(2));
      expect(ran.code, `${line}\n${ran.err}${ran.out}`).toBe(0);
      expect(ran.out).not.toBe('');
    }
  });

  it('gives the same balance again as a report of the folder', { timeout: SLOW_MS }, async () => {
    const { code, out } = await run(['report', 'rtdl', '--data', 'data/demo/1']);
    expect(code).toBe(0);
    expect(balanceOf(out)).toEqual(balanceOf(first.out));
  });

  it('works again, beside what is there', { timeout: SLOW_MS }, async () => {
    const again = await run(demo());
    expect(again.code, again.err).toBe(0);
    expect(again.err).toContain('data/demo/2');
    expect(balanceOf(again.out)).toEqual(balanceOf(first.out));
    expect((await readdir(join(folder, 'data/demo'))).sort()).toEqual(['1', '2']);
  });

  it('refuses a folder that holds data, in one line', async () => {
    const { code, err } = await run(demo('--data', 'data/demo/1'));
    expect(code).toBe(2);
    expect(err.trimEnd().split('\n')).toHaveLength(1);
    expect(err).toContain('is not empty');
  });

  it(
    'ends with one line on Ctrl-C, and start goes on with its folder',
    {
      timeout: SLOW_MS,
    },
    async () => {
      const { child, ran } = start(['demo', 'rtdl', '--data', 'stopped']);
      await said(child, / of 52 000 decided, [1-9]/);
      child.kill('SIGINT');
      const { code, err, out } = await ran;
      expect(code, err).toBe(130);
      expect(out).toBe('');
      expect(err.trimEnd().split('\n').at(-1)).toMatch(/^stopped with [\d ]+ of 52 000 decided/);
      await goesOn('stopped');
    },
  );

  it('leaves a whole bus behind when it is killed', { timeout: SLOW_MS }, async () => {
    const { child, ran } = start(['demo', 'rtdl', '--data', 'killed']);
    await said(child, / of 52 000 decided, [1-9]/);
    child.kill('SIGKILL');
    await ran;
    await goesOn('killed');
  });
});

interface DecisionShown {
  readonly degrade_posture: unknown;
  readonly resolution: { readonly outcome: string };
}

/** Decides what was left waiting, and the balance holds. */
async function goesOn(data: string): Promise<void> {
  const on = await run(['start', 'rtdl', 'ieg', '--until-end', '--no-http', '--data', data]);
  expect(on.code, on.err).toBe(0);
  const { code, out, err } = await run(['report', 'rtdl', '--data', data]);
  expect(code, err + out).toBe(0);
  const [trafficIn = 0, decided = 0, waiting = 0] = balanceOf(out);
  expect(trafficIn).toBeGreaterThan(0);
  expect(decided).toBeGreaterThan(0);
  expect(waiting).toBe(0);
}

/** Resolves once the process has written this to stderr. */
function said(child: ChildProcess, words: RegExp): Promise<void> {
  return new Promise((resolve, reject) => {
    let seen = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      seen += chunk.toString();
      if (words.test(seen)) resolve();
    });
    child.once('close', () => {
      reject(new Error(`ended without saying ${String(words)}: ${seen}`));
    });
  });
}
