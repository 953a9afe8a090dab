/**
 * `runner world make`: a small world of payments as files.
 */
import type { Command } from 'commander';
import { UsageError } from '../../schemas/errors.js';
import { worldMake } from '../world/make.js';
import { DEFAULT_WORLD } from '../world/world.js';
import { wholeNumber } from './options.js';
import { grouped, progressLine, say, table } from './terminal.js';

interface WorldOptions {
  readonly out: string;
  readonly seed: string;
  readonly days: string;
  readonly flows: string;
  readonly start?: string;
  readonly fraudShare?: string;
  readonly merchants?: string;
  readonly parties?: string;
  readonly run?: string;
}

const DAY_MS = 86_400_000;

export function addWorld(program: Command): void {
  const world = program.command('world').description('seeded worlds of payments');
  world
    .command('make')
    .description('write a world: four outputs and a label feed as .jsonl.gz, and a manifest')
    .requiredOption('--out <dir>', 'folder to write to')
    .option('--seed <n>', 'same seed, same bytes', String(DEFAULT_WORLD.seed))
    .option('--days <n>', 'days it lasts', String(DEFAULT_WORLD.days))
    .option('--flows <n>', 'payments; each has two traffic events', String(DEFAULT_WORLD.flows))
    .option('--start <date>', 'its first day, such as 2026-01-05')
    .option('--fraud-share <x>', 'share of payments that belong to campaigns')
    .option('--merchants <n>')
    .option('--parties <n>')
    .option('--run <id>', 'platform_run_id')
    .addHelpText('after', '\nExample:\n  runner world make --out world --seed 7 --flows 1000')
    .action(make);
}

async function make(options: WorldOptions): Promise<void> {
  if (!/^-?\d+$/.test(options.seed)) {
    throw new UsageError(`--seed is "${options.seed}"; give a whole number.`);
  }
  const progress = progressLine();
  const interrupted = new AbortController();
  process.once('SIGINT', () => {
    interrupted.abort(new UsageError('interrupted; the folder has no manifest and is incomplete.'));
  });
  const manifest = await worldMake({
    out: options.out,
    seed: BigInt(options.seed),
    days: positive('--days', options.days),
    flows: positive('--flows', options.flows),
    ...(options.start === undefined ? {} : { startMs: startOf(options.start) }),
    ...(options.fraudShare === undefined ? {} : { fraudShare: shareOf(options.fraudShare) }),
    ...(options.merchants === undefined
      ? {}
      : { merchants: positive('--merchants', options.merchants) }),
    ...(options.parties === undefined ? {} : { parties: positive('--parties', options.parties) }),
    ...(options.run === undefined ? {} : { platformRunId: options.run }),
    progress: (flows) => {
      progress(`${grouped(flows)} payments`);
    },
    signal: interrupted.signal,
  });
  progress.done();
  say(table(manifest.files.map(({ file, rows, sha256 }) => [file, rows, sha256.slice(0, 16)])));
  say(`run ${manifest.pins.platform_run_id}, manifest in ${options.out}/manifest.json`);
}

function positive(option: string, text: string): number {
  const value = wholeNumber(option, text);
  if (value > 0) return value;
  throw new UsageError(`${option} is "${text}"; give a whole number above 0.`);
}

function startOf(text: string): number {
  const startMs = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(text) : Number.NaN;
  if (startMs % DAY_MS === 0) return startMs;
  throw new UsageError(`--start is "${text}"; give a date such as 2026-01-05.`);
}

function shareOf(text: string): number {
  const share = Number(text);
  if (text.trim() !== '' && share >= 0 && share <= 1) return share;
  throw new UsageError(`--fraud-share is "${text}"; give a number from 0 to 1.`);
}
