/**
 * `runner topics`: what is on the bus of a data directory.
 */
import type { Command } from 'commander';
import { DATA_OPTION } from './options.js';
import { withData } from './open-data.js';
import { jsonText, timeText } from './plain-json.js';
import { say, table } from './terminal.js';

interface TopicsOptions {
  readonly data: string;
  readonly partitions?: boolean;
  readonly json?: boolean;
}

export function addTopics(program: Command): void {
  program
    .command('topics')
    .description('list topics: partitions, records kept, newest record, retention')
    .option(...DATA_OPTION)
    .option('--partitions', 'one row per partition, with its offsets')
    .option('--json', 'one JSON object per partition')
    .addHelpText('after', '\nExamples:\n  runner topics\n  runner topics --partitions')
    .action(listTopics);
}

async function listTopics(options: TopicsOptions): Promise<void> {
  await withData({ data: options.data, mode: 'read' }, async ({ bus }) => {
    const rows: (readonly (string | number)[])[] = [];
    const configs = [...(await bus.topics())].sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const { name, retentionMs, retentionBytes } of configs) {
      const bounds = await bus.bounds(name);
      const keeps = retentionText(retentionMs, retentionBytes);
      if (options.json) {
        for (const bound of bounds)
          say(jsonText({ topic: name, ...bound, retentionMs, retentionBytes }));
      } else if (options.partitions) {
        for (const { partition, start, end, lastTimeMs } of bounds) {
          const newest = end > start ? timeText(lastTimeMs) : '-';
          rows.push([name, partition, Number(start), Number(end), newest, keeps]);
        }
      } else {
        const kept = bounds.reduce((sum, { start, end }) => sum + Number(end - start), 0);
        const lastMs = Math.max(0, ...bounds.map(({ lastTimeMs }) => lastTimeMs));
        rows.push([name, bounds.length, kept, kept > 0 ? timeText(lastMs) : '-', keeps]);
      }
    }
    if (options.json) return;
    const head = options.partitions
      ? ['topic', 'partition', 'first', 'next', 'newest', 'keeps']
      : ['topic', 'partitions', 'records', 'newest', 'keeps'];
    say(table([head, ...rows]));
  });
}

function retentionText(ms: number | null, bytes: number | null): string {
  if (ms === null && bytes === null) return 'everything';
  const time = ms === null ? [] : [`${ms / 3_600_000} h`];
  const size = bytes === null ? [] : [`${(bytes / 2 ** 20).toFixed(1)} MiB a partition`];
  return [...time, ...size].join(', ');
}
