/**
 * Done-when 3 in short: scripts/crash.mjs against the built runner, real processes and kill -9.
 * The long form is run by hand: `node scripts/crash.mjs`.
 */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { buildCli } from '../runner/cli/built-cli.js';

const run = promisify(execFile);
const script = fileURLToPath(new URL('../../scripts/crash.mjs', import.meta.url));

async function crash(...args: readonly string[]): Promise<string> {
  const { stdout } = await run(process.execPath, [script, ...args, '--dist', buildCli()]);
  return stdout;
}

it('35: five kills -9 over loaded topics leave the decisions of an undisturbed run', async () => {
  const said = await crash('loaded', '--kills', '5', '--transactions', '2000', '--seed', '11');
  expect(said).toContain('loaded: 5 kills');
  expect(said).toContain(
    '2000 expected, 2000 found, 2000 equal, 0 lost, 0 double, 0 unexpected, 0 differing',
  );
  expect(said).toMatch(/replay of rtdl: equal/);
}, 300_000);

it('feed and live run killed together lose nothing and decide nothing twice', async () => {
  const said = await crash('live', '--kills', '2', '--flows', '120', '--seed', '12');
  expect(said).toContain('live: 2 kills of 2');
  expect(said).toMatch(
    /240 expected, 240 found, \d+ equal, 0 lost, 0 double, 0 unexpected, 0 diff/,
  );
  expect(said).toMatch(/replay of rtdl: equal/);
  expect(said).toMatch(/replay of ieg: equal/);
}, 300_000);
