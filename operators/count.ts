/**
 * count: how many records of a key have come so far, this one included.
 * in: any signal. out: one `Counted` per input. state: one number per key. time: none. fails:
 * STORE_FULL. crash: none. source: Kafka Streams count.
 */
import type { OperatorFunction } from 'rxjs';
import { keyed } from './keyed.js';
import type { Signal } from './signal.js';
import type { Keyed } from './wiring.js';

export interface Counted<T> {
  readonly value: T;
  readonly count: number;
}

export const count = <T>(options: {
  readonly in: Keyed<number>;
}): OperatorFunction<Signal<T>, Signal<Counted<T>>> =>
  keyed<number, T, Counted<T>>('count', { in: options.in }, (state = 0, event) =>
    event.kind === 'record'
      ? { state: state + 1, out: [{ value: event.value, count: state + 1 }] }
      : { state },
  );
