/** I3 against kill -9 of a real process, again and again, until one import comes to its end. */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openEmbeddedBus } from '../../../runner/bus/embedded/open-embedded.js';
import {
  writeLikeHandbook,
  type LikeHandbookFiles,
} from '../../../runner/import/generate-like-handbook.js';
import { compileChild, type CompiledChild } from '../../compile-child.js';
import { HANDBOOK_TEXT, transcript } from './import-fixtures.js';

const TRANSACTIONS = 4000;
let child: CompiledChild;
let folder = '';
let files: LikeHandbookFiles;

beforeAll(async () => {
  child = await compileChild('test/runner/import/import-child.ts');
  folder = await mkdtemp(join(tmpdir(), 'weir-import-kill-'));
  files = await writeLikeHandbook(join(folder, 'csv'), {
    seed: 3n,
    transactions: TRANSACTIONS,
    days: 20,
    customers: 300,
    terminals: 2000,
  });
});
afterAll(async () => {
  await child.remove();
  await rm(folder, { recursive: true, force: true });
});

/** Runs the import; kills it when it said `linesMost` lines. Answers its last word and how it ended. */
async function runChild(
  dir: string,
  linesMost: number,
): Promise<{ readonly last: string; readonly killed: boolean }> {
  const running = spawn(
    process.execPath,
    [child.entry, dir, files.transactions, files.labels, HANDBOOK_TEXT],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let output = '';
  running.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    if (output.split('\n').length > linesMost) running.kill('SIGKILL');
  });
  const signal = await new Promise<NodeJS.Signals | null>((resolve) => {
    running.once('close', (_code, how) => {
      resolve(how);
    });
  });
  return { last: output.trim().split('\n').at(-1) ?? '', killed: signal === 'SIGKILL' };
}

it('I3: after kill -9 in mid-import, run again, the bus holds what an undisturbed import leaves', async () => {
  const undisturbed = join(folder, 'undisturbed');
  const whole = await runChild(undisturbed, Number.POSITIVE_INFINITY);
  expect(whole.last).toMatch(/^done 4000 \d+ 0$/);
  const disturbed = join(folder, 'disturbed');
  let kills = 0;
  for (let linesMost = 3; ; linesMost += 1) {
    const { last, killed } = await runChild(disturbed, linesMost);
    if (!killed) {
      expect(last).toMatch(/^done 4000 \d+ [1-9]\d*$/);
      break;
    }
    kills++;
  }
  expect(kills).toBeGreaterThanOrEqual(3);
  const [expected, found] = [undisturbed, disturbed].map((dir) =>
    openEmbeddedBus({ dir, readOnly: true }),
  );
  if (expected === undefined || found === undefined) throw new Error('two buses were asked for');
  expect(await transcript(await found)).toEqual(await transcript(await expected));
  await Promise.all([expected, found].map(async (bus) => (await bus).close()));
}, 120_000);
