/**
 * `runner replay NAME --verify` and `runner rebuild NAME`: recorded rounds executed again.
 */
import type { Command } from 'commander';
import { UsageError } from '../../schemas/errors.js';
import { openAgain } from '../execute-again.js';
import { verifyReplay, type OffsetRange } from '../verify.js';
import { buildId } from '../build-id.js';
import { EXIT } from './exit.js';
import { DATA_OPTION, dataDirOf } from './options.js';
import { grouped, progressLine, say } from './terminal.js';

interface ReplayCommand {
  readonly data: string;
  readonly range: readonly string[];
  readonly features?: string;
}

export function addReplay(program: Command): void {
  program
    .command('rebuild')
    .description('execute all rounds again on fresh state and compare its digest with the live one')
    .argument('<name>', 'topology')
    .option(...DATA_OPTION)
    .option('--features <set>', 'feature set of the decision loop')
    .action(async (name: string, options: ReplayCommand) => {
      process.exitCode = await rebuild(name, options);
    });
}

const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value];
export const RANGE_OPTION = [
  '--range <topic/partition:from-to>',
  'compare only rounds that took these offsets (may be repeated)',
  collect,
  [] as readonly string[],
] as const;

export async function verify(name: string, options: ReplayCommand): Promise<number> {
  const ranges = options.range.map(parseRange);
  const again = await openAgain(dataDirOf(options.data), name, options);
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

async function rebuild(name: string, options: ReplayCommand): Promise<number> {
  const again = await openAgain(dataDirOf(options.data), name, options);
  const progress = progressLine();
  try {
    for await (const { round } of again.replay.rounds()) {
      progress(`executing round ${grouped(round)} again`);
    }
    progress.done();
    let differing = 0;
    for (const task of again.replay.tasks) {
      const fresh = await task.state.digest();
      const live = await again.liveDigest(task.id);
      if (fresh !== live) differing += 1;
      say(
        `${fresh === live ? 'equal  ' : 'differs'} ${task.id} ${fresh.slice(0, 16)} ${live.slice(0, 16)}`,
      );
    }
    say(differing === 0 ? 'rebuilt state equals the live one' : `${differing} tasks differ`);
    return differing === 0 ? EXIT.done : EXIT.difference;
  } finally {
    progress.done();
    await again.close();
  }
}

/** topic/partition:from-to, both offsets inclusive. */
export function parseRange(text: string): OffsetRange {
  const match = /^(.+)\/(\d+):(\d+)-(\d+)$/.exec(text);
  const [, topic, partition, from, to] = match ?? [];
  if (!topic || !partition || !from || !to || BigInt(to) < BigInt(from)) {
    throw new UsageError(
      `--range is "${text}"; give topic/partition:from-to, such as fp.bus.traffic.fraud.v1/0:0-199.`,
    );
  }
  return { topic, partition: Number(partition), from: BigInt(from), to: BigInt(to) + 1n };
}
