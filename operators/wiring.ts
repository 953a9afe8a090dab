/**
 * Wiring: how a declaration becomes a graph, and the graph a running pipeline.
 *
 * A topology's `wire` function is called once to draw the graph (no runtime) and once per partition
 * to run it. Every weir operator announces itself here, in call order, so node ids are the same in
 * both. The current wiring is a module variable set only while `wire` runs, synchronously.
 *
 * W1. Node ids depend only on the declaration.
 * W2. Between two weir operators nothing but a Stream: a plain RxJS operator is refused, because an
 *     error inside it would end the stream silently.
 * W3. A Stream never errors or completes; what fails inside an operator stays in its lift.
 */
import { Observable } from 'rxjs';
import { UsageError } from '../schemas/errors.js';
import type { GuardStore, GuardStoreSpec, KeyedStore, KeyedStoreSpec } from '../state/port.js';
import type { Position, Signal } from './signal.js';

export type NodeKind = 'source' | 'operator' | 'merge' | 'rekey' | 'border' | 'sink';

/** One box of the drawing. */
export interface WiredNode {
  readonly id: number;
  readonly kind: NodeKind;
  readonly name: string;
  readonly inputs: readonly number[];
  readonly stores: readonly string[];
  /** `rekey`: the stage it starts. `sink`: the topic. `source`: the source's name. */
  readonly target: string;
  /** What distinguishes this operator from one with other options; part of the topology digest. */
  readonly settings: string;
}

/** A store as `wire` sees it; `rows` is bound to the task's state when the topology runs. */
export interface Keyed<V> {
  readonly name: string;
  readonly spec: KeyedStoreSpec<V>;
  readonly rows: KeyedStore<V>;
}

export interface Guard {
  readonly name: string;
  readonly spec: GuardStoreSpec;
  readonly guard: GuardStore;
}

/** Any store, where only its name matters. */
export interface AnyStore {
  readonly name: string;
}

/** A sink as `wire` sees it. */
export interface Sink<T> {
  readonly name: string;
  readonly topic: string;
  /** Type witness; never read. */
  readonly accepts?: (value: T) => void;
}

/** What operators may do to the task they run in. One per node and partition. */
export interface TaskPort {
  /** Set after a failure below the current operator: unwinding, nothing more is emitted. */
  readonly failed: boolean;
  /** The round's mode: live, or catching up. Recorded in its header, so replay sees the same. */
  readonly live: boolean;
  fail(error: unknown, node: WiredNode): void;
  setTimer(node: number, key: string, dueMs: number | null, at: Position): void;
  /** Due time of the timer of (node, key), or undefined. */
  timerDue(node: number, key: string): number | undefined;
  onTimer(node: WiredNode, fire: (key: string, at: Position) => void): void;
  account(node: WiredNode): Account;
  /** Remembers the node's counts, once per signal, so that a rollback restores them. */
  touch(): void;
  /** Hands a signal to the stage a rekey leads to, behind everything born earlier in this round. */
  forward(node: number, signal: Signal<unknown>): void;
  /** Where forwarded signals of a rekey come out, in the target stage's task. */
  onForwarded(node: WiredNode, receive: (signal: Signal<unknown>) => void): void;
  output(sink: string, signal: Signal<unknown>): void;
  /**
   * Hands work to an async border. Answers come back in order of asking, when the round's records are
   * done; each is taken up under its own savepoint.
   */
  border(node: WiredNode, item: BorderItem): void;
}

export interface BorderItem {
  /** Which border of the runner does the work, such as `score`. */
  readonly border: string;
  /** undefined: nothing to ask, only to keep the order behind those that ask. */
  readonly request: unknown;
  readonly at: Position;
  /** Takes the answer up; undefined when nothing was asked. */
  readonly resume: (outcome: BorderOutcome | undefined) => void;
  /** The record that asked was rolled back: no answer will come. */
  readonly cancel: () => void;
}

/** What a border answered for one record; recorded in the round header and taken as is by replay. */
export interface BorderOutcome {
  readonly ok: boolean;
  /** Result numbers when ok. */
  readonly numbers: readonly number[];
  /** Reason code when not ok. */
  readonly reason: string;
}

/** Counts of one operator in one task; checked after every signal (`UNBALANCED`). */
export interface Account {
  in: number;
  passed: number;
  absorbed: number;
  held: number;
  /** Counts why inputs were absorbed. */
  reason(reason: string, count: number): void;
  diverted: number;
  /** Of the signal being stepped: how often the operator said what became of it. */
  said: number;
}

export interface Wiring {
  readonly nodes: WiredNode[];
  /** The port of a node's task in the partition being wired; undefined while only drawing. */
  readonly port: ((node: WiredNode) => TaskPort | undefined) | undefined;
}

let current: Wiring | undefined;

/** Runs `wire` with a wiring in force; synchronous by construction. */
export function withWiring<T>(wiring: Wiring, wire: () => T): T {
  const before = current;
  current = wiring;
  try {
    return wire();
  } finally {
    current = before;
  }
}

export function currentWiring(): Wiring {
  if (!current) {
    throw new UsageError(
      'A weir operator was applied outside a topology: call it inside the `wire` function.',
    );
  }
  return current;
}

/**
 * A hot RxJS Observable of signals that knows which node feeds it. Weir's operators listen directly,
 * which costs a third of a subscription's wrapping; anyone else may `subscribe`. It neither errors nor
 * completes, so no stream of a topology can end (W3).
 */
export class Stream<T> extends Observable<Signal<T>> {
  readonly node: WiredNode;
  /** Typed by the methods below, so that a Stream of a narrower type is one of a wider. */
  readonly #listeners: ((signal: Signal<never>) => void)[] = [];

  constructor(node: WiredNode) {
    super((subscriber) => {
      this.listen((signal) => {
        subscriber.next(signal);
      });
    });
    this.node = node;
  }

  /** Calls `take` for every signal, in order of listening; `take` must not throw. */
  listen(take: (signal: Signal<T>) => void): void {
    this.#listeners.push(take);
  }

  push(signal: Signal<T>): void {
    const listeners = this.#listeners;
    for (let at = 0; at < listeners.length; at += 1) listeners[at]?.(signal as Signal<never>);
  }
}

/** W2: anything a weir operator is applied to must be a Stream. */
export function asStream<T>(source: Observable<Signal<T>>, name: string): Stream<T> {
  if (source instanceof Stream) return source as Stream<T>;
  throw new UsageError(
    `Operator "${name}" follows a plain RxJS operator; use weir's map, filter or flatMap, which keep errors inside the round.`,
  );
}

export function addNode(node: Omit<WiredNode, 'id'>): WiredNode {
  const wiring = currentWiring();
  const added = { ...node, id: wiring.nodes.length };
  wiring.nodes.push(added);
  return added;
}
