/**
 * `runner produce TOPIC`: JSON lines from stdin as records, encoded with the topic's registered schema.
 *
 * A line that cannot be a record is named with its number and counted; the rest goes on. What is
 * reported as produced is durable. Works while a topology runs, through its socket.
 */
import { createInterface } from 'node:readline';
import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import type { Command } from 'commander';
import { avroType, WIRE_HEADER_BYTES } from '../../schemas/codec.js';
import { UsageError } from '../../schemas/errors.js';
import type { Topic } from '../../schemas/topic.js';
import type { TopicInput } from '../bus/write-topic.js';
import { writeTopic } from '../bus/write-topic.js';
import type { ClockKind } from '../bus/port.js';
import { avroFromJson, MisfitError } from './avro-from-json.js';
import { EXIT } from './exit.js';
import { DATA_OPTION } from './options.js';
import { withData, type OpenedData } from './open-data.js';
import { grouped, progressLine, remark } from './terminal.js';
import { namedTopic, ownTopic } from './topic-names.js';

interface ProduceOptions {
  readonly data: string;
  readonly restamp?: boolean;
  readonly quiet?: boolean;
}

/** Bad lines named one by one before only counting goes on. */
const NAMED_MAX = 100;

export function addProduce(program: Command): void {
  program
    .command('produce')
    .description(
      'append records from stdin, one JSON object a line: {"value", "key"?, "partition"?, "timeMs"?}',
    )
    .argument('<topic>', 'a topic, or a short name such as traffic or policy')
    .option(...DATA_OPTION)
    .option('--restamp', 'leave out the times of the lines; the bus stamps them')
    .option('--quiet', 'say nothing when all went well')
    .addHelpText(
      'after',
      '\nThe lines of "runner read" fit. Bytes are hex; on a clock of records "timeMs" is required.\n\nExamples:\n  runner produce labels < labels.jsonl\n  echo \'{"key":"rtdl","value":{...}}\' | runner produce policy',
    )
    .action(async (name: string, options: ProduceOptions) => {
      process.exitCode = await produce(name, options);
    });
}

async function produce(name: string, options: ProduceOptions): Promise<number> {
  return withData({ data: options.data, mode: 'use' }, async (opened) => {
    const { name: topic } = await namedTopic(opened.bus, name);
    const toRecord = await recordMaker(opened, topic, options.restamp ?? false);
    const progress = progressLine();
    let produced = 0;
    let bad = 0;
    const stream = writeTopic(opened.bus, {
      topic,
      onAppended: (appended) => {
        produced += appended.length;
        progress(`${grouped(produced)} records produced`);
      },
    });
    // Looked at when the lines are through; before that only writing would notice.
    const ended = finished(stream);
    ended.catch(() => undefined);
    let line = 0;
    for await (const text of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
      line += 1;
      if (text.trim() === '') continue;
      const record = attempt(() => toRecord(text));
      if (record instanceof MisfitError) {
        bad += 1;
        if (bad <= NAMED_MAX) remark(`line ${line}: ${record.message}`);
        if (bad === NAMED_MAX) remark('further bad lines are only counted');
      } else if (stream.destroyed) break;
      else if (!stream.write(record)) await Promise.race([once(stream, 'drain'), ended]);
    }
    stream.end();
    await ended;
    progress.done();
    if (bad > 0 || !options.quiet) {
      remark(`${grouped(produced)} records produced to ${topic}, ${grouped(bad)} bad lines`);
    }
    return bad === 0 ? EXIT.done : EXIT.difference;
  });
}

function attempt(make: () => TopicInput): TopicInput | MisfitError {
  try {
    return make();
  } catch (error) {
    if (error instanceof MisfitError) return error;
    throw error;
  }
}

interface Line {
  readonly key: unknown;
  readonly value: unknown;
  readonly partition: unknown;
  readonly timeMs: unknown;
}

async function recordMaker(
  { bus, registry }: OpenedData,
  topic: string,
  restamp: boolean,
): Promise<(text: string) => TopicInput> {
  const own = ownTopic(topic);
  const subject = own?.subject ?? `${topic}-value`;
  if (!(await registry.subjects()).includes(subject)) {
    throw new UsageError(
      `The registry has no schema for ${topic}; register one: runner schemas register FILE --subject ${subject}`,
    );
  }
  const { id } = await registry.version(subject, 'latest');
  const type = avroType(await registry.wholeText(id));
  const partitions = (await bus.topics()).find((one) => one.name === topic)?.partitions ?? 1;
  return (text) => {
    const line = parseLine(text);
    const value = avroFromJson(type, line.value);
    const body = type.toBuffer(value);
    const bytes = Buffer.alloc(WIRE_HEADER_BYTES + body.length);
    bytes.writeUInt32BE(id, 1);
    body.copy(bytes, WIRE_HEADER_BYTES);
    const partition = partitionIn(line.partition, partitions);
    return {
      key: keyOf(line.key, value, own),
      value: bytes,
      ...(partition === undefined ? {} : { partition }),
      ...timeOf(line.timeMs, bus.clock, restamp),
    };
  };
}

function parseLine(text: string): Line {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new MisfitError(`not JSON: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
  if (typeof json !== 'object' || json === null || !('value' in json)) {
    throw new MisfitError('an object with "value" is expected');
  }
  const { value } = json;
  return {
    value,
    key: 'key' in json ? json.key : undefined,
    partition: 'partition' in json ? json.partition : undefined,
    timeMs: 'timeMs' in json ? json.timeMs : undefined,
  };
}

function keyOf(key: unknown, value: unknown, own: Topic<never> | undefined): Buffer | null {
  if (key === null) return null;
  if (typeof key === 'string') {
    // As `runner read` prints keys that are no text.
    const hex = /^0x((?:[0-9a-f]{2})+)$/i.exec(key)?.[1];
    return hex === undefined ? Buffer.from(key) : Buffer.from(hex, 'hex');
  }
  if (key !== undefined) throw new MisfitError('"key" must be text');
  if (own) return Buffer.from(own.key(value as never));
  throw new MisfitError('"key" is missing; only keys of weir\'s own topics can be derived');
}

function partitionIn(partition: unknown, count: number): number | undefined {
  if (partition === undefined) return undefined;
  if (typeof partition === 'number' && Number.isInteger(partition) && partition >= 0) {
    if (partition < count) return partition;
  }
  throw new MisfitError(`"partition" must be a whole number below ${count}`);
}

function timeOf(timeMs: unknown, clock: ClockKind, restamp: boolean): { readonly timeMs?: number } {
  if (clock === 'wall') {
    if (timeMs === undefined || restamp) return {};
    throw new MisfitError('this bus stamps times itself; leave "timeMs" out, or give --restamp');
  }
  if (typeof timeMs === 'number' && Number.isSafeInteger(timeMs) && timeMs >= 0) return { timeMs };
  throw new MisfitError('"timeMs" is required on a clock of records: milliseconds since 1970');
}
