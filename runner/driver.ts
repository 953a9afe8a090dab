/**
 * The topology driver: a topology in memory, without a broker, files or waiting, for tests.
 *
 * It is the real engine on the real bus code over a memory disk; what it replaces is the disk and the
 * clock. Its input is a list: records, clock moves, crashes. Everything random comes from one seed,
 * which is in the message of whatever fails.
 *
 * V1. What `run` was given has been stepped, committed and checked when it returns.
 * V2. A crash loses what was not durable, and only that; the list goes on in a new process.
 */
import { topicCodec } from '../schemas/codec.js';
import { memoryLookup } from '../schemas/schema-lookup.js';
import type { Topic } from '../schemas/topic.js';
import { topics } from '../schemas/topics.js';
import type { Quarantine } from '../schemas/generated/quarantine.js';
import { MemoryBacking, type MemoryRows } from '../state/backing.js';
import { openTaskState } from '../state/task-state.js';
import type { Topology } from '../topologies/topology.js';
import type { LogBus } from './bus/embedded/log-bus.js';
import { appendProgress } from './bus/marker.js';
import { memoryDisk, openMemoryBus, type WriteVerdict } from './bus/memory.js';
import type { ClockKind } from './bus/port.js';
import { openGroup, type OpenedGroup, type OpenGroupOptions } from './engine/open-group.js';
import { codecSerde } from './engine/serde.js';
import { seededRandom, shuffled } from './seeded-random.js';

/** One thing that happens to the topology. */
export type DriverInput =
  | {
      /** A record on one of the topology's sources. */
      readonly source: string;
      readonly value: unknown;
      /** Record time, ms; the driver's clock moves up to it. Default: the driver's clock. */
      readonly atMs?: number;
      readonly partition?: number;
    }
  /** Broker time moves on to this, ms. */
  | { readonly clockMs: number }
  /** The process dies: now, or around the nth durable write from here (a commit, claim or append). */
  | { readonly crash: 'now' }
  | { readonly crash: 'before-write' | 'after-write'; readonly nth: number };

export interface DriverOptions extends Pick<
  OpenGroupOptions,
  'borders' | 'tuning' | 'stamp' | 'annotate' | 'skips' | 'onRound' | 'prepare'
> {
  readonly clock?: ClockKind;
  /** Partitions of every topic that is not broadcast. Default 1. */
  readonly partitions?: number;
  readonly seed?: number;
  /** Where the clock starts, ms. */
  readonly startMs?: number;
  readonly build?: string;
}

/** A record a topology emitted. */
export interface Emitted<T> {
  readonly key: string;
  readonly value: T;
  readonly timeMs: number;
  readonly partition: number;
  readonly offset: bigint;
}

/** Clock steps of the driver while it waits for timers, ms. */
const STEP_MS = 100;
const START_MS = 1_700_000_000_000;

export class Driver {
  readonly topology: Topology;
  readonly seed: number;
  readonly #options: DriverOptions;
  readonly #disk = memoryDisk();
  readonly #states = new Map<string, MemoryRows>();
  readonly #lookup = memoryLookup();
  /** Codecs over the driver's own registry. */
  readonly serde = codecSerde(this.#lookup);
  #bus!: LogBus;
  #open!: OpenedGroup;
  #nowMs: number;
  #crash: { readonly verdict: WriteVerdict; left: number } | undefined;

  private constructor(topology: Topology, options: DriverOptions) {
    this.topology = topology;
    this.#options = options;
    this.seed = options.seed ?? 1;
    this.#nowMs = options.startMs ?? START_MS;
  }

  static async open(topology: Topology, options: DriverOptions = {}): Promise<Driver> {
    const driver = new Driver(topology, options);
    await driver.#start();
    return driver;
  }

  get bus(): LogBus {
    return this.#bus;
  }

  get opened(): OpenedGroup {
    return this.#open;
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  /** Feeds the inputs in order, then steps until nothing is left to do. */
  async run(inputs: readonly DriverInput[]): Promise<void> {
    try {
      for (const input of inputs) await this.#surviving(() => this.#feed(input));
      await this.settle();
    } catch (error) {
      if (error instanceof Error) error.message += ` [driver seed ${this.seed}]`;
      throw error;
    }
  }

  /** Steps until every record is consumed; on a wall clock, moves time until `forMs` have passed. */
  async settle(forMs = 0): Promise<void> {
    await this.#surviving(() => this.#drain());
    const untilMs = this.#nowMs + forMs;
    while (this.#nowMs < untilMs) {
      this.#nowMs = Math.min(untilMs, this.#nowMs + STEP_MS);
      await this.#surviving(() => this.#drain());
    }
  }

  /** On a clock of records: nothing earlier than this follows, on any source. */
  async endAt(timeMs: number): Promise<void> {
    await appendProgress(
      this.#bus,
      this.topology.sources.map((source) => source.topic.name),
      timeMs,
    );
    await this.settle();
  }

  /** Everything on a sink's topic, partitions one after the other. */
  async emitted<T>(topic: Topic<T>): Promise<readonly Emitted<T>[]> {
    const codec = topicCodec(topic, this.#lookup);
    const found: Emitted<T>[] = [];
    for (const { partition, start } of await this.#bus.bounds(topic.name)) {
      for (let from = start; ;) {
        const pulled = await this.#bus.pull(topic.name, partition, from, 1 << 20);
        for (const record of pulled.records) {
          if (!record.value) continue;
          found.push({
            key: record.key ? Buffer.from(record.key).toString() : '',
            value: codec.decode(record.value),
            timeMs: record.timeMs,
            partition,
            offset: record.offset,
          });
        }
        if (pulled.next >= pulled.end) break;
        from = pulled.next;
      }
    }
    return found;
  }

  quarantined(): Promise<readonly Emitted<Quarantine>[]> {
    return this.emitted(topics.quarantine);
  }

  /** The process ends without warning and starts again. */
  async crash(): Promise<void> {
    await this.#open.group.close({ abrupt: true }).catch(() => undefined);
    await this.#bus.close().catch(() => undefined);
    await this.#start();
  }

  async close(): Promise<void> {
    await this.#open.group.close();
    await this.#bus.close();
  }

  async #start(): Promise<void> {
    const { clock = 'wall', partitions = 1, build = 'driver' } = this.#options;
    this.#bus = await openMemoryBus({
      clock,
      disk: this.#disk,
      nowMs: () => this.#nowMs,
      onWrite: () => this.#onWrite(),
    });
    this.#open = await openGroup({
      ...this.#options,
      topology: this.topology,
      bus: this.#bus,
      serde: this.serde,
      openState: ({ task, stores, lineage }) => {
        const rows = this.#states.get(task) ?? new Map<string, Uint8Array>();
        this.#states.set(task, rows);
        return openTaskState({
          stores,
          backing: new MemoryBacking(rows),
          newLineage: Buffer.from(lineage, 'hex'),
        });
      },
      owner: 'driver',
      build,
      partitions,
    });
  }

  #onWrite(): WriteVerdict {
    if (!this.#crash) return 'go';
    this.#crash.left -= 1;
    if (this.#crash.left > 0) return 'go';
    const { verdict } = this.#crash;
    this.#crash = undefined;
    return verdict;
  }

  async #feed(input: DriverInput): Promise<void> {
    if ('crash' in input) {
      if (input.crash === 'now') await this.crash();
      else {
        const verdict = input.crash === 'before-write' ? 'crash-before' : 'crash-after';
        this.#crash = { verdict, left: input.nth };
      }
      return;
    }
    if ('clockMs' in input) {
      this.#nowMs = Math.max(this.#nowMs, input.clockMs);
      await this.#drain();
      return;
    }
    const source = this.topology.sources.find((one) => one.name === input.source);
    if (!source) throw new Error(`the topology has no source named ${input.source}`);
    if (input.atMs !== undefined) this.#nowMs = Math.max(this.#nowMs, input.atMs);
    const codec = topicCodec(source.topic as Topic<unknown>, this.#lookup);
    await this.#bus.append([
      {
        topic: source.topic.name,
        key: codec.encodeKey(input.value),
        value: codec.encode(input.value),
        ...(input.partition === undefined ? {} : { partition: input.partition }),
        ...(this.#bus.clock === 'records' ? { timeMs: input.atMs ?? this.#nowMs } : {}),
      },
    ]);
  }

  /** Runs `work`; when a crash that was asked for strikes, starts again and goes on. */
  async #surviving(work: () => Promise<void>): Promise<void> {
    for (;;) {
      try {
        await work();
        return;
      } catch (error) {
        if (!(error instanceof Error) || !error.message.includes('a crash was asked for'))
          throw error;
        await this.crash();
      }
    }
  }

  async #drain(): Promise<void> {
    const { group } = this.#open;
    for (;;) {
      while (await group.step());
      await group.settled();
      if (group.lag === 0 && group.readers.every((reader) => reader.queued === 0)) return;
      // A wall bus steps a record once nothing earlier can come; let broker time pass it.
      if (this.#bus.clock === 'records') return;
      this.#nowMs += 1;
    }
  }
}

export const drive = (topology: Topology, options?: DriverOptions): Promise<Driver> =>
  Driver.open(topology, options);

/** The same inputs with some given again right after others, by seed. */
export function withDuplicates(
  inputs: readonly DriverInput[],
  seed: number,
): readonly DriverInput[] {
  const random = seededRandom(seed);
  return inputs.flatMap((input) =>
    'source' in input && random() < 0.2 ? [input, input] : [input],
  );
}

/** The same inputs in another order, by seed. */
export const reordered = (inputs: readonly DriverInput[], seed: number): readonly DriverInput[] =>
  shuffled(inputs, seededRandom(seed));
