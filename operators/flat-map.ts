/**
 * flatMap: any number of outputs per input, in the order given, at the input's position.
 * in: any signal. out: zero or more. state: none. time: none. fails: STEP_FAILED when `project`
 * throws. crash: none. source: RxJS concatMap over arrays.
 */
import type { OperatorFunction } from 'rxjs';
import { lift } from './lift.js';
import type { Signal } from './signal.js';

export const flatMap = <In, Out>(
  project: (value: In, signal: Signal<In>) => readonly Out[],
): OperatorFunction<Signal<In>, Signal<Out>> =>
  lift<In, Out>({
    name: 'flat-map',
    stores: [],
    settings: project.toString(),
    onRecord: (signal, tools) => {
      tools.pass();
      for (const value of project(signal.value, signal)) tools.emit(value);
    },
  });
