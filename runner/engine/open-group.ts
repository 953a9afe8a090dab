/**
 * Opens a group: topics ensured, tasks claimed and recovered, pipelines wired, readers at their offsets.
 */
import { randomBytes } from 'node:crypto';
import { HaltError } from '../../schemas/errors.js';
import type { TaskState } from '../../state/port.js';
import type { Topology } from '../../topologies/topology.js';
import type { Bus } from '../bus/port.js';
import { assemble, type Assembly, type PartitionSizes } from './assembly.js';
import type { Border, ExecutorOptions } from './execution.js';
import { Executor } from './executor.js';
import { Group, type GroupParts } from './group.js';
import { quarantineShape } from './quarantine.js';
import { decodeHeader } from './header.js';
import {
  partitionSizes,
  taskRequests,
  topologyDigest,
  wantedTopics,
  type StateRequest,
} from './layout.js';
import { Reader } from './reader.js';
import { recoverTask, type Recovered } from './recover.js';
import type { Serde } from './serde.js';
import type { Task } from './task.js';

export interface OpenGroupOptions {
  readonly topology: Topology;
  readonly bus: Bus;
  readonly serde: Serde;
  readonly openState: (request: StateRequest) => Promise<TaskState>;
  readonly borders?: Readonly<Record<string, Border>>;
  /** Names this process in claims. */
  readonly owner: string;
  readonly build: string;
  /** Partitions of topics this creates, where a topic does not say; broadcast topics have one. */
  readonly partitions?: number;
  readonly skips?: ReadonlySet<string>;
  readonly beforeRecord?: ExecutorOptions['beforeRecord'];
  readonly stamp?: ExecutorOptions['stamp'];
  readonly annotate?: ExecutorOptions['annotate'];
  readonly tuning?: Pick<GroupParts, 'limits' | 'bounds' | 'loggedMax'>;
  readonly onRound?: GroupParts['onRound'];
  readonly prepare?: GroupParts['prepare'];
  readonly stopwatchMs?: () => number;
}

export interface OpenedGroup {
  readonly group: Group;
  readonly executor: Executor;
  /** Rounds applied from blobs, over all tasks. */
  readonly applied: number;
}

/** Opens all of it, or leaves nothing open. */
export async function openGroup(options: OpenGroupOptions): Promise<OpenedGroup> {
  const states = new Map<string, TaskState>();
  try {
    return await openOver(states, options);
  } catch (error) {
    await Promise.allSettled([...states.values()].map((state) => state.close()));
    throw error;
  }
}

async function openOver(
  states: Map<string, TaskState>,
  options: OpenGroupOptions,
): Promise<OpenedGroup> {
  const { topology, bus } = options;
  await bus.ensureTopics(await wantedTopics(topology, bus, options.partitions));
  const sizes = await partitionSizes(topology, bus, options.partitions);
  const requests = taskRequests(topology, sizes);
  const claims = await bus.claim(
    requests.map((request) => request.task),
    options.owner,
  );
  const recovered = new Map<string, Recovered>();
  for (const [at, request] of requests.entries()) {
    const claim = claims[at];
    if (!claim) throw new Error(`no claim for ${request.task}`);
    const lineage = claim.lastHeader
      ? lineageOf(claim.lastHeader)
      : randomBytes(16).toString('hex');
    const state = await options.openState({ ...request, lineage });
    states.set(request.task, state);
    recovered.set(request.task, await recoverTask(bus, claim, state));
  }
  const { assembly, executor } = buildExecutor(options, states, sizes);
  for (const task of assembly.tasks) {
    const back = recovered.get(task.id);
    if (!back) continue;
    task.epoch = back.claim.epoch;
    task.seq = back.claim.lastSeq;
    task.chain = back.chain;
  }
  const readers = await openReaders(options, assembly, recovered);
  const headers = [...recovered.values()].flatMap((one) => one.header ?? []);
  const group = new Group({
    topology: topology.name,
    bus,
    executor,
    assembly,
    readers,
    build: options.build,
    topologyDigest: topologyDigest(topology),
    clockMs: Math.max(0, ...headers.map((header) => header.clockMs)),
    round: Math.max(0, ...headers.map((header) => header.round)),
    ...options.tuning,
    ...(options.onRound ? { onRound: options.onRound } : {}),
    ...(options.prepare ? { prepare: options.prepare } : {}),
    ...(options.stopwatchMs ? { stopwatchMs: options.stopwatchMs } : {}),
  });
  const applied = [...recovered.values()].reduce((sum, one) => sum + one.applied, 0);
  return { group, executor, applied };
}

/** Executor and assembly over opened states; replay and rebuild use this without claims. */
export function buildExecutor(
  options: Pick<
    OpenGroupOptions,
    'topology' | 'serde' | 'borders' | 'skips' | 'beforeRecord' | 'stamp' | 'annotate'
  > & {
    readonly bus: Pick<Bus, 'clock'>;
  },
  states: ReadonlyMap<string, TaskState>,
  sizes: PartitionSizes,
): { readonly assembly: Assembly; readonly executor: Executor } {
  const stampOutputs = options.bus.clock === 'records';
  const assembly = assemble(options.topology, states, sizes);
  const { beforeRecord, stamp, annotate } = options;
  const executor = new Executor(
    {
      topology: options.topology,
      serde: options.serde,
      quarantine: quarantineShape(options.serde, stampOutputs),
      borders: options.borders ?? {},
      stampOutputs,
      skips: options.skips ?? new Set(),
      partitionsOf: (topic) => sizes.ofTopic(topic),
      ...(beforeRecord ? { beforeRecord } : {}),
      ...(stamp ? { stamp } : {}),
      ...(annotate ? { annotate } : {}),
    },
    assembly,
  );
  assembly.wire(executor);
  return { assembly, executor };
}

async function openReaders(
  options: OpenGroupOptions,
  assembly: Assembly,
  recovered: ReadonlyMap<string, Recovered>,
): Promise<readonly Reader[]> {
  const { topology, bus } = options;
  const readers: Reader[] = [];
  for (const source of topology.sources) {
    for (const bounds of await bus.bounds(source.topic.name)) {
      const tasks = assembly
        .consumers(source.name, bounds.partition)
        .flatMap((consumer) => consumer.tasks);
      const place = `${source.topic.name}/${bounds.partition}`;
      const next = nextOffset(tasks, recovered, place);
      if (next !== undefined && next < bounds.start) {
        throw new HaltError(
          'SOURCE_TRUNCATED',
          `${place} now starts at ${bounds.start}, but ${next} is to be read next; restore from a snapshot.`,
          { origin: place },
        );
      }
      if (next !== undefined && next > bounds.end) {
        throw new HaltError(
          'SOURCE_REWOUND',
          `${place} ends at ${bounds.end} but was read to ${next}; the topic was recreated.`,
          { origin: place },
        );
      }
      const reader = new Reader({
        bus,
        source: source.name,
        topic: source.topic.name,
        partition: bounds.partition,
        rank: source.rank,
        from: next ?? bounds.start,
        lastTimeMs: 0,
      });
      readers.push(reader);
      for (const task of tasks) task.readers.push(reader);
    }
  }
  return readers;
}

/** The next offset of a source partition by the headers of the tasks that read it; they agree. */
function nextOffset(
  tasks: readonly Task[],
  recovered: ReadonlyMap<string, Recovered>,
  place: string,
): bigint | undefined {
  const offsets = new Set<bigint>();
  for (const task of tasks) {
    const range = recovered
      .get(task.id)
      ?.header?.ranges.find((one) => `${one.topic}/${one.partition}` === place);
    if (range) offsets.add(range.to);
  }
  if (offsets.size > 1) {
    throw new HaltError(
      'RANGES_DISAGREE',
      `Tasks that read ${place} stand at different offsets: ${[...offsets].join(', ')}.`,
      { origin: place },
    );
  }
  return [...offsets][0];
}

function lineageOf(header: Uint8Array): string {
  return decodeHeader(header).lineage;
}
