/**
 * filter: lets a signal through, or absorbs it with a counted reason.
 * in: any signal. out: at most one, unchanged. state: none. time: none. fails: STEP_FAILED when
 * `keep` throws. crash: none. source: RxJS filter.
 */
import type { OperatorFunction } from 'rxjs';
import { lift } from './lift.js';
import type { Signal } from './signal.js';

export const filter = <T>(
  keep: (value: T, signal: Signal<T>) => boolean,
  reason = 'filtered',
): OperatorFunction<Signal<T>, Signal<T>> =>
  lift<T, T>({
    name: 'filter',
    stores: [],
    settings: `${reason} ${keep.toString()}`,
    onRecord: (signal, tools) => {
      if (!keep(signal.value, signal)) {
        tools.absorb(reason);
        return;
      }
      tools.pass();
      tools.emit(signal.value);
    },
  });
