/**
 * `runner demo rtdl` (`npm start`): a small world decided before your eyes, and what to do next.
 */
import { join } from 'node:path';
import type { Command } from 'commander';
import { UsageError } from '../../schemas/errors.js';
import { demoFolder, leaveNoTrace } from '../demo/demo-folder.js';
import { runDemo, type DemoOutcome } from '../demo/run-demo.js';
import { entry, reportText } from '../report/report-text.js';
import { DEFAULT_WORLD, makeWorld, type World } from '../world/world.js';
import { EXIT } from './exit.js';
import { DATA_OPTION } from './options.js';
import { wholeNumber } from './options.js';
import { grouped, progressLine, remark, say } from './terminal.js';

interface DemoCommand {
  readonly data?: string;
  readonly seed: string;
  readonly flows: string;
  readonly days: string;
  readonly port?: string;
}

/** What shells expect of a process ended by SIGINT. */
const INTERRUPTED = 130;
const LATENCY = 'append of the traffic event to durable commit of its decision';

export function addDemo(program: Command): void {
  program
    .command('demo')
    .description('stream a small seeded world through the decision loop and report')
    .argument('<topology>', 'rtdl')
    .option('--data <dir>', 'an empty folder; default: the next number in data/demo')
    .option('--seed <n>', 'same seed, same world', String(DEFAULT_WORLD.seed))
    .option('--flows <n>', 'payments; each has two traffic events', String(DEFAULT_WORLD.flows))
    .option('--days <n>', 'days the world lasts', String(DEFAULT_WORLD.days))
    .option('--port <n>', 'serve /metrics and /health while it runs')
    .addHelpText(
      'after',
      '\nExit code 1 when the balance does not hold.\n\nExamples:\n  runner demo rtdl\n  runner demo rtdl --flows 2000 --seed 42',
    )
    .action(async (topology: string, options: DemoCommand) => {
      process.exitCode = await demo(topology, options);
    });
}

async function demo(topology: string, options: DemoCommand): Promise<number> {
  if (topology !== 'rtdl')
    throw new UsageError(`There is a demo of rtdl only, not of "${topology}".`);
  const world = worldOf(options);
  const base = join(DATA_OPTION[2], 'demo');
  const folder = await demoFolder(options.data, base);
  remark(
    `${worldText(world)}, streamed to ${folder.shown}` +
      (folder.earlier === 0 ? '' : ` (${folder.earlier} earlier in ${base}; yours to remove)`),
  );
  const traffic = world.options.flows * 2;
  const progress = progressLine();
  const interrupted = new AbortController();
  const stop = (): void => {
    interrupted.abort();
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  try {
    const outcome = await runDemo({
      dataDir: folder.dataDir,
      world,
      ...(options.port === undefined ? {} : { port: wholeNumber('--port', options.port) }),
      signal: interrupted.signal,
      onProgress: ({ decided, perSecond, url }) => {
        if (decided === 0) return;
        progress(
          `${grouped(decided)} of ${grouped(traffic)} decided, ${grouped(perSecond)} a second${url ? `, ${url}/metrics` : ''}`,
        );
      },
    });
    progress.done();
    if (outcome.report === null) {
      remark(
        `stopped with ${grouped(outcome.decided)} of ${grouped(traffic)} decided; see: ${RUNNER} report rtdl --data ${folder.shown}`,
      );
      return INTERRUPTED;
    }
    return tell(outcome, folder.shown);
  } finally {
    progress.done();
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
    await leaveNoTrace(folder);
  }
}

function tell(outcome: DemoOutcome, data: string): number {
  const { report, halted } = outcome;
  if (report === null) return INTERRUPTED;
  say('');
  say(reportText(report, { latency: { quantiles: outcome.latency, what: LATENCY } }));
  say(entry('time', spentText(outcome.spentMs)));
  for (const line of halted) say(entry('halted', line));
  say('');
  say('Next:');
  for (const line of nextCommands(report.example, data)) say(`  ${line}`);
  if (halted.length > 0) return EXIT.halted;
  return report.balance.holds ? EXIT.done : EXIT.difference;
}

/** How this process was started is how the next command starts. */
const RUNNER = 'npx runner';

function nextCommands(example: string | null, data: string): readonly string[] {
  return [
    `${RUNNER} prove ${example ?? 'DECISION_ID'} --data ${data}`,
    `${RUNNER} replay rtdl --verify --data ${data}`,
    `${RUNNER} read decisions --limit 1 --data ${data}`,
  ];
}

function spentText(spentMs: Readonly<Record<string, number>>): string {
  const { opening = 0, streaming = 0, report = 0, ...within } = spentMs;
  const s = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
  const parts = Object.entries(within).map(([name, ms]) => `${name} ${s(ms)}`);
  return `opening ${s(opening)}, streaming ${s(streaming)} (${parts.join(', ')}), report ${s(report)}`;
}

function worldText({ options }: World): string {
  return `${grouped(options.flows)} payments over ${options.days} days, seed ${options.seed}`;
}

function worldOf(options: DemoCommand): World {
  if (!/^-?\d+$/.test(options.seed)) {
    throw new UsageError(`--seed is "${options.seed}"; give a whole number.`);
  }
  const flows = wholeNumber('--flows', options.flows);
  const days = wholeNumber('--days', options.days);
  if (flows < 1 || days < 1) throw new UsageError('--flows and --days are at least 1.');
  return makeWorld({ seed: BigInt(options.seed), flows, days });
}
