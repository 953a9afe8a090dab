/**
 * `runner replay NAME --verify` and `runner rebuild NAME`: recorded rounds executed again.
 */
import type { Command } from 'commander';
import { UsageError, WeirError } from '../../schemas/errors.js';
import { openAgain, type Again } from '../execute-again.js';
import { verifyReplay } from '../verify.js';
import { buildId } from '../build-id.js';
import { EXIT, explain } from './exit.js';
import { DATA_OPTION, dataDirOf } from './options.js';
import { requireData } from './open-data.js';
import { parseRange, RANGE_OPTION } from './range.js';
import { tellWhatIf } from './what-if.js';
import { grouped, progressLine, say } from './terminal.js';

interface ReplayCommand {
  readonly data: string;
  readonly range: readonly string[];
  readonly features?: string;
  readonly verify?: boolean;
  readonly with?: string;
}

export function addReplay(program: Command): void {
  program
    .command('replay')
    .description('execute recorded rounds again: to verify them, or with another policy or bundle')
    .argument('<name>', 'topology')
    .option('--verify', 'compare outputs, digests and state changes byte for byte')
    .option('--with <file>', 'what if this policy.yaml or bundle.json had been in force?')
    .option(...RANGE_OPTION)
    .option(...DATA_OPTION)
    .option('--features <set>', 'feature set of the decision loop')
    .addHelpText(
      'after',
      '\nNothing is written. Exit code 1 when something differs, or would have been decided otherwise.\n\nExamples:\n  runner replay rtdl --verify\n  runner replay rtdl --verify --range fp.bus.traffic.fraud.v1/0:0-199\n  runner replay rtdl --with stricter-policy.yaml',
    )
    .action(async (name: string, options: ReplayCommand) => {
      if ((options.verify ?? false) === (options.with !== undefined)) {
        throw new UsageError('Give either --verify or --with FILE.');
      }
      process.exitCode =
        options.with === undefined
          ? await verify(name, options)
          : await tellWhatIf(name, { ...options, with: options.with });
    });
  program
    .command('rebuild')
    .description('execute all rounds again on fresh state and compare its digest with the live one')
    .argument('<name>', 'topology')
    .option(...DATA_OPTION)
    .option('--features <set>', 'feature set of the decision loop')
    .addHelpText('after', '\nExample:\n  runner rebuild rtdl')
    .action(async (name: string, options: ReplayCommand) => {
      process.exitCode = await rebuild(name, options);
    });
}

export async function verify(name: string, options: ReplayCommand): Promise<number> {
  const ranges = options.range.map(parseRange);
  const again = await opened(name, options);
  const progress = progressLine();
  try {
    const verified = await verifyReplay({
      bus: again.bus,
      replay: again.replay,
      build: buildId(),
      ...(ranges.length > 0 ? { ranges } : {}),
      onRound: ({ round }) => {
        progress(`executing round ${grouped(round)} again`);
      },
    });
    progress.done();
    say(
      `${grouped(verified.rounds)} rounds, ${grouped(verified.records)} records in, ${grouped(verified.outputs)} records out, executed again by ${buildId()}`,
    );
    for (const build of verified.builds) say(`some of it was decided by build ${build}`);
    for (const difference of verified.differences) say(`differs: ${difference}`);
    say(
      verified.differing === 0
        ? 'equal: every output, digest and state change is the same, byte for byte'
        : `${grouped(verified.differing)} differences`,
    );
    return verified.differing === 0 ? EXIT.done : EXIT.difference;
  } finally {
    progress.done();
    await again.close();
  }
}

async function opened(name: string, options: ReplayCommand) {
  const dataDir = dataDirOf(options.data);
  await requireData(dataDir);
  return openAgain(dataDir, name, {
    ...(options.features === undefined ? {} : { features: options.features }),
  });
}

async function rebuild(name: string, options: ReplayCommand): Promise<number> {
  const again = await opened(name, options);
  const progress = progressLine();
  try {
    const clocks = new Map<string, number>();
    let faulty = 0;
    for await (const { round, tasks, faults } of again.replay.rounds()) {
      for (const { task, header } of tasks) clocks.set(task, header.clockMs);
      for (const fault of faults) say(`fault: ${fault}`);
      faulty += faults.length;
      progress(`executing round ${grouped(round)} again`);
    }
    progress.done();
    let differing = 0;
    for (const task of again.replay.tasks) {
      // Recovery takes the clock of the last header; expiry must be judged at the same moment here.
      task.state.clockMs = Math.max(task.state.clockMs, clocks.get(task.id) ?? 0);
      const fresh = await task.state.digest();
      const live = await liveDigest(again, task.id);
      if (fresh !== live) differing += 1;
      say(
        `${fresh === live ? 'equal  ' : 'differs'} ${task.id} ${fresh.slice(0, 16)} ${live.length === 64 ? live.slice(0, 16) : live}`,
      );
    }
    say(differing === 0 ? 'rebuilt state equals the live one' : `${differing} tasks differ`);
    if (faulty > 0) say(`${faulty} faults in what it was rebuilt from`);
    return differing === 0 && faulty === 0 ? EXIT.done : EXIT.difference;
  } finally {
    progress.done();
    await again.close();
  }
}

/** The digest, or why there is none: one task that cannot be read must not hide the others. */
async function liveDigest(again: Again, task: string): Promise<string> {
  try {
    return await again.liveDigest(task);
  } catch (error) {
    if (!(error instanceof WeirError)) throw error;
    return explain(error).line;
  }
}
