/**
 * A task: one stage of a topology in one partition, the single writer of its state (DESIGN section 1).
 *
 * Owns: its state, its operators' accounts and timer handlers, its place in the round log. Does not
 * own: the order of execution (group.ts) or what is read (reader.ts).
 *
 * K1. Between `begin` and `release` or `rollBack` everything a signal does can be undone: state,
 *     timers, accounts; outputs and forwarded signals are the group's and undone there.
 * K2. Every operator's counts add up after every round, else UNBALANCED.
 */
import { HaltError } from '../../schemas/errors.js';
import type { WiredNode } from '../../operators/wiring.js';
import type { Position } from '../../operators/signal.js';
import type { TaskState } from '../../state/port.js';
import { OperatorAccount } from './account.js';
import { GENESIS, type OutcomeRun } from './header.js';
import type { Reader } from './reader.js';

export interface TaskFailure {
  readonly error: unknown;
  readonly node: WiredNode;
}

export type TimerHandler = (key: string, at: Position) => void;

export class Task {
  readonly id: string;
  readonly stage: string;
  readonly partition: number;
  readonly state: TaskState;
  /** This task as a list of one: what most signals concern. */
  readonly alone: readonly Task[] = [this];
  readonly accounts = new Map<number, OperatorAccount>();
  readonly timerHandlers = new Map<number, TimerHandler>();
  /** Source partitions this task consumes. */
  readonly readers: Reader[] = [];
  epoch = 0;
  seq = 0;
  chain: Uint8Array = GENESIS;
  /** Next offset per source partition at the start of the round, in order of `readers`. */
  from: bigint[] = [];
  /** True once anything of the current round concerned this task. */
  touched = false;
  failure: TaskFailure | undefined;
  outcomes: OutcomeRun[] = [];
  skipped: string[] = [];
  #saved: OperatorAccount[] = [];
  #signal = 0;

  constructor(options: {
    readonly topology: string;
    readonly stage: string;
    readonly partition: number;
    readonly state: TaskState;
  }) {
    this.id = `${options.topology}/${options.stage}/${options.partition}`;
    this.stage = options.stage;
    this.partition = options.partition;
    this.state = options.state;
  }

  /** Notes where its sources stand: the beginning of the next round's ranges. */
  stand(): void {
    this.from = this.readers.map((reader) => reader.next);
  }

  /** A round of this task was sealed as `seq`; the next one begins. */
  next(seq: number, chain: Uint8Array): void {
    this.seq = seq;
    this.chain = chain;
    this.touched = false;
    this.outcomes = [];
    this.skipped = [];
    this.stand();
  }

  begin(timeMs: number): void {
    this.touched = true;
    this.failure = undefined;
    this.#saved.length = 0;
    this.#signal += 1;
    if (timeMs > this.state.clockMs) this.state.clockMs = timeMs;
    this.state.mark();
  }

  release(): void {
    this.state.release();
  }

  /** Undoes the signal; the operator that failed counts its input as diverted. */
  rollBack(): TaskFailure | undefined {
    const { failure } = this;
    this.failure = undefined;
    this.state.rollback();
    for (const account of this.#saved) account.restore();
    this.#saved.length = 0;
    const account = failure && this.accounts.get(failure.node.id);
    if (account) {
      account.in += 1;
      account.diverted += 1;
    }
    return failure;
  }

  touchAccount(account: OperatorAccount): void {
    if (account.savedFor === this.#signal) return;
    account.save(this.#signal);
    this.#saved.push(account);
  }

  account(node: WiredNode): OperatorAccount {
    const known = this.accounts.get(node.id);
    if (known) return known;
    const account = new OperatorAccount(node.name);
    this.accounts.set(node.id, account);
    return account;
  }

  /** K2. */
  checkBalance(): void {
    for (const account of this.accounts.values()) {
      if (account.balanced) continue;
      const { name, passed, absorbed, held, diverted } = account;
      throw new HaltError(
        'UNBALANCED',
        `Operator "${name}" of ${this.id} took ${account.in} records but accounts for ${passed} passed, ${absorbed} absorbed, ${held} held, ${diverted} diverted.`,
        { origin: this.id },
      );
    }
  }
}
