/**
 * `runner quarantine list|show`: records that were set aside, why, and what they held.
 */
import type { Command } from 'commander';
import { UsageError } from '../../schemas/errors.js';
import { CODES } from '../../schemas/codes.js';
import type { Quarantine } from '../../schemas/generated/quarantine.js';
import { topics } from '../../schemas/topics.js';
import { readTopic, type TopicRecord } from '../bus/read-topic.js';
import { EXIT } from './exit.js';
import { DATA_OPTION, wholeNumber } from './options.js';
import { withData, type OpenedData } from './open-data.js';
import { jsonText, textOfBytes, timeText } from './plain-json.js';
import { remark, say, table, writeLine } from './terminal.js';
import { readValue } from './value-reader.js';

interface ListOptions {
  readonly data: string;
  readonly code?: string;
  readonly limit?: string;
  readonly json?: boolean;
}

export function addQuarantine(program: Command): void {
  const quarantine = program
    .command('quarantine')
    .description('records that could not be processed, with the reason');
  quarantine
    .command('list')
    .description('counts by code, then the newest records')
    .option(...DATA_OPTION)
    .option('--code <code>', 'only this code')
    .option('--limit <n>', 'newest records shown', '20')
    .option('--json', 'one JSON object a record, all of them, oldest first')
    .addHelpText('after', '\nExample:\n  runner quarantine list --code PAYLOAD_HASH_MISMATCH')
    .action(list);
  quarantine
    .command('show')
    .description('one record: where it came from, why it was set aside, its content')
    .argument('<id>', 'quarantine id, or the first characters of it')
    .option(...DATA_OPTION)
    .addHelpText('after', '\nExample:\n  runner quarantine show 4f1d')
    .action(async (id: string, options: { readonly data: string }) => {
      process.exitCode = await show(id, options);
    });
}

interface Entry extends Quarantine {
  readonly at: { readonly partition: number; readonly offset: bigint };
}

async function* entries({ bus, lookup }: OpenedData): AsyncGenerator<Entry> {
  const there = (await bus.topics()).some(({ name }) => name === topics.quarantine.name);
  if (!there) return;
  const stream = readTopic(bus, { topic: topics.quarantine.name });
  for await (const record of stream as AsyncIterable<TopicRecord>) {
    const { value, problem } = readValue(lookup, record.value);
    if (problem !== undefined || value === null) continue;
    const { partition, offset } = record;
    yield { ...(value as Quarantine), at: { partition, offset } };
  }
}

async function list(options: ListOptions): Promise<void> {
  const limit = wholeNumber('--limit', options.limit ?? '20');
  await withData({ data: options.data, mode: 'read' }, async (opened) => {
    const counts = new Map<string, number>();
    const newest: Entry[] = [];
    for await (const entry of entries(opened)) {
      if (options.code !== undefined && entry.code !== options.code) continue;
      counts.set(entry.code, (counts.get(entry.code) ?? 0) + 1);
      if (options.json) await writeLine(jsonText(entry));
      newest.push(entry);
      if (newest.length > limit) newest.shift();
    }
    if (options.json) return;
    if (counts.size === 0) {
      say('nothing is quarantined');
      return;
    }
    const byCount = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
    say(table([['code', 'records', ''], ...byCount.map(([code, n]) => [code, n, meaning(code)])]));
    if (newest.length === 0) return;
    say('');
    const rows = newest
      .reverse()
      .map((one) => [
        one.quarantine_id.slice(0, 12),
        timeText(one.time_ms),
        one.code,
        originOf(one),
        one.message,
      ]);
    say(table([['id', 'time', 'code', 'record', 'message'], ...rows]));
  });
}

async function show(id: string, options: { readonly data: string }): Promise<number> {
  if (!/^[0-9a-f]{4,32}$/.test(id)) {
    throw new UsageError(`"${id}" is no quarantine id; give at least its first 4 hex digits.`);
  }
  return withData({ data: options.data, mode: 'read' }, async (opened) => {
    let shown = 0;
    for await (const entry of entries(opened)) {
      if (!entry.quarantine_id.startsWith(id)) continue;
      if (shown > 0) say('');
      shown += 1;
      showEntry(opened, entry);
    }
    if (shown > 0) return EXIT.done;
    remark(`nothing quarantined has an id that begins with ${id}`);
    return EXIT.difference;
  });
}

function showEntry({ lookup }: OpenedData, entry: Entry): void {
  const { value, problem } = readValue(lookup, entry.value);
  const rows: (readonly [string, string])[] = [
    ['id', entry.quarantine_id],
    ['code', `${entry.code}: ${meaning(entry.code)}`],
    ['message', entry.message],
    ['record', originOf(entry)],
    ['time', timeText(entry.time_ms)],
    ['task', entry.task],
    ['key', textOfBytes(entry.key) ?? '-'],
  ];
  if (entry.platform_run_id !== null) rows.push(['run', entry.platform_run_id]);
  if (entry.dedupe_key !== null) rows.push(['dedupe key', entry.dedupe_key]);
  if (entry.payload_hash !== null) rows.push(['payload hash', entry.payload_hash]);
  if (entry.first_payload_hash !== null) rows.push(['stands', entry.first_payload_hash]);
  for (const { name, value: bytes } of entry.headers) {
    rows.push([`header ${name}`, textOfBytes(bytes) ?? '-']);
  }
  rows.push([problem === undefined ? 'value' : `value (${problem})`, jsonText(value)]);
  say(table(rows));
}

const originOf = ({ topic, partition, offset }: Quarantine): string =>
  `${topic}/${partition}/${offset}`;

const meaning = (code: string): string =>
  Object.hasOwn(CODES, code)
    ? CODES[code as keyof typeof CODES].meaning
    : 'a code of another build';
