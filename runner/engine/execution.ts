/**
 * What goes into and comes out of executing a round: hooks, bounds, results.
 */
import type { WeirError } from '../../schemas/errors.js';
import type { Position } from '../../operators/signal.js';
import type { BorderOutcome } from '../../operators/wiring.js';
import type { Topology } from '../../topologies/topology.js';
import type { ProducedRecord, StoredRecord } from '../bus/port.js';
import type { Planned } from './plan.js';
import type { Round } from './round.js';
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
  /** What decided: this process, or, executing again, what the round's header says. */
  readonly by: DecidedBy;
}

/** The build and topology digest that executed a round. */
export interface DecidedBy {
  readonly build: string;
  readonly topology: string;
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
  readonly annotate?: (source: string, value: unknown, place: () => string) => unknown;
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

/** How a round is run: live, or again with what was recorded. */
export interface RunOptions {
  readonly bounds: RoundBounds;
  /** The round's mode; replay takes it from the header. */
  readonly live: boolean;
  readonly by: DecidedBy;
  /** Recorded border outcomes per task, when executing again. */
  readonly recorded?: ReadonlyMap<Task, readonly BorderOutcome[]>;
}
