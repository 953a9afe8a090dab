/**
 * `runner graph resolve|profile|neighbours`: questions to the identity graph, read-only.
 *
 * Answers are the JSON of the HTTP routes. The pins of a run are taken from its traffic.
 */
import type { Command } from 'commander';
import { EDGE_NAMES, identifierType } from '../../operators/graph/graph-edges.js';
import { pinsOf, type EventPins } from '../../operators/decision/event-pins.js';
import { topicCodec } from '../../schemas/codec.js';
import { UsageError } from '../../schemas/errors.js';
import { ENTITY_TYPES, entityId, entityScope, type EntityType } from '../../schemas/ids.js';
import { topics } from '../../schemas/topics.js';
import { storedGraph } from '../graph-source.js';
import { askGraph, type GraphAnswer } from '../http/graph-routes.js';
import { runtimeCalls } from '../runtime-calls.js';
import { searchPartition } from '../search-partition.js';
import { EXIT } from './exit.js';
import { DATA_OPTION, wholeNumber } from './options.js';
import { withData, type OpenedData } from './open-data.js';
import { say } from './terminal.js';

interface GraphOptions {
  readonly data: string;
  readonly run?: string;
  readonly edge?: string;
  readonly limit?: string;
  readonly hops?: string;
  readonly page?: string;
}

const TYPE_HELP = `one of ${ENTITY_TYPES.join(', ')}`;

export function addGraph(program: Command): void {
  const graph = program
    .command('graph')
    .description('ask the identity graph that topology ieg builds');
  const question = (name: string, about: string): Command =>
    graph
      .command(name)
      .description(about)
      .argument('<type>', TYPE_HELP)
      .argument('<id>', 'its identifier, such as an account id')
      .option('--run <id>', 'platform_run_id; default: the run of the newest traffic')
      .option(...DATA_OPTION);
  question('resolve', 'the entity an identifier names, when it was first and last seen')
    .addHelpText('after', '\nExample:\n  runner graph resolve account 1042')
    .action(async (type: string, id: string, options: GraphOptions) => {
      process.exitCode = await ask(options, (pins) => [
        'resolve',
        { pins, identifier_type: identifierType(typeOf(type)), identifier_value: id },
      ]);
    });
  question('profile', 'the entity and how many neighbours it has by kind of edge')
    .addHelpText('after', '\nExample:\n  runner graph profile device 77')
    .action(async (type: string, id: string, options: GraphOptions) => {
      process.exitCode = await ask(options, (pins) => [
        'profile',
        { pins, entity_id: idOf(type, id, pins) },
      ]);
    });
  question('neighbours', 'its neighbours, and who shares them; in pages of one graph version')
    .option('--edge <type>', `only this kind: ${EDGE_NAMES.join(', ')}`)
    .option('--limit <n>', 'items a page, 1 to 500')
    .option('--hops <n>', '1 leaves out who shares a neighbour')
    .option('--page <token>', 'next_page_token of the page before')
    .addHelpText('after', '\nExample:\n  runner graph neighbours device 77 --hops 1 --limit 20')
    .action(async (type: string, id: string, options: GraphOptions) => {
      process.exitCode = await ask(options, (pins) => [
        'neighbors',
        {
          pins,
          entity_id: idOf(type, id, pins),
          ...(options.edge === undefined ? {} : { edge_type: options.edge }),
          ...(options.limit === undefined ? {} : { limit: wholeNumber('--limit', options.limit) }),
          ...(options.hops === undefined ? {} : { hops: wholeNumber('--hops', options.hops) }),
          ...(options.page === undefined ? {} : { page_token: options.page }),
        },
      ]);
    });
}

async function ask(
  options: GraphOptions,
  questionOf: (pins: EventPins) => readonly [name: string, body: object],
): Promise<number> {
  return withData({ data: options.data, mode: 'read' }, async (opened) => {
    const [name, body] = questionOf(await runPins(opened, options.run));
    const { found, answer } = await answered(opened, name, body);
    say(JSON.stringify(answer, undefined, 2));
    return found ? EXIT.done : EXIT.difference;
  });
}

async function answered(
  { owner, dataDir, bus }: OpenedData,
  name: string,
  body: object,
): Promise<GraphAnswer> {
  if (owner) return owner.call(runtimeCalls.graph, { name, body });
  const stored = await storedGraph(dataDir, bus);
  try {
    return await askGraph(stored.source, name, body);
  } finally {
    await stored.close();
  }
}

/** The pins of a run, from one of its traffic events. */
async function runPins({ bus, lookup }: OpenedData, run: string | undefined): Promise<EventPins> {
  const topic = topics.traffic.name;
  const codec = topicCodec(topics.traffic, lookup);
  const there = (await bus.topics()).some(({ name }) => name === topic);
  const bounds = there ? await bus.bounds(topic) : [];
  const newestFirst = [...bounds].sort((a, b) => b.lastTimeMs - a.lastTimeMs);
  for (const { partition, start, end } of newestFirst) {
    const offsets =
      run === undefined
        ? downFrom(end, start)
        : await searchPartition(bus, { topic, partition, text: run });
    for (const offset of offsets) {
      const [record] = (await bus.pull(topic, partition, offset, 1)).records;
      if (!record?.value) continue;
      const event = codec.decode(record.value);
      if (run === undefined || event.platform_run_id === run) return pinsOf(event);
    }
  }
  throw new UsageError(
    run === undefined
      ? 'There is no traffic here to take a run from; give --run.'
      : `There is no traffic of run ${run} here.`,
  );
}

/** The last few offsets, newest first: past progress markers there is a record. */
const downFrom = (end: bigint, start: bigint): readonly bigint[] =>
  Array.from({ length: Math.min(64, Number(end - start)) }, (_, at) => end - 1n - BigInt(at));

function typeOf(text: string): EntityType {
  const type = ENTITY_TYPES.find((name) => name === text);
  if (type !== undefined) return type;
  throw new UsageError(`"${text}" is no kind of entity; give ${TYPE_HELP}.`);
}

const idOf = (type: string, id: string, pins: EventPins): string =>
  entityId(typeOf(type), id, entityScope(pins));
