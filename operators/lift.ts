/**
 * The one lift: turns a step into an RxJS operator, and is the only place that calls user code.
 *
 * in: signals of one Stream, and of the streams named in `also`. out: what the step emits, at the
 * position of its cause. state: the stores the operator owns. fails: whatever the step throws stops
 * at this file; the task rolls the record back and diverts it. crash: none of its own; a record is
 * stepped in exactly one committed round (R1).
 *
 * L1. No error enters RxJS: every handler catches, tells the task, and unwinds its callers.
 * L2. A record input is said to be exactly one of passed, absorbed or held, else UNBALANCED.
 * L3. A timer of the record's own key that is due before the record fires before it.
 * L4. State changes are made before anything is emitted that depends on them (the step's own duty);
 *     a throw anywhere below undoes both.
 */
import type { OperatorFunction } from 'rxjs';
import { HaltError } from '../schemas/errors.js';
import type { Position, Signal } from './signal.js';
import {
  addNode,
  asStream,
  currentWiring,
  Stream,
  type Account,
  type AnyStore,
  type TaskPort,
  type WiredNode,
} from './wiring.js';

/** What a step may do. Valid only during the call that received it. */
export interface Tools<Out> {
  /** Sends a value on, under the key and run of the current signal unless others are given. */
  emit(value: Out, key?: string, run?: string): void;
  /** The input left this operator as output (or as part of one). */
  pass(): void;
  /** The input ends here, for a reason that is counted. */
  absorb(reason: string): void;
  /** The input is kept in state; later `release` or `drop` it. */
  hold(): void;
  /** `count` inputs held earlier leave as passed. */
  release(count: number): void;
  /** `count` inputs held earlier end here, for a reason. */
  drop(reason: string, count: number): void;
  /** Sets, moves or (null) clears the one timer of this operator and key. */
  timer(key: string, dueMs: number | null): void;
  /** Counts something worth telling that is no fate of the input, such as a late record. */
  note(reason: string): void;
  /** Position of the signal being stepped, or of the timer (its due time, its setter). */
  readonly at: Position;
  /** True in live rounds; in catch-up and on a clock of records silence is not judged. */
  readonly live: boolean;
}

/** A further input of an operator, beside the stream it is piped from. */
export interface Also<Out> {
  readonly stream: Stream<unknown>;
  readonly step: (signal: Signal<never>, tools: Tools<Out>) => void;
  /** As in LiftOptions; undefined when this input's signals have no timer of their own. */
  readonly timerKey: ((signal: Signal<never>) => string) | undefined;
}

export interface LiftOptions<In, Out> {
  readonly name: string;
  readonly stores: readonly AnyStore[];
  readonly also?: readonly Also<Out>[];
  readonly onRecord: (signal: Signal<In>, tools: Tools<Out>) => void;
  readonly onTimer?: (key: string, tools: Tools<Out>) => void;
  /** Key of this operator's timer for a signal; makes L3 hold. Required with `onTimer`. */
  readonly timerKey?: (signal: Signal<In>) => string;
  /** Options that change results, as text; part of the topology digest. */
  readonly settings?: string;
}

/** Types the handler of a further input. */
export const also = <B, Out>(
  stream: Stream<B>,
  step: (signal: Signal<B>, tools: Tools<Out>) => void,
  timerKey?: (signal: Signal<B>) => string,
): Also<Out> => ({ stream, step, timerKey });

class LiftedTools<Out> implements Tools<Out> {
  at!: Position;
  signal: Signal<unknown> | undefined;
  readonly #port: TaskPort;
  readonly #account: Account;
  readonly #node: number;
  readonly #out: Stream<Out>;

  constructor(port: TaskPort, node: WiredNode, out: Stream<Out>) {
    this.#port = port;
    this.#account = port.account(node);
    this.#node = node.id;
    this.#out = out;
  }

  emit(value: Out, key?: string, run?: string): void {
    const signal = this.signal;
    this.#out.push({
      run: run ?? signal?.run ?? '',
      key: key ?? signal?.key ?? '',
      value,
      at: this.at,
    });
    if (this.#port.failed) throw UNWIND;
  }

  pass(): void {
    this.#account.said += 1;
    this.#account.passed += 1;
  }

  absorb(reason: string): void {
    this.#account.said += 1;
    this.#account.absorbed += 1;
    this.#account.reason(reason, 1);
  }

  hold(): void {
    this.#account.said += 1;
    this.#account.held += 1;
  }

  release(count: number): void {
    this.#account.held -= count;
    this.#account.passed += count;
  }

  drop(reason: string, count: number): void {
    this.#account.held -= count;
    this.#account.absorbed += count;
    this.#account.reason(reason, count);
  }

  timer(key: string, dueMs: number | null): void {
    this.#port.setTimer(this.#node, key, dueMs, this.at);
  }

  note(reason: string): void {
    this.#account.reason(reason, 1);
  }

  get live(): boolean {
    return this.#port.live;
  }
}

/** Thrown to unwind callers of an operator that failed; the failure itself is already with the task. */
const UNWIND = new Error('unwinding after a failure further down');

/** Makes an operator of a step. See the file header for what it guarantees. */
export function lift<In, Out>(
  options: LiftOptions<In, Out>,
): OperatorFunction<Signal<In>, Signal<Out>> {
  return (source) => {
    const main = asStream(source, options.name);
    const further = options.also ?? [];
    const node = addNode({
      kind: 'operator',
      name: options.name,
      inputs: [main.node.id, ...further.map((input) => input.stream.node.id)],
      stores: options.stores.map((store) => store.name),
      target: '',
      settings: options.settings ?? '',
    });
    const out = new Stream<Out>(node);
    const port = currentWiring().port?.(node);
    if (port) connect(options, { main, further, node, port, out });
    return out;
  };
}

interface Connection<In, Out> {
  readonly main: Stream<In>;
  readonly further: readonly Also<Out>[];
  readonly node: WiredNode;
  readonly port: TaskPort;
  readonly out: Stream<Out>;
}

function connect<In, Out>(options: LiftOptions<In, Out>, connection: Connection<In, Out>): void {
  const { main, further, node, port, out } = connection;
  const account = port.account(node);
  const { onTimer, timerKey } = options;
  // The graph is a DAG and forwarded signals wait in a queue, so an operator never re-enters itself
  // and one tools object serves all its calls.
  const tools = new LiftedTools<Out>(port, node, out);

  /** L3. */
  const ownTimerFirst = <T>(signal: Signal<T>, keyOf: (signal: Signal<T>) => string): void => {
    const key = keyOf(signal);
    const dueMs = port.timerDue(node.id, key);
    if (dueMs === undefined || dueMs >= signal.at.timeMs) return;
    port.setTimer(node.id, key, null, signal.at);
    fire(key, { ...signal.at, timeMs: dueMs });
  };

  /** L1 and L2 around one input. */
  const guarded = <T>(
    step: (signal: Signal<T>, tools: Tools<Out>) => void,
    keyOf: ((signal: Signal<T>) => string) | undefined,
  ) => {
    return (signal: Signal<T>): void => {
      if (port.failed) return;
      port.touch();
      try {
        if (keyOf) ownTimerFirst(signal, keyOf);
        tools.signal = signal;
        tools.at = signal.at;
        account.in += 1;
        account.said = 0;
        step(signal, tools);
        if (account.said !== 1) throw unbalanced(node, account.said);
      } catch (error) {
        if (error !== UNWIND) port.fail(error, node);
      }
    };
  };

  const fire = (key: string, at: Position): void => {
    if (port.failed || !onTimer) return;
    port.touch();
    try {
      tools.signal = undefined;
      tools.at = at;
      onTimer(key, tools);
    } catch (error) {
      if (error !== UNWIND) port.fail(error, node);
    }
  };

  main.listen(guarded(options.onRecord, timerKey));
  for (const { stream, step, timerKey: keyOf } of further) {
    stream.listen(
      guarded(step as (signal: Signal<unknown>, tools: Tools<Out>) => void, keyOf as never),
    );
  }
  if (onTimer) port.onTimer(node, fire);
}

function unbalanced(node: WiredNode, said: number): HaltError {
  return new HaltError(
    'UNBALANCED',
    `Operator "${node.name}" said ${said} times what became of one record; it must be exactly one of pass, absorb, hold.`,
  );
}
