/**
 * `runner skip TASK POSITION`: a person releases the record that kept ending the process.
 */
import type { Command } from 'commander';
import { UsageError } from '../../schemas/errors.js';
import { recordSkip } from '../poison.js';
import { DATA_OPTION } from './options.js';
import { withData } from './open-data.js';
import { say } from './terminal.js';

interface SkipOptions {
  readonly data: string;
  readonly by: string;
  readonly reason: string;
}

export function addSkip(program: Command): void {
  program
    .command('skip')
    .description('divert one record instead of stepping it, from the next start on')
    .argument('<task>', 'a topology such as rtdl, or one of its tasks such as rtdl/join/0')
    .argument('<position>', 'the record, as topic/partition/offset')
    .requiredOption('--by <name>', 'who decides this')
    .requiredOption('--reason <text>', 'why, for those who read it later')
    .option(...DATA_OPTION)
    .addHelpText(
      'after',
      '\nExample:\n  runner skip rtdl fp.bus.traffic.fraud.v1/2/1204 --by "A. Person" --reason "crashes the decoder"',
    )
    .action(skip);
}

async function skip(task: string, position: string, options: SkipOptions): Promise<void> {
  const match = /^(.+)\/(\d{1,9})\/(\d{1,18})$/.exec(position);
  const [, topic = '', partition = '', offset = ''] = match ?? [];
  if (!match) {
    throw new UsageError(`"${position}" is no position; give topic/partition/offset.`);
  }
  for (const [name, text] of [
    ['--by', options.by],
    ['--reason', options.reason],
  ] as const) {
    if (text.trim() === '') throw new UsageError(`${name} is empty; say it in words.`);
  }
  const [topology = task] = task.split('/');
  await withData({ data: options.data, mode: 'use' }, async ({ bus }) => {
    const tasks = await bus.tasks();
    const known = tasks.some((one) => one === task || one.startsWith(`${task}/`));
    // A topology that never committed may be stopped by its very first record.
    const never = !tasks.some((one) => one.startsWith(`${topology}/`));
    if (!known && !(never && topology === task)) {
      throw new UsageError(
        `There is no task or topology "${task}" here; there are ${[...new Set(tasks.map((one) => one.split('/')[0] ?? one))].join(', ') || 'none'}.`,
      );
    }
    const there = (await bus.topics()).some(({ name }) => name === topic);
    const bound = there
      ? (await bus.bounds(topic)).find((one) => one.partition === Number(partition))
      : undefined;
    if (!bound || BigInt(offset) < bound.start || BigInt(offset) >= bound.end) {
      throw new UsageError(`There is no record ${position} on this bus.`);
    }
    await recordSkip(bus.meta, topology, {
      place: `${topic}/${Number(partition)}/${BigInt(offset)}`,
      by: options.by,
      atMs: Date.now(),
      reason: options.reason,
    });
  });
  say(
    `${position} is released for ${topology} by ${options.by}; it is diverted as POISON from the next start on`,
  );
}
