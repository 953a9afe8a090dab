/**
 * Done-when 4: with an operator changed by one character, replay is red. Each change is made in a copy
 * of the built package, and that copy's own `runner replay --verify` executes the recorded rounds.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildCli } from '../runner/cli/built-cli.js';
import { finishedData, type FinishedData } from './finished-data.js';

/** File, what stands there, and the same with one character changed. */
const CHANGES = [
  ['state/window-accumulators.js', '(cells[at] ?? 0) + 1', '(cells[at] ?? 0) + 2'],
  ['operators/model/logistic.js', 'let sum = intercept', 'let sum =-intercept'],
  ['operators/guardrail/condition.js', 'return x > limit', 'return x < limit'],
  ['operators/decision/gather.js', 'parts.length >= head.parts', 'parts.length <= head.parts'],
  ['schemas/decision-ids.js', '"df.decision_id.v2"', '"df.decision_id.v3"'],
] as const;

let data: FinishedData;
let built = '';
let mutant = '';

beforeAll(async () => {
  data = await finishedData();
  built = buildCli();
  // Beside the cache of builds, so that packages are found.
  mutant = join(built, '..', `weir-mutant-${process.pid}`);
}, 120_000);
afterAll(() => {
  rmSync(mutant, { recursive: true, force: true });
  data.remove();
});

function replay(from: string): { readonly code: number | null; readonly out: string } {
  const main = join(from, 'runner/main.js');
  const args = [main, 'replay', 'rtdl', '--verify', '--data', data.stopped];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  return { code: status, out: stdout + stderr };
}

describe('replay by a build', { timeout: 60_000 }, () => {
  it('with nothing changed is equal, whatever built it', () => {
    const { code, out } = replay(built);
    expect(out).toContain('equal: every output, digest and state change is the same');
    expect(code).toBe(0);
  });

  it.each(CHANGES)('of another character in %s is red', (file, from, to) => {
    rmSync(mutant, { recursive: true, force: true });
    cpSync(built, mutant, { recursive: true });
    const text = readFileSync(join(mutant, file), 'utf8');
    expect(text.split(from).length, `${file} no longer says ${from}`).toBeGreaterThan(1);
    writeFileSync(join(mutant, file), text.replace(from, to));
    const { code, out } = replay(mutant);
    expect(out).toMatch(/differs: /);
    expect(out).toMatch(/some of it was decided by build /);
    expect(code).toBe(1);
  });
});
