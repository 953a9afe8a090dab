/**
 * merge: one stream of several, each signal where its own position puts it.
 * in: any. out: every input, unchanged. state: none. time: none. fails: never. crash: none.
 * source: RxJS merge; the order is the engine's, not the scheduler's.
 */
import { Subject } from 'rxjs';
import type { Signal } from './signal.js';
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
  const out = new Subject<Signal<T>>();
  for (const stream of streams) stream.subscribe(out);
  return new Stream(node, out);
}
