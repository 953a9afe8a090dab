/**
 * merge: one stream of several, each signal where its own position puts it.
 * in: any. out: every input, unchanged. state: none. time: none. fails: never. crash: none.
 * source: RxJS merge; the order is the engine's, not the scheduler's.
 */
import { addNode, Stream } from './wiring.js';

export function merge<T>(...streams: readonly Stream<T>[]): Stream<T> {
  const node = addNode({
    kind: 'merge',
    name: 'merge',
    inputs: streams.map((stream) => stream.node.id),
    stores: [],
    target: '',
    settings: '',
  });
  const out = new Stream<T>(node);
  for (const stream of streams) {
    stream.listen((signal) => {
      out.push(signal);
    });
  }
  return out;
}
