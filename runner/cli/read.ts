/**
 * `runner read TOPIC`: records as lines, decoded, in the order a task would step them.
 */
import type { Command } from 'commander';
import { UsageError } from '../../schemas/errors.js';
import { isProgressMarker } from '../bus/marker.js';
import { readTopic, type ReadTopicOptions, type TopicRecord } from '../bus/read-topic.js';
import { DATA_OPTION, wholeNumber } from './options.js';
import { withData, type OpenedData } from './open-data.js';
import { jsonText, textOfBytes, timeText } from './plain-json.js';
import { placeOf } from './place.js';
import { writeLine } from './terminal.js';
import { namedTopic, shortNames } from './topic-names.js';
import { readValue } from './value-reader.js';

interface ReadOptions {
  readonly data: string;
  readonly from?: string;
  readonly to?: string;
  readonly partition?: string;
  readonly follow?: boolean;
  readonly format: string;
  readonly limit?: string;
  readonly markers?: boolean;
}

export function addRead(program: Command): void {
  program
    .command('read')
    .description('print the records of a topic, decoded, one line each')
    .argument('<topic>', `a topic, or a short name: ${shortNames.join(', ')}`)
    .option(...DATA_OPTION)
    .option('--from <place>', 'first offset or time, such as 120 or 2026-01-05T00:00:00Z')
    .option('--to <place>', 'end before this offset or time')
    .option('--partition <n>', 'only this partition')
    .option('--limit <n>', 'stop after so many records')
    .option('--follow', 'go on with what is appended later')
    .option('--format <format>', 'jsonl or text', 'jsonl')
    .option('--markers', 'show progress markers too')
    .addHelpText(
      'after',
      '\nExamples:\n  runner read decisions --limit 3 | jq .value\n  runner read traffic --from 2026-01-05T00:00:00Z --format text\n  runner read fp.quarantine.v1 --follow',
    )
    .action(read);
}

async function read(name: string, options: ReadOptions): Promise<void> {
  const format = formatOf(options.format);
  const limit = options.limit === undefined ? Infinity : wholeNumber('--limit', options.limit);
  await withData({ data: options.data, mode: 'read' }, async (opened) => {
    const { name: topic, branch } = await namedTopic(opened.bus, name);
    let left = limit;
    if (left === 0) return;
    const interrupted = new AbortController();
    const stop = (): void => {
      interrupted.abort();
    };
    process.once('SIGINT', stop);
    const stream = readTopic(opened.bus, {
      ...rangeOf(topic, options),
      signal: interrupted.signal,
    });
    try {
      for await (const record of stream as AsyncIterable<TopicRecord>) {
        if (isProgressMarker(record) && !options.markers) continue;
        const line = format(record, opened, branch);
        if (line === undefined) continue;
        await writeLine(line);
        left -= 1;
        if (left === 0) break;
      }
    } catch (error) {
      if (!interrupted.signal.aborted) throw error;
    } finally {
      process.off('SIGINT', stop);
    }
  });
}

function rangeOf(topic: string, options: ReadOptions): ReadTopicOptions {
  return {
    topic,
    ...(options.from === undefined ? {} : { from: placeOf('--from', options.from) }),
    ...(options.to === undefined ? {} : { to: placeOf('--to', options.to) }),
    ...(options.partition === undefined
      ? {}
      : { partition: wholeNumber('--partition', options.partition) }),
    ...(options.follow ? { follow: true } : {}),
  };
}

type Format = (
  record: TopicRecord,
  opened: OpenedData,
  branch: string | undefined,
) => string | undefined;

function formatOf(text: string): Format {
  if (text === 'jsonl') return jsonLine;
  if (text === 'text') return textLine;
  throw new UsageError(`--format is "${text}"; give jsonl or text.`);
}

const jsonLine: Format = (record, { lookup }, branch) => {
  const { value, problem } = readValue(lookup, record.value);
  const shown = branchOf(value, branch);
  if (shown === undefined) return undefined;
  return jsonText({
    topic: record.topic,
    partition: record.partition,
    offset: record.offset,
    timeMs: record.timeMs,
    key: textOfBytes(record.key),
    ...(record.headers === null ? {} : { headers: headersOf(record) }),
    value: shown,
    ...(problem === undefined ? {} : { problem }),
  });
};

const textLine: Format = (record, { lookup }, branch) => {
  const { value, problem } = readValue(lookup, record.value);
  const shown = branchOf(value, branch);
  if (shown === undefined) return undefined;
  const place = `${record.partition}/${record.offset}`.padEnd(10);
  const key = textOfBytes(record.key) ?? '-';
  return `${place} ${timeText(record.timeMs)} ${key} ${jsonText(shown)}${problem ? ` (${problem})` : ''}`;
};

const headersOf = ({ headers }: TopicRecord) =>
  Object.fromEntries(
    Object.entries(headers ?? {}).map(([name, value]) => [name, textOfBytes(value)]),
  );

/** The value, or what stands in the branch asked for; undefined when it is of another branch. */
function branchOf(value: unknown, branch: string | undefined): unknown {
  if (branch === undefined) return value;
  return typeof value === 'object' && value !== null && branch in value
    ? (value as Readonly<Record<string, unknown>>)[branch]
    : undefined;
}
