/**
 * to: the end of a pipe, a record on the sink's topic, visible with the round or never (R3).
 * in: values of the sink's type. out: none. state: none. time: the record carries the position's time.
 * fails: DECODE_FAILED when the value does not fit the topic's schema. crash: none: outputs are in the
 * round's commit. source: DESIGN section 4.
 */
import type { OperatorFunction } from 'rxjs';
import type { Signal } from './signal.js';
import { addNode, asStream, currentWiring, Stream, type Sink } from './wiring.js';

export const to =
  <T>(sink: Sink<T>): OperatorFunction<Signal<T>, Signal<never>> =>
  (source) => {
    const main = asStream(source, `to ${sink.name}`);
    const node = addNode({
      kind: 'sink',
      name: sink.name,
      inputs: [main.node.id],
      stores: [],
      target: sink.topic,
      settings: '',
    });
    const port = currentWiring().port?.(node);
    if (port) {
      main.listen((signal) => {
        if (port.failed) return;
        try {
          port.output(sink.name, signal);
        } catch (error) {
          port.fail(error, node);
        }
      });
    }
    return new Stream<never>(node);
  };
