/**
 * joinWait: joins each event with the latest context of its key, waiting a bounded time for it.
 * in: events (main) and context (`with`), both under one key. out: one `Joined` per event, events of a
 * key in order; others never wait behind it. state: per key the context and the events waiting, at most
 * `waitingMax` per key and the store's `keysMax` keys. time: an event waits until its own time plus
 * `waitMs`, then leaves with `context: null`. fails: never; at a bound the event leaves at once with
 * reason `buffer_full`. crash: waiting events are rows of the round; their deadline is not restarted.
 * source: spec/platform.md 13, scenarios 55 to 61.
 *
 * J1. An event is in exactly one of: waiting, joined, expired.
 * J2. Context that comes after an event left changes nothing that was emitted.
 */
import type { OperatorFunction } from 'rxjs';
import { keyed, type KeyedAnswer, type KeyedEvent } from './keyed.js';
import type { Signal } from './signal.js';
import type { Keyed, Stream } from './wiring.js';

/** State of a key. */
export interface Held<Event, Context> {
  readonly context: Context | null;
  readonly waiting: readonly { readonly value: Event; readonly atMs: number }[];
}

export interface Joined<Event, Context> {
  readonly event: Event;
  /** null when it did not come in time. */
  readonly context: Context | null;
  readonly waitedMs: number;
  readonly reason: 'joined' | 'timeout' | 'buffer_full';
}

export interface JoinWaitOptions<Event, Context> {
  readonly with: Stream<Context>;
  readonly waitMs: number;
  readonly in: Keyed<Held<Event, Context>>;
  /** Most events waiting per key; default 1,000. */
  readonly waitingMax?: number;
}

/** The pure step; see the header. */
export function joinWaitStep<Event, Context>(options: {
  readonly waitMs: number;
  readonly waitingMax: number;
}) {
  type State = Held<Event, Context>;
  type Out = Joined<Event, Context>;
  return (state: State | undefined, event: KeyedEvent<Event, Context>): KeyedAnswer<State, Out> => {
    const { context, waiting } = state ?? { context: null, waiting: [] };
    switch (event.kind) {
      case 'record': {
        if (context !== null) {
          return {
            state: { context, waiting },
            out: [{ event: event.value, context, waitedMs: 0, reason: 'joined' }],
          };
        }
        if (waiting.length >= options.waitingMax) {
          return {
            state: { context, waiting },
            out: [{ event: event.value, context: null, waitedMs: 0, reason: 'buffer_full' }],
          };
        }
        const held = [...waiting, { value: event.value, atMs: event.at.timeMs }];
        return { state: { context, waiting: held }, fate: 'hold', ...dueOf(held, options.waitMs) };
      }
      case 'side':
        return {
          state: { context: event.value, waiting: [] },
          fate: { absorb: 'context' },
          released: waiting.length,
          dueMs: null,
          out: waiting.map((one) => ({
            event: one.value,
            context: event.value,
            waitedMs: event.at.timeMs - one.atMs,
            reason: 'joined' as const,
          })),
        };
      case 'timer': {
        const expired = waiting.filter((one) => one.atMs + options.waitMs <= event.at.timeMs);
        const left = waiting.slice(expired.length);
        return {
          state: context === null && left.length === 0 ? undefined : { context, waiting: left },
          released: expired.length,
          ...dueOf(left, options.waitMs),
          out: expired.map((one) => ({
            event: one.value,
            context: null,
            waitedMs: event.at.timeMs - one.atMs,
            reason: 'timeout' as const,
          })),
        };
      }
    }
  };
}

const dueOf = (
  waiting: readonly { readonly atMs: number }[],
  waitMs: number,
): { readonly dueMs: number | null } => ({
  dueMs: waiting[0] ? waiting[0].atMs + waitMs : null,
});

export const joinWait = <Event, Context>(
  options: JoinWaitOptions<Event, Context>,
): OperatorFunction<Signal<Event>, Signal<Joined<Event, Context>>> =>
  keyed<Held<Event, Context>, Event, Joined<Event, Context>, Context>(
    'join-wait',
    {
      in: options.in,
      with: options.with,
      settings: `${options.waitMs} ${options.waitingMax ?? 1000}`,
    },
    joinWaitStep<Event, Context>({
      waitMs: options.waitMs,
      waitingMax: options.waitingMax ?? 1000,
    }),
  );
