/**
 * The executor: steps the records of a round through the tasks, in position order, synchronously.
 *
 * The live engine, replay and rebuild all run this one file; what differs is where the plan comes from.
 *
 * X1. Before a record at time x: all timers due before min(x, clock). After the last record: all timers
 *     due before the clock (DESIGN section 3).
 * X2. Signals born inside the round leave a queue before the next record or timer.
 * X3. A signal's effects stay together or are undone together; what it came from is diverted with its
 *     bytes, origin and code (R7).
 * X4. Border answers are taken up in order of asking, after the records, each under its own savepoint.
 */
import { DivertError, WeirError } from '../../schemas/errors.js';
import type { Topic } from '../../schemas/topic.js';
import { decodePosition, type Position, type Signal } from '../../operators/signal.js';
import type { BorderItem, BorderOutcome, WiredNode } from '../../operators/wiring.js';
import type { Topology } from '../../topologies/topology.js';
import type { ProducedRecord, StoredRecord } from '../bus/port.js';
import { partitionOf, type Assembly, type Consumer } from './assembly.js';
import type { Planned } from './plan.js';
import type { PortHost } from './ports.js';
import { Round, type BorderWork } from './round.js';
import type { Serde } from './serde.js';
import type { Task } from './task.js';

/** A record on its way to the quarantine topic. */
export interface Diverted {
  readonly task: string;
  readonly operator: string;
  readonly error: WeirError;
  readonly at: Position;
  readonly record: StoredRecord | undefined;
}

/** A value about to become a record, as the `stamp` hook sees it. */
export interface Outgoing {
  readonly topic: string;
  readonly value: unknown;
  readonly task: Task;
  readonly at: Position;
  /** All tasks of the group; their `from` is where they stood when the round began. */
  readonly tasks: readonly Task[];
  /** The same object for everything one round emits. */
  readonly round: object;
}

export type Border = (
  requests: readonly unknown[],
  recorded: readonly BorderOutcome[] | undefined,
) => Promise<readonly BorderOutcome[]>;

export interface ExecutorOptions {
  readonly topology: Topology;
  readonly serde: Serde;
  /** Shapes a diverted record for the quarantine topic. */
  readonly quarantine: (diverted: Diverted) => ProducedRecord;
  readonly borders: Readonly<Record<string, Border>>;
  /** On a `records` bus outputs carry the time of their position. */
  readonly stampOutputs: boolean;
  /** Positions (topic/partition/offset) released by `runner skip`. */
  readonly skips: ReadonlySet<string>;
  readonly partitionsOf: (topic: string) => number;
  /** Adds position-like facts to a value on its way out, outside its content (ruling 3). */
  readonly stamp?: (out: Outgoing) => unknown;
  /** What the runner learned about a record before the round, such as a bundle that could not be loaded. */
  readonly annotate?: (source: string, value: unknown, place: string) => unknown;
  /** Told before a record is stepped; poison isolation keeps a durable note of it. */
  readonly beforeRecord?: (planned: Planned) => void;
}

export interface RoundBounds {
  readonly timersMax: number;
  readonly outputBytesMax: number;
  readonly forwardedMax: number;
}

export const BOUNDS: RoundBounds = {
  timersMax: 2000,
  outputBytesMax: 4 * 1024 * 1024,
  forwardedMax: 100_000,
};

export const UNBOUNDED: RoundBounds = {
  timersMax: Number.MAX_SAFE_INTEGER,
  outputBytesMax: Number.MAX_SAFE_INTEGER,
  forwardedMax: BOUNDS.forwardedMax,
};

export interface Executed {
  readonly round: Round;
  /** The clock reached: the plan's, or less where a bound cut the round. */
  readonly clockMs: number;
  /** Records stepped; the rest go back to their readers. */
  readonly stepped: number;
}

interface RunOptions {
  readonly bounds: RoundBounds;
  /** The round's mode; replay takes it from the header. */
  readonly live: boolean;
  /** Recorded border outcomes per task, when executing again. */
  readonly recorded?: ReadonlyMap<Task, readonly BorderOutcome[]>;
}

const SKIPPED_NODE: WiredNode = {
  id: -1,
  kind: 'source',
  name: 'source',
  inputs: [],
  stores: [],
  target: '',
  settings: '',
};

export class Executor implements PortHost {
  readonly #options: ExecutorOptions;
  readonly #parts: Assembly;
  readonly #topics: ReadonlyMap<string, Topic<never>>;
  readonly #sourceTopics: ReadonlyMap<string, Topic<never>>;
  readonly #consumers = new Map<string, readonly Consumer[]>();
  readonly #skips: Set<string>;
  #round = new Round();
  #live = false;
  #bounds: RoundBounds = BOUNDS;
  #earliestDueMs = 0;
  #current: StoredRecord | undefined;
  /** Recorded border outcomes already taken, per task, when executing again. */
  #taken = new Map<Task, number>();

  constructor(options: ExecutorOptions, parts: Assembly) {
    this.#options = options;
    this.#parts = parts;
    this.#skips = new Set(options.skips);
    this.#topics = new Map(options.topology.sinks.map((sink) => [sink.name, sink.topic]));
    this.#sourceTopics = new Map(options.topology.sources.map((one) => [one.name, one.topic]));
  }

  /** Earliest due time that may be set; never above the true one. */
  get earliestDueMs(): number {
    return this.#earliestDueMs;
  }

  get live(): boolean {
    return this.#live;
  }

  async execute(records: readonly Planned[], clockMs: number, run: RunOptions): Promise<Executed> {
    this.#round = new Round();
    this.#live = run.live;
    this.#bounds = run.bounds;
    this.#taken = new Map();
    let clock = clockMs;
    let stepped = 0;
    for (const planned of records) {
      const nextDueMs = this.#fireTimers(Math.min(planned.timeMs, clock));
      if (nextDueMs !== undefined) {
        clock = Math.min(clock, nextDueMs);
        break;
      }
      if (this.#round.outputBytes > run.bounds.outputBytesMax) {
        clock = Math.min(clock, planned.timeMs);
        break;
      }
      this.#options.beforeRecord?.(planned);
      this.#stepRecord(planned);
      stepped += 1;
    }
    this.#current = undefined;
    do {
      clock = Math.min(clock, this.#fireTimers(clock) ?? clock);
      await this.#crossBorders(run.recorded);
    } while (this.#earliestDueMs < clock && this.#round.timers < run.bounds.timersMax);
    return { round: this.#round, clockMs: clock, stepped };
  }

  /** Diverts the record at topic/partition/offset instead of stepping it (R7, `runner skip`). */
  skip(place: string): void {
    this.#skips.add(place);
  }

  // PortHost: called by operators, inside a signal.

  forward(node: number, signal: Signal<unknown>): void {
    if (this.#round.forwarded.length >= this.#bounds.forwardedMax) {
      throw new DivertError(
        'FANOUT_EXCEEDED',
        `One record gave rise to over ${this.#bounds.forwardedMax} others; look for a rekey that multiplies.`,
      );
    }
    this.#round.forwarded.push({ node, signal });
  }

  receive(node: number, partition: number, take: (signal: Signal<unknown>) => void): void {
    this.#parts.receive(node, partition, take);
  }

  output(task: Task, sink: string, signal: Signal<unknown>): void {
    const topic = this.#topics.get(sink);
    if (!topic) throw new Error(`sink ${sink} is not declared`);
    const value = this.#options.stamp
      ? this.#options.stamp({
          topic: topic.name,
          value: signal.value,
          task,
          at: signal.at,
          tasks: this.#parts.tasks,
          round: this.#round,
        })
      : signal.value;
    const record = {
      topic: topic.name,
      key: Buffer.from(topic.key(value as never)),
      value: this.#options.serde.encode(topic, value),
      ...(this.#options.stampOutputs ? { timeMs: signal.at.timeMs } : {}),
    };
    this.#round.addOutput(task, record, value);
  }

  border(task: Task, node: WiredNode, item: BorderItem): void {
    this.#round.borders.push({ task, node, item });
  }

  timerSet(dueMs: number): void {
    if (dueMs < this.#earliestDueMs) this.#earliestDueMs = dueMs;
  }

  #stepRecord(planned: Planned): void {
    const { reader, queued, timeMs } = planned;
    const consumers = this.#consumersOf(reader.source, reader.partition);
    for (const { tasks } of consumers) for (const task of tasks) task.touched = true;
    if (queued.marker) return;
    const { record } = queued;
    this.#current = record;
    const at: Position = {
      timeMs,
      rank: reader.rank,
      sequence: record.sequence,
      partition: reader.partition,
      offset: record.offset,
      topic: reader.topic,
    };
    const signal = this.#decode(planned, at, consumers);
    if (!signal) return;
    for (const { feed, tasks } of consumers) {
      this.#signal(tasks, at, () => {
        feed(signal);
      });
      this.#drain();
    }
  }

  /** The record as a signal, or undefined once it has been diverted. */
  #decode(
    planned: Planned,
    at: Position,
    consumers: readonly Consumer[],
  ): Signal<unknown> | undefined {
    const { record } = planned.queued;
    const place = `${at.topic}/${at.partition}/${at.offset}`;
    try {
      if (this.#skips.has(place)) {
        for (const { tasks } of consumers) for (const task of tasks) task.skipped.push(place);
        throw new DivertError('POISON', `${place} ended the process repeatedly and was skipped.`);
      }
      const topic = this.#sourceTopics.get(planned.reader.source);
      if (!topic) throw new Error(`source ${planned.reader.source} is not declared`);
      if (!record.value) {
        throw new DivertError(
          'DECODE_FAILED',
          `${place} has no value; tombstones mean nothing here.`,
        );
      }
      const key = record.key ? bufferOf(record.key).toString() : '';
      const partitions = this.#options.partitionsOf(at.topic);
      if (partitions > 1 && record.key && partitionOf(key, partitions) !== at.partition) {
        throw new DivertError(
          'WRONG_PARTITION',
          `${place} has a key of partition ${partitionOf(key, partitions)}; its producer must place keys by murmur2.`,
        );
      }
      const decoded = this.#options.serde.decode(topic, record.value);
      const value = this.#options.annotate?.(planned.reader.source, decoded, place) ?? decoded;
      return { run: topic.runOf?.(decoded as never) ?? '', key, value, at };
    } catch (error) {
      const task = consumers[0]?.tasks[0];
      if (task) this.#divert(task, error, { node: SKIPPED_NODE, at });
      return undefined;
    }
  }

  /** Runs one signal in the tasks it concerns, and undoes it in all of them if one fails. */
  #signal(tasks: readonly Task[], at: Position, deliver: () => void): void {
    this.#round.mark();
    for (const task of tasks) task.begin(at.timeMs);
    deliver();
    const failed = tasks.find((task) => task.failure);
    if (!failed) {
      for (const task of tasks) task.release();
      return;
    }
    const failure = failed.failure;
    for (const task of tasks) task.rollBack();
    this.#round.rollBack();
    if (failure) this.#divert(failed, failure.error, { node: failure.node, at });
  }

  /** X3. Errors that are not one record's fault stop the round before it can commit. */
  #divert(task: Task, error: unknown, from: { node: WiredNode; at: Position }): void {
    const named = asWeirError(error, from.node);
    if (named.disposition === 'halt') throw named;
    this.#round.diverted += 1;
    this.#round.addOutput(
      task,
      this.#options.quarantine({
        task: task.id,
        operator: from.node.name,
        error: named,
        at: from.at,
        record: this.#current,
      }),
    );
  }

  /** X2. */
  #drain(): void {
    const round = this.#round;
    while (round.forwardedAt < round.forwarded.length) {
      const next = round.forwarded[round.forwardedAt];
      round.forwardedAt += 1;
      if (!next) continue;
      const task = this.#parts.target(next.node, next.signal.key);
      this.#signal([task], next.signal.at, () => {
        this.#parts.deliver(next.node, task.partition, next.signal);
      });
    }
    round.forwarded.length = 0;
    round.forwardedAt = 0;
  }

  /**
   * Fires every timer due before `boundMs`, earliest first. Returns the due time of the first one left
   * when the bound on timers was reached; timers of one due time are never parted.
   */
  #fireTimers(boundMs: number): number | undefined {
    let lastDueMs = -1;
    while (this.#earliestDueMs < boundMs) {
      const next = this.#nextTimer();
      this.#earliestDueMs = next?.row.dueMs ?? Number.MAX_SAFE_INTEGER;
      if (!next || next.row.dueMs >= boundMs) return undefined;
      const { task, row } = next;
      if (this.#round.timers >= this.#bounds.timersMax && row.dueMs > lastDueMs) return row.dueMs;
      lastDueMs = row.dueMs;
      this.#round.timers += 1;
      this.#current = undefined;
      task.state.setTimer(row.operator, row.key, null, '');
      const at = decodePosition(row.setter, row.dueMs);
      this.#signal([task], at, () => {
        task.timerHandlers.get(row.operator)?.(row.key, at);
      });
      this.#drain();
    }
    return undefined;
  }

  #nextTimer() {
    let best: { task: Task; row: NonNullable<ReturnType<Task['state']['nextTimer']>> } | undefined;
    for (const task of this.#parts.tasks) {
      const row = task.state.nextTimer();
      if (!row) continue;
      const sooner =
        !best ||
        row.dueMs < best.row.dueMs ||
        (row.dueMs === best.row.dueMs && row.setter < best.row.setter);
      if (sooner) best = { task, row };
    }
    return best;
  }

  /** X4. */
  async #crossBorders(recorded: RunOptions['recorded']): Promise<void> {
    const round = this.#round;
    while (round.borders.length > 0) {
      const batch = round.borders.splice(0);
      const answers = new Map<BorderWork, BorderOutcome>();
      for (const kind of new Set(batch.map((work) => work.item.border))) {
        const asked = batch.filter(
          (work) => work.item.border === kind && work.item.request !== undefined,
        );
        if (asked.length === 0) continue;
        const cross = this.#options.borders[kind];
        if (!cross) throw new Error(`the runner has no border named ${kind}`);
        const before =
          recorded && asked.map((work) => recordedOutcome(recorded, this.#taken, work.task));
        const outcomes = await cross(
          asked.map((work) => work.item.request),
          before,
        );
        asked.forEach((work, at) => {
          const outcome = outcomes[at];
          if (outcome) answers.set(work, outcome);
        });
      }
      for (const work of batch) this.#resume(work, answers.get(work));
    }
  }

  #resume(work: BorderWork, outcome: BorderOutcome | undefined): void {
    const { task, item } = work;
    if (outcome) recordOutcome(task, outcome);
    this.#signal([task], item.at, () => {
      item.resume(outcome);
    });
    this.#drain();
  }

  #consumersOf(source: string, partition: number): readonly Consumer[] {
    const place = `${source}/${partition}`;
    let consumers = this.#consumers.get(place);
    if (!consumers) {
      consumers = this.#parts.consumers(source, partition);
      this.#consumers.set(place, consumers);
    }
    return consumers;
  }
}

function recordedOutcome(
  recorded: ReadonlyMap<Task, readonly BorderOutcome[]>,
  taken: Map<Task, number>,
  task: Task,
): BorderOutcome {
  const at = taken.get(task) ?? 0;
  taken.set(task, at + 1);
  return recorded.get(task)?.[at] ?? { ok: true, numbers: [], reason: '' };
}

function recordOutcome(task: Task, outcome: BorderOutcome): void {
  const reason = outcome.ok ? '' : outcome.reason;
  const last = task.outcomes.at(-1);
  if (last?.reason === reason)
    task.outcomes[task.outcomes.length - 1] = { reason, count: last.count + 1 };
  else task.outcomes.push({ reason, count: 1 });
}

function asWeirError(error: unknown, node: WiredNode): WeirError {
  if (error instanceof WeirError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new DivertError('STEP_FAILED', `Operator "${node.name}" failed: ${message}`, {
    cause: error,
  });
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
