/**
 * Replay (R5): recorded rounds executed again from genesis, by the same executor, on fresh state.
 *
 * in: headers, source records. out: per round and task what was recorded and what came out now.
 * Owns nothing on the bus and writes nothing to it.
 *
 * Y1. Ranges, mode, clock, border outcomes and skips come from the headers; nothing is planned anew.
 * Y2. Ranges of consecutive rounds touch (R1); a hole or overlap is a difference, and named.
 */
import { crc32 } from 'node:zlib';
import { UsageError, HaltError } from '../../schemas/errors.js';
import type { BorderOutcome } from '../../operators/wiring.js';
import type { TaskState } from '../../state/port.js';
import type { Topology } from '../../topologies/topology.js';
import type { Bus } from '../bus/port.js';
import { partitionSizes, taskRequests } from './layout.js';
import { buildExecutor, type OpenGroupOptions } from './open-group.js';
import { UNBOUNDED } from './execution.js';
import type { Executor } from './executor.js';
import { decodeHeader, type RoundHeader, type SourceRange } from './header.js';
import { byPosition, type Planned } from './plan.js';
import { Reader } from './reader.js';
import { NO_OUTPUTS, type Round, type RoundOutput } from './round.js';
import { outcomesOf, RoundCursor } from './round-cursor.js';
import type { Task } from './task.js';

export interface ReplayOptions extends Pick<
  OpenGroupOptions,
  'serde' | 'borders' | 'stamp' | 'annotate'
> {
  readonly topology: Topology;
  readonly bus: Bus;
  readonly openState: OpenGroupOptions['openState'];
  /**
   * Like a group's `prepare`, but told which loads failed then; those fail again. Answers a sentence
   * for each that did not fail then and fails now.
   */
  readonly prepare?: (
    records: readonly Planned[],
    failed: readonly string[],
  ) => Promise<readonly string[]>;
  /** Last round to execute; default: all. */
  readonly throughRound?: number;
  /** Steps only these records; digests then say nothing, values of what they concern do. */
  readonly keep?: (planned: Planned) => boolean;
}

/** What one task recorded for a round beside what executing it again gave. */
export interface ReplayedTask {
  readonly task: string;
  readonly header: RoundHeader;
  readonly outputs: number;
  readonly outputsDigest: Uint8Array;
  readonly blobDigest: Uint8Array;
}

export interface ReplayedRound {
  readonly round: number;
  readonly clockMs: number;
  readonly records: readonly Planned[];
  readonly outputs: readonly RoundOutput[];
  readonly tasks: readonly ReplayedTask[];
  /** Faults found while reading the log: holes, changed headers, changed source records. */
  readonly faults: readonly string[];
}

export interface Replay {
  readonly tasks: readonly Task[];
  rounds(): AsyncGenerator<ReplayedRound>;
  close(): Promise<void>;
}

/** Opens a replay of everything a topology committed on this bus. */
export async function openReplay(options: ReplayOptions): Promise<Replay> {
  const { topology, bus } = options;
  const sizes = await partitionSizes(topology, bus);
  const known = new Set(await bus.tasks());
  const requests = taskRequests(topology, sizes);
  if (!requests.some((request) => known.has(request.task))) {
    throw new UsageError(
      `Topology "${topology.name}" has committed no round here; start it first: runner start ${topology.name}`,
    );
  }
  const states = new Map<string, TaskState>();
  const lineages = new Map<string, string>();
  for (const request of requests) {
    const lineage = await lineageOf(bus, request.task);
    if (lineage) lineages.set(request.task, lineage);
    const state = await options.openState({ ...request, lineage: lineage ?? '0'.repeat(32) });
    await state.ready();
    states.set(request.task, state);
  }
  const { assembly, executor } = buildExecutor(options, states, sizes);
  const readers = new Map<string, Reader>();
  for (const source of topology.sources) {
    for (const { partition, start } of await bus.bounds(source.topic.name)) {
      const reader = new Reader({
        bus,
        source: source.name,
        topic: source.topic.name,
        partition,
        rank: source.rank,
        from: start,
        lastTimeMs: 0,
      });
      readers.set(`${source.topic.name}/${partition}`, reader);
      for (const { tasks } of assembly.consumers(source.name, partition)) {
        for (const task of tasks) task.readers.push(reader);
      }
    }
  }
  const replayer = new Replayer(options, { executor, readers, tasks: assembly.tasks });
  return {
    tasks: assembly.tasks,
    rounds: () => replayer.rounds(),
    close: async () => {
      for (const state of states.values()) await state.close();
    },
  };
}

class Replayer {
  readonly #options: ReplayOptions;
  readonly #executor: Executor;
  readonly #readers: ReadonlyMap<string, Reader>;
  readonly #tasks: readonly Task[];
  #clockMs = 0;

  constructor(
    options: ReplayOptions,
    parts: {
      readonly executor: Executor;
      readonly readers: ReadonlyMap<string, Reader>;
      readonly tasks: readonly Task[];
    },
  ) {
    this.#options = options;
    this.#executor = parts.executor;
    this.#readers = parts.readers;
    this.#tasks = parts.tasks;
    for (const task of this.#tasks) task.stand();
  }

  async *rounds(): AsyncGenerator<ReplayedRound> {
    const faults: string[] = [];
    const cursors = this.#tasks.map((task) => new RoundCursor(this.#options.bus, task));
    for (const cursor of cursors) await cursor.advance(faults);
    for (;;) {
      const round = Math.min(...cursors.map((one) => one.header?.round ?? Infinity));
      if (round === Infinity || round > (this.#options.throughRound ?? Infinity)) return;
      const now = cursors.filter((one) => one.header?.round === round);
      yield await this.#round(round, now, faults.splice(0));
      for (const cursor of now) await cursor.advance(faults);
    }
  }

  async #round(
    round: number,
    cursors: readonly RoundCursor[],
    faults: readonly string[],
  ): Promise<ReplayedRound> {
    const headers = cursors.flatMap((cursor) => cursor.header ?? []);
    const found = [...faults];
    const clockMs = Math.max(...headers.map((header) => header.clockMs));
    const records = await this.#records(headers, found);
    for (const header of headers) {
      for (const place of header.skipped) this.#executor.skip(place);
    }
    const recorded = new Map<Task, readonly BorderOutcome[]>();
    for (const { task, header } of cursors) {
      if (header) recorded.set(task, outcomesOf(header));
    }
    const failed = headers.flatMap((header) => header.failedLoads);
    found.push(...((await this.#options.prepare?.(records, failed)) ?? []));
    const { round: made } = await this.#executor.execute(records, clockMs, {
      bounds: UNBOUNDED,
      live: headers.some((header) => header.mode === 'live'),
      by: { build: headers[0]?.build ?? '', topology: headers[0]?.topology ?? '' },
      recorded,
    });
    this.#clockMs = clockMs;
    const tasks = this.#sealed(round, cursors, { digests: made.digests(), faults: found });
    for (const task of this.#tasks) {
      task.stand();
      if (task.state.checkpointDue()) await task.state.checkpoint();
    }
    return { round, clockMs, records, outputs: made.outputs, tasks, faults: found };
  }

  #sealed(
    round: number,
    cursors: readonly RoundCursor[],
    made: { readonly digests: ReturnType<Round['digests']>; readonly faults: string[] },
  ): readonly ReplayedTask[] {
    return this.#tasks
      .filter((task) => task.touched || cursors.some((cursor) => cursor.task === task))
      .flatMap((task): readonly ReplayedTask[] => {
        const header = cursors.find((cursor) => cursor.task === task)?.header;
        const blob = task.state.seal(task.seq + 1);
        task.state.durable(task.seq + 1);
        task.next(task.seq + 1, header?.chain ?? task.chain);
        const digest = made.digests.get(task);
        if (!header) {
          made.faults.push(`round ${round} concerns ${task.id} now but did not then`);
          return [];
        }
        return [
          {
            task: task.id,
            header,
            outputs: digest?.count ?? 0,
            outputsDigest: digest?.digest ?? NO_OUTPUTS,
            blobDigest: blob.digest,
          },
        ];
      });
  }

  /** The records of the round's ranges, in position order. */
  async #records(headers: readonly RoundHeader[], faults: string[]): Promise<readonly Planned[]> {
    const ranges = new Map<string, SourceRange>();
    for (const range of headers.flatMap((header) => header.ranges)) {
      if (range.from < range.to) ranges.set(`${range.topic}/${range.partition}`, range);
    }
    const records: Planned[] = [];
    for (const [place, range] of ranges) {
      const reader = this.#readers.get(place);
      if (!reader) throw new UsageError(`${place} is in the round log but not on this bus.`);
      if (reader.next !== range.from) {
        faults.push(
          `${place} was left at ${reader.next} but the next round begins at ${range.from}`,
        );
      }
      let crc = 0;
      while (reader.next < range.to) {
        await reader.refill();
        if (!reader.peek()) throw missing(place, reader.next, range.to);
        const queued = reader.take();
        crc = queued.record.value ? crc32(queued.record.value) : 0;
        records.push({ reader, queued, timeMs: Math.max(queued.timeMs, this.#clockMs) });
      }
      if (crc !== range.crc) {
        faults.push(
          `${place}/${range.to - 1n} is not the record that was processed: its checksum differs`,
        );
      }
    }
    const { keep } = this.#options;
    return (keep ? records.filter(keep) : records).sort(byPosition);
  }
}

async function lineageOf(bus: Bus, task: string): Promise<string | undefined> {
  for await (const entry of bus.rounds(task, 1, 1)) return decodeHeader(entry.header).lineage;
  return undefined;
}

function missing(place: string, next: bigint, to: bigint): HaltError {
  return new HaltError(
    'SOURCE_TRUNCATED',
    `${place} has no record ${next}, which a recorded round (up to ${to}) needs.`,
    { origin: place },
  );
}
