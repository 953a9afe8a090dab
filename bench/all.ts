/**
 * `npm run bench`: the figures of the release, each beside a do-nothing baseline in the same run.
 * Say what the machine was doing meanwhile; quote ratios and medians.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'weir-bench-all-'));

function run(title: string, script: string, args: readonly string[]): void {
  process.stdout.write(`\n${title}\n`);
  const { status } = spawnSync(process.execPath, [here(script), ...args], { stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
}

run('a stream to decide', './make-like-handbook.js', [
  '--out',
  folder,
  '--transactions',
  '120000',
  '--days',
  '12',
]);
const files = [join(folder, 'tx.csv.gz'), join(folder, 'labels.csv.gz')];
run(
  'end to end, default features, logistic model, four records per traffic event',
  './import-and-decide.js',
  [...files, 'default', here('../runner/assets/default-bundle.json')],
);
run('open loop, append to durable commit', './latency.bench.js', ['3000', '20']);
run('restart after a kill', './restart.bench.js', ['1000000']);
run('bus', './bus.bench.js', []);
run('state', './state.bench.js', []);
rmSync(folder, { recursive: true });
