/**
 * `runner lag`: how far every topology is behind the topics it reads.
 *
 * While one runs its owner says so; otherwise the last committed headers are compared with the ends of
 * the topics. Both count progress markers as records.
 */
import type { Command } from 'commander';
import type { Bus } from '../bus/port.js';
import { decodeHeader } from '../engine/header.js';
import { lastRound } from '../last-round.js';
import { runtimeCalls } from '../runtime-calls.js';
import { DATA_OPTION } from './options.js';
import { withData, type OpenedData } from './open-data.js';
import { jsonText } from './plain-json.js';
import { say, table } from './terminal.js';

interface LagOptions {
  readonly data: string;
  readonly json?: boolean;
}

interface Lag {
  readonly topology: string;
  readonly topic: string;
  readonly partition: number;
  readonly next: bigint;
  readonly records: number;
}

export function addLag(program: Command): void {
  program
    .command('lag')
    .description('how many records each topology has not processed yet, per partition')
    .argument('[topology]', 'only this one')
    .option(...DATA_OPTION)
    .option('--json', 'one JSON object per partition')
    .addHelpText('after', '\nExamples:\n  runner lag\n  runner lag rtdl --json')
    .action(async (topology: string | undefined, options: LagOptions) => {
      await withData({ data: options.data, mode: 'read' }, async (opened) => {
        const all = [...(await running(opened)), ...(await stopped(opened.bus))];
        // The owner's answer comes first and is the later one.
        const rows = [...new Map(all.reverse().map((row) => [placeOf(row), row])).values()]
          .filter((row) => topology === undefined || row.topology === topology)
          .sort((a, b) => (placeOf(a) < placeOf(b) ? -1 : 1));
        if (options.json) for (const row of rows) say(jsonText(row));
        else if (rows.length === 0) say('no topology has committed a round here');
        else {
          const head = ['topology', 'topic', 'partition', 'next', 'behind'];
          const body = rows.map((row) => [
            row.topology,
            row.topic,
            row.partition,
            Number(row.next),
            row.records,
          ]);
          say(table([head, ...body]));
        }
      });
    });
}

const placeOf = ({ topology, topic, partition }: Lag): string =>
  `${topology} ${topic} ${String(partition).padStart(5, '0')}`;

async function running({ owner }: OpenedData): Promise<readonly Lag[]> {
  if (owner === null) return [];
  const rows = await owner.call(runtimeCalls.lag, null);
  return rows.map(({ topology, topic, partition, next, records }) => ({
    topology,
    topic,
    partition,
    next: BigInt(next),
    records,
  }));
}

async function stopped(bus: Bus): Promise<readonly Lag[]> {
  const next = new Map<string, Map<string, bigint>>();
  for (const task of await bus.tasks()) {
    const last = await lastRound(bus, task);
    if (!last) continue;
    const topology = task.split('/')[0] ?? task;
    for (const { topic, partition, to } of decodeHeader(last.header).ranges) {
      const key = `${topology} ${topic}`;
      next.set(key, (next.get(key) ?? new Map<string, bigint>()).set(String(partition), to));
    }
  }
  const found: Lag[] = [];
  for (const [key, partitions] of next) {
    const [topology = '', topic = ''] = key.split(' ');
    for (const { partition, start, end } of await bus.bounds(topic)) {
      // A task that never committed has its partition still before it.
      const to = partitions.get(String(partition)) ?? start;
      found.push({ topology, topic, partition, next: to, records: Number(end - to) });
    }
  }
  return found;
}
