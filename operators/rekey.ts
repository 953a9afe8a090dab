/**
 * rekey: gives a signal another key, and with it another stage and partition.
 * in: any signal. out: one per input, in the stage named, behind everything born earlier in the round.
 * state: none. time: the position of the cause. fails: STEP_FAILED when `key` throws. crash: fused,
 * both sides are in one commit; unfused, the frame between them is.
 * source: DESIGN sections 3 and 4.
 */
import type { OperatorFunction } from 'rxjs';
import type { Signal } from './signal.js';
import { addNode, asStream, currentWiring, Stream } from './wiring.js';

export interface RekeyOptions<T> {
  /** Name of the stage that goes on under the new key. */
  readonly stage: string;
  readonly key: (value: T) => string;
}

export const rekey =
  <T>(options: RekeyOptions<T>): OperatorFunction<Signal<T>, Signal<T>> =>
  (source) => {
    const main = asStream(source, 'rekey');
    const node = addNode({
      kind: 'rekey',
      name: `rekey to ${options.stage}`,
      inputs: [main.node.id],
      stores: [],
      target: options.stage,
      settings: options.key.toString(),
    });
    const out = new Stream<T>(node);
    const port = currentWiring().port?.(node);
    if (port) {
      main.listen((signal) => {
        if (port.failed) return;
        try {
          port.forward(node.id, { ...signal, key: options.key(signal.value) });
        } catch (error) {
          port.fail(error, node);
        }
      });
      port.onForwarded(node, (signal) => {
        out.push(signal as Signal<T>);
      });
    }
    return out;
  };
