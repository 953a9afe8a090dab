/**
 * One pass of a topology's `wire` function: makes the source streams, store handles and sinks, calls
 * it, and returns the nodes it announced and the feeds of its sources.
 */
import { UsageError } from '../schemas/errors.js';
import type { GuardStore, KeyedStore, StoreSpec } from '../state/port.js';
import type { Signal } from '../operators/signal.js';
import { addNode, currentWiring, Stream, type WiredNode } from '../operators/wiring.js';
import type { Binding, TopologySource } from './topology.js';

export type SourceFeed = (signal: Signal<unknown>) => void;
export type OpenedStore = KeyedStore<unknown> | GuardStore;

interface Pass {
  readonly sources: readonly TopologySource[];
  readonly sinks: readonly { readonly name: string; readonly topic: { readonly name: string } }[];
  readonly stores: readonly (readonly [string, StoreSpec])[];
  readonly binding: Binding | undefined;
  readonly wire: (sources: unknown, stores: unknown, sinks: unknown) => unknown;
}

/** Stands in for a store while only drawing; a `wire` function that reads one is wrong. */
const undrawable = new Proxy(
  {},
  {
    get: () => () => {
      throw new UsageError('A store was used inside `wire`; stores may be used only by operators.');
    },
  },
);

export function wireOnce(pass: Pass): {
  readonly nodes: readonly WiredNode[];
  readonly feeds: ReadonlyMap<string, SourceFeed>;
} {
  const feeds = new Map<string, SourceFeed>();
  const streams: Record<string, unknown> = {};
  for (const source of pass.sources) {
    const node = addNode({
      kind: 'source',
      name: source.topic.name,
      inputs: [],
      stores: [],
      target: source.name,
      settings: source.broadcast ? 'broadcast' : '',
    });
    const stream = new Stream<unknown>(node);
    streams[source.name] = stream;
    feeds.set(source.name, (signal) => {
      stream.push(signal);
    });
  }
  const stores = Object.fromEntries(
    pass.stores.map(([name, spec]) => {
      const opened = pass.binding?.store(name) ?? (undrawable as OpenedStore);
      return [
        name,
        spec.kind === 'guard' ? { name, spec, guard: opened } : { name, spec, rows: opened },
      ];
    }),
  );
  const sinks = Object.fromEntries(
    pass.sinks.map(({ name, topic }) => [name, { name, topic: topic.name }]),
  );
  pass.wire(streams, stores, sinks);
  return { nodes: currentWiring().nodes, feeds };
}
