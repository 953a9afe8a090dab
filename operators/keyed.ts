/**
 * keyed: an operator whose whole memory is one value per key, written as a pure step.
 * in: signals of one stream, further inputs under names, and its own timers. out: what the step
 * returns, in order. state: one value per (run, key) in the store given. time: `atMs` of the signal;
 * at most one timer per key. fails: whatever the step throws (STEP_FAILED), STORE_FULL. crash: none:
 * a record is stepped in exactly one committed round. source: DESIGN section 4, STYLE idea 1.
 */
import type { OperatorFunction } from 'rxjs';
import { joinScope, splitScope } from './scope.js';
import { also, lift, type Also, type Tools } from './lift.js';
import type { Position, Signal } from './signal.js';
import type { Keyed, Stream } from './wiring.js';

/** One thing that happens to a key. `side` is the name of the further input, or `main`. */
export type KeyedEvent<In, Side = never> =
  | { readonly kind: 'record'; readonly key: string; readonly value: In; readonly at: Position }
  | { readonly kind: 'side'; readonly key: string; readonly value: Side; readonly at: Position }
  | { readonly kind: 'timer'; readonly key: string; readonly at: Position };

/** What a step answers. A record input has exactly one fate; a timer has none. */
export interface KeyedAnswer<S, Out> {
  /** The next state; undefined deletes it. */
  readonly state: S | undefined;
  readonly out?: readonly Out[];
  /** Default `pass`. `hold` keeps the input in state, to be released or dropped later. */
  readonly fate?: 'pass' | 'hold' | { readonly absorb: string };
  /** Inputs held earlier that leave now. */
  readonly released?: number;
  readonly dropped?: { readonly reason: string; readonly count: number };
  /** Due time of the key's timer; null clears it, absent leaves it. */
  readonly dueMs?: number | null;
}

export type KeyedStep<S, In, Out, Side = never> = (
  state: S | undefined,
  event: KeyedEvent<In, Side>,
) => KeyedAnswer<S, Out>;

export interface KeyedOptions<S, Side = never> {
  readonly in: Keyed<S>;
  /** A further input, co-partitioned by the same key. */
  readonly with?: Stream<Side>;
  /** Options that change results, for the topology digest. */
  readonly settings?: string;
}

/** Lifts a pure step over keyed state. */
export function keyed<S, In, Out, Side = never>(
  name: string,
  options: KeyedOptions<S, Side>,
  step: KeyedStep<S, In, Out, Side>,
): OperatorFunction<Signal<In>, Signal<Out>> {
  const { rows } = options.in;

  const settle = (scope: string, answer: KeyedAnswer<S, Out>, tools: Tools<Out>): void => {
    if (answer.state === undefined) rows.delete(scope);
    else rows.put(scope, answer.state);
    if (answer.dueMs !== undefined) tools.timer(scope, answer.dueMs);
    if (answer.released) tools.release(answer.released);
    if (answer.dropped) tools.drop(answer.dropped.reason, answer.dropped.count);
    const { run, key } = splitScope(scope);
    for (const value of answer.out ?? []) tools.emit(value, key, run);
  };

  const stepInput = (scope: string, event: KeyedEvent<In, Side>, tools: Tools<Out>): void => {
    const answer = step(rows.get(scope), event);
    const fate = answer.fate ?? 'pass';
    if (fate === 'pass') tools.pass();
    else if (fate === 'hold') tools.hold();
    else tools.absorb(fate.absorb);
    settle(scope, answer, tools);
  };

  const further: Also<Out>[] = options.with
    ? [
        also<Side, Out>(
          options.with,
          ({ run, key, value, at }, tools) => {
            stepInput(joinScope(run, key), { kind: 'side', key, value, at }, tools);
          },
          ({ run, key }) => joinScope(run, key),
        ),
      ]
    : [];

  return lift<In, Out>({
    name,
    stores: [options.in],
    also: further,
    settings: `${options.settings ?? ''} ${step.toString()}`,
    timerKey: ({ run, key }) => joinScope(run, key),
    onRecord: ({ run, key, value, at }, tools) => {
      stepInput(joinScope(run, key), { kind: 'record', key, value, at }, tools);
    },
    onTimer: (scope, tools) => {
      const { key } = splitScope(scope);
      settle(scope, step(rows.get(scope), { kind: 'timer', key, at: tools.at }), tools);
    },
  });
}
