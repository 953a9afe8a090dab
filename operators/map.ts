/**
 * map: one output per input, at its position, computed from the value alone.
 * in: any signal. out: exactly one. state: none. time: none. fails: STEP_FAILED when `project` throws.
 * crash: none. source: RxJS map.
 */
import type { OperatorFunction } from 'rxjs';
import { lift } from './lift.js';
import type { Signal } from './signal.js';

export const map = <In, Out>(
  project: (value: In, signal: Signal<In>) => Out,
): OperatorFunction<Signal<In>, Signal<Out>> =>
  lift<In, Out>({
    name: 'map',
    stores: [],
    settings: project.toString(),
    onRecord: (signal, tools) => {
      tools.pass();
      tools.emit(project(signal.value, signal));
    },
  });
