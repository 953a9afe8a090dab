/**
 * A group: all tasks of one topology fused in one process, one order, one round, one commit.
 *
 * Owns: readers, executor, the sequence of rounds. Crosses the border: records in, one commit out.
 *
 * G1. Round n+1 may execute while n commits; it commits after n (R3).
 * G2. A round that failed to commit halts the group; nothing of it is ever written again.
 * G3. Checkpoints run beside rounds and take only what is durable; at twice the bound rounds wait.
 */
import type { Bus } from '../bus/port.js';
import type { Assembly } from './assembly.js';
import { BOUNDS, type RoundBounds } from './execution.js';
import type { Executor } from './executor.js';
import { Checkpointer, LOGGED_MAX, type LoggedMax } from './checkpointer.js';
import {
  CAUGHT_UP_MS,
  LIMITS,
  planRound,
  type Planned,
  type RoundLimits,
  type RoundPlan,
} from './plan.js';
import type { Reader } from './reader.js';
import type { RoundOutput } from './round.js';
import { sealRound } from './seal-round.js';
import type { Task } from './task.js';

/** What a group tells whoever watches it; once per round. */
export interface RoundReport {
  readonly round: number;
  readonly mode: 'catch-up' | 'live';
  readonly clockMs: number;
  readonly records: number;
  readonly timers: number;
  readonly outputs: number;
  readonly diverted: number;
  readonly late: number;
  readonly executeMs: number;
  readonly commitMs: number;
  /** What was stepped and what came out, for those who count. */
  readonly stepped: readonly Planned[];
  readonly emitted: readonly RoundOutput[];
}

export interface GroupParts {
  readonly topology: string;
  readonly bus: Bus;
  readonly executor: Executor;
  readonly assembly: Assembly;
  readonly readers: readonly Reader[];
  readonly build: string;
  readonly topologyDigest: string;
  /** Clock and number of the last committed round. */
  readonly clockMs: number;
  readonly round: number;
  /** Asked before each round; poison isolation makes rounds of one record. */
  readonly limits?: () => RoundLimits;
  readonly bounds?: RoundBounds;
  readonly loggedMax?: LoggedMax;
  readonly onRound?: (report: RoundReport) => void;
  /**
   * Called with a round's records before they are stepped; may load what they refer to. Answers the
   * places (topic/partition/offset) of those it could not load; they go into the header.
   */
  readonly prepare?: (records: readonly Planned[]) => Promise<readonly string[]>;
  /** Monotone milliseconds for measuring; never part of a result. */
  readonly stopwatchMs?: () => number;
}

export class Group {
  readonly topology: string;
  readonly tasks: readonly Task[];
  readonly readers: readonly Reader[];
  readonly #parts: GroupParts;
  #mode: 'catch-up' | 'live' = 'catch-up';
  #clockMs: number;
  #round: number;
  #progressMs = 0;
  #committing: Promise<void> = Promise.resolve();
  readonly #checkpointer: Checkpointer;
  #failure: Error | undefined;

  constructor(parts: GroupParts) {
    this.#parts = parts;
    this.topology = parts.topology;
    this.tasks = parts.assembly.tasks;
    this.readers = parts.readers;
    this.#clockMs = parts.clockMs;
    this.#round = parts.round;
    this.#checkpointer = new Checkpointer(parts.bus, this.tasks, {
      most: parts.loggedMax ?? LOGGED_MAX,
      onError: (error) => {
        this.#failure ??= asError(error);
      },
    });
    for (const task of this.tasks) task.stand();
  }

  get mode(): 'catch-up' | 'live' {
    return this.#mode;
  }

  get clockMs(): number {
    return this.#clockMs;
  }

  get progressMs(): number {
    return this.#progressMs;
  }

  get rounds(): number {
    return this.#round;
  }

  /** Records known to lie ahead. */
  get lag(): number {
    return this.readers.reduce((sum, reader) => sum + reader.lag, 0);
  }

  /** Nothing left to read; on a wall clock, no timer left to fire either. */
  get drained(): boolean {
    if (this.readers.some((reader) => reader.queued > 0 || reader.lag > 0 || !reader.atEnd))
      return false;
    return (
      this.#parts.bus.clock === 'records' || !this.tasks.some((task) => task.state.nextTimer())
    );
  }

  /** Pulls, plans, executes and starts committing one round. False when there was nothing to do. */
  async step(): Promise<boolean> {
    this.#throwIfFailed();
    await this.#refill();
    const plan = this.#plan();
    if (plan.records.length === 0 && this.#parts.executor.earliestDueMs >= plan.clockMs)
      return false;
    const watch = this.#parts.stopwatchMs ?? (() => 0);
    const failedLoads = (await this.#parts.prepare?.(plan.records)) ?? [];
    const startMs = watch();
    const executed = await this.#parts.executor.execute(plan.records, plan.clockMs, {
      bounds: this.#parts.bounds ?? BOUNDS,
      live: plan.mode === 'live',
      by: { build: this.#parts.build, topology: this.#parts.topologyDigest },
    });
    for (const planned of plan.records.slice(executed.stepped).reverse()) {
      planned.reader.giveBack(planned.queued);
    }
    const touched = this.tasks.filter((task) => task.touched);
    if (touched.length === 0) return false;
    for (const task of touched) task.checkBalance();
    this.#clockMs = executed.clockMs;
    this.#round += 1;
    const taken = plan.records.slice(0, executed.stepped);
    const sealed = sealRound(
      touched,
      { round: executed.round, taken },
      {
        round: this.#round,
        mode: plan.mode,
        clockMs: executed.clockMs,
        failedLoads,
        build: this.#parts.build,
        topology: this.#parts.topologyDigest,
      },
    );
    const executeMs = watch() - startMs;
    await this.#committing;
    this.#throwIfFailed();
    const report = {
      round: this.#round,
      mode: plan.mode,
      clockMs: executed.clockMs,
      records: taken.length,
      timers: executed.round.timers,
      outputs: executed.round.outputs.length,
      diverted: executed.round.diverted,
      late: plan.late,
      executeMs,
      stepped: taken,
      emitted: executed.round.outputs,
    };
    const commitStartMs = watch();
    this.#committing = this.#parts.bus.commit(sealed.request).then(
      () => {
        sealed.durable();
        this.#parts.onRound?.({ ...report, commitMs: watch() - commitStartMs });
      },
      (error: unknown) => {
        this.#failure ??= asError(error);
      },
    );
    await this.#checkpointer.after(this.#round);
    return true;
  }

  /** Waits until the last executed round is durable. */
  async settled(): Promise<void> {
    await this.#committing;
    this.#throwIfFailed();
  }

  /** Brings every task's checkpoint up to its last durable round and forgets the blobs behind it. */
  async checkpoint(): Promise<void> {
    await this.#checkpointer.now();
  }

  /** Settles, checkpoints (unless `abrupt`) and closes the states; the bus stays open. */
  async close(options: { readonly abrupt?: boolean } = {}): Promise<void> {
    await this.#committing;
    await this.#checkpointer.idle();
    if (!options.abrupt && !this.#failure) await this.checkpoint();
    for (const task of this.tasks) await task.state.close();
    this.#throwIfFailed();
  }

  /** G2. */
  #throwIfFailed(): void {
    if (this.#failure) throw this.#failure;
  }

  async #refill(): Promise<void> {
    // Empty readers decide what may be stepped, so they are waited for; the others read ahead.
    const empty: Promise<void>[] = [];
    for (const reader of this.readers) {
      const pull = reader.refill();
      if (!pull) continue;
      if (reader.queued === 0) empty.push(pull);
      else
        pull.catch((error: unknown) => {
          this.#failure ??= asError(error);
        });
    }
    if (empty.length > 0) await Promise.all(empty);
  }

  #plan(): RoundPlan {
    const { bus } = this.#parts;
    const nowMs = bus.clock === 'wall' ? bus.nowMs() : undefined;
    const plan = planRound({
      readers: this.readers,
      mode: this.#mode,
      clockMs: this.#clockMs,
      nowMs,
      limits: this.#parts.limits?.() ?? LIMITS,
    });
    this.#progressMs = plan.progressMs;
    if (nowMs !== undefined && plan.progressMs >= nowMs - CAUGHT_UP_MS) this.#mode = 'live';
    return plan;
  }
}

const asError = (error: unknown): Error =>
  error instanceof Error ? error : new Error(String(error));
