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
import { DivertError } from '../../schemas/errors.js';
import type { Topic } from '../../schemas/topic.js';
import { decodePosition, type Position, type Signal } from '../../operators/signal.js';
import type { BorderItem, BorderOutcome, WiredNode } from '../../operators/wiring.js';
import type { StoredRecord } from '../bus/port.js';
import type { Assembly, Consumer } from './assembly.js';
import { BorderCrossing, recordOutcome } from './border-crossing.js';
import {
  BOUNDS,
  type DecidedBy,
  type Executed,
  type ExecutorOptions,
  type RoundBounds,
  type RunOptions,
} from './execution.js';
import type { Planned } from './plan.js';
import type { PortHost } from './ports.js';
import { RecordDecoder } from './record-decoder.js';
import { Round, type BorderWork } from './round.js';
import { earliestTimer } from './earliest-timer.js';
import { asWeirError } from './step-error.js';
import type { Task } from './task.js';

/** Where a record fails that no operator has seen. */
const SOURCE_NODE: WiredNode = {
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
  readonly #decoder: RecordDecoder;
  readonly #crossing: BorderCrossing;
  #round = new Round();
  #live = false;
  #by: DecidedBy = { build: '', topology: '' };
  #bounds: RoundBounds = BOUNDS;
  #earliestDueMs = 0;
  #current: StoredRecord | undefined;

  constructor(options: ExecutorOptions, parts: Assembly) {
    this.#options = options;
    this.#parts = parts;
    this.#topics = new Map(options.topology.sinks.map((sink) => [sink.name, sink.topic]));
    this.#decoder = new RecordDecoder(options);
    this.#crossing = new BorderCrossing(options.borders);
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
    this.#by = run.by;
    this.#bounds = run.bounds;
    this.#crossing.begin();
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
    this.#decoder.skip(place);
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
          by: this.#by,
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
    const consumers = this.#parts.consumers(reader.source, reader.partition);
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
      this.#begin(tasks, timeMs);
      feed(signal);
      this.#end(tasks, at);
      this.#drain();
    }
  }

  /** The record as a signal, or undefined once it has been diverted. */
  #decode(
    planned: Planned,
    at: Position,
    consumers: readonly Consumer[],
  ): Signal<unknown> | undefined {
    try {
      return this.#decoder.decode(planned, at, consumers);
    } catch (error) {
      const task = consumers[0]?.tasks[0];
      if (task) this.#divert(task, error, { node: SOURCE_NODE, at });
      return undefined;
    }
  }

  /** Opens a savepoint in every task a signal concerns. */
  #begin(tasks: readonly Task[], timeMs: number): void {
    this.#round.mark();
    for (const task of tasks) task.begin(timeMs);
  }

  /** Keeps what the signal did, or undoes it in all of its tasks if one failed. */
  #end(tasks: readonly Task[], at: Position): void {
    let failed: Task | undefined;
    for (const task of tasks) if (task.failure) failed ??= task;
    if (!failed) {
      for (const task of tasks) task.release();
      return;
    }
    const { failure } = failed;
    for (const task of tasks) task.rollBack();
    this.#round.rollBack();
    if (failure) this.#divert(failed, failure.error, { node: failure.node, at });
  }

  /** X3. Errors that are not one record's fault stop the round before it can commit. */
  #divert(task: Task, error: unknown, from: { node: WiredNode; at: Position }): void {
    const named = asWeirError(error, from.node);
    if (named.disposition === 'halt') throw named;
    this.#round.diverted += 1;
    const record = this.#options.quarantine({
      task: task.id,
      operator: from.node.name,
      error: named,
      at: from.at,
      record: this.#current,
    });
    this.#round.addOutput(task, record, { code: named.code });
  }

  /** X2. */
  #drain(): void {
    const round = this.#round;
    while (round.forwardedAt < round.forwarded.length) {
      const next = round.forwarded[round.forwardedAt];
      round.forwardedAt += 1;
      if (!next) continue;
      const { signal } = next;
      const { task, take } = this.#parts.target(next.node, signal.key);
      this.#begin(task.alone, signal.at.timeMs);
      take(signal);
      this.#end(task.alone, signal.at);
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
      const next = earliestTimer(this.#parts.tasks);
      this.#earliestDueMs = next?.row.dueMs ?? Number.MAX_SAFE_INTEGER;
      if (!next || next.row.dueMs >= boundMs) return undefined;
      const { task, row } = next;
      if (this.#round.timers >= this.#bounds.timersMax && row.dueMs > lastDueMs) return row.dueMs;
      lastDueMs = row.dueMs;
      this.#round.timers += 1;
      this.#current = undefined;
      task.state.setTimer(row.operator, row.key, null, '');
      const at = decodePosition(row.setter, row.dueMs);
      this.#begin(task.alone, at.timeMs);
      task.timerHandlers.get(row.operator)?.(row.key, at);
      this.#end(task.alone, at);
      this.#drain();
    }
    return undefined;
  }

  /** X4. */
  async #crossBorders(recorded: RunOptions['recorded']): Promise<void> {
    const round = this.#round;
    while (round.borders.length > 0) {
      const batch = round.borders.splice(0);
      const answers = await this.#crossing.ask(batch, recorded);
      for (const work of batch) this.#resume(work, answers.get(work));
    }
  }

  #resume(work: BorderWork, outcome: BorderOutcome | undefined): void {
    const { task, item } = work;
    if (outcome) recordOutcome(task, outcome);
    this.#begin(task.alone, item.at.timeMs);
    item.resume(outcome);
    this.#end(task.alone, item.at);
    this.#drain();
  }
}
