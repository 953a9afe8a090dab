/**
 * The ports operators see: one per node and partition, between the pure operators and a group.
 */
import type { Position, Signal } from '../../operators/signal.js';
import type { Account, BorderItem, TaskPort, WiredNode } from '../../operators/wiring.js';
import { encodePosition } from '../../operators/signal.js';
import type { Task, TimerHandler } from './task.js';

/** What a port needs of the group that runs its task. */
export interface PortHost {
  forward(node: number, signal: Signal<unknown>): void;
  receive(node: number, partition: number, take: (signal: Signal<unknown>) => void): void;
  output(task: Task, sink: string, signal: Signal<unknown>): void;
  border(task: Task, node: WiredNode, item: BorderItem): void;
  timerSet(dueMs: number): void;
  readonly live: boolean;
}

export class NodePort implements TaskPort {
  readonly #host: PortHost;
  readonly #task: Task;
  readonly #partition: number;
  readonly #node: WiredNode;

  constructor(host: PortHost, task: Task, partition: number, node: WiredNode) {
    this.#host = host;
    this.#task = task;
    this.#partition = partition;
    this.#node = node;
  }

  get failed(): boolean {
    return this.#task.failure !== undefined;
  }

  get live(): boolean {
    return this.#host.live;
  }

  fail(error: unknown, node: WiredNode): void {
    this.#task.failure ??= { error, node };
  }

  setTimer(node: number, key: string, dueMs: number | null, at: Position): void {
    this.#task.state.setTimer(node, key, dueMs, dueMs === null ? '' : encodePosition(at));
    if (dueMs !== null) this.#host.timerSet(dueMs);
  }

  timerDue(node: number, key: string): number | undefined {
    return this.#task.state.timerOf(node, key)?.dueMs;
  }

  onTimer(node: WiredNode, fire: TimerHandler): void {
    this.#task.timerHandlers.set(node.id, fire);
  }

  account(node: WiredNode): Account {
    return this.#task.account(node);
  }

  touch(): void {
    this.#task.touchAccount(this.#task.account(this.#node));
  }

  forward(node: number, signal: Signal<unknown>): void {
    this.#host.forward(node, signal);
  }

  onForwarded(node: WiredNode, receive: (signal: Signal<unknown>) => void): void {
    this.#host.receive(node.id, this.#partition, receive);
  }

  output(sink: string, signal: Signal<unknown>): void {
    this.#host.output(this.#task, sink, signal);
  }

  border(_node: WiredNode, item: BorderItem): void {
    this.#host.border(this.#task, this.#node, item);
  }
}
