/**
 * border: hands work to the runner (a worker pool) and goes on with the answer.
 * in: any signal. out: one per input, in order of input. state: none; a store lies on one side of a
 * border. time: the position of the input. fails: whatever `take` throws. crash: the answer is part of
 * the round's header, so replay takes the recorded one. source: DESIGN sections 4 and 9.
 *
 * B1. Outputs leave in order of inputs, whether answered inline or by the pool.
 */
import type { OperatorFunction } from 'rxjs';
import type { Signal } from './signal.js';
import { addNode, asStream, currentWiring, Stream, type BorderOutcome } from './wiring.js';

export interface BorderOptions<In, Out> {
  readonly name: string;
  /** Which border of the runner does the work. */
  readonly border: string;
  /** The request for the pool, or undefined when nothing needs to leave the thread. */
  readonly ask: (value: In) => unknown;
  /** `outcome` is undefined when nothing was asked. */
  readonly take: (value: In, outcome: BorderOutcome | undefined) => Out;
  readonly settings?: string;
}

export const border =
  <In, Out>(options: BorderOptions<In, Out>): OperatorFunction<Signal<In>, Signal<Out>> =>
  (source) => {
    const main = asStream(source, options.name);
    const node = addNode({
      kind: 'border',
      name: options.name,
      inputs: [main.node.id],
      stores: [],
      target: options.border,
      settings: options.settings ?? '',
    });
    const out = new Stream<Out>(node);
    const port = currentWiring().port?.(node);
    if (port) {
      let waiting = 0;
      const goOn = (signal: Signal<In>, outcome: BorderOutcome | undefined): void => {
        if (port.failed) return;
        try {
          out.push({ ...signal, value: options.take(signal.value, outcome) });
        } catch (error) {
          port.fail(error, node);
        }
      };
      main.listen((signal) => {
        if (port.failed) return;
        try {
          const request = options.ask(signal.value);
          if (request === undefined && waiting === 0) {
            goOn(signal, undefined);
            return;
          }
          waiting += 1;
          port.border(node, {
            border: options.border,
            request,
            at: signal.at,
            resume: (outcome) => {
              waiting -= 1;
              goOn(signal, outcome);
            },
            cancel: () => {
              waiting -= 1;
            },
          });
        } catch (error) {
          port.fail(error, node);
        }
      });
    }
    return out;
  };
