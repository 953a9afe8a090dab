/**
 * topology: a declaration as a value. It is validated and drawn before anything connects, and run by
 * the runner as often as there are partitions.
 *
 * T1. Sources of one stage are co-partitioned: equal partition counts, or broadcast (one partition,
 *     read by every task that declares it).
 * T2. Stages form a DAG: progress through a cycle would never move.
 * T3. A store has one owner; a sink is used; a source is used.
 * Source: DESIGN sections 1 to 4; STYLE "A topology file reads like a drawing".
 */
import type { Topic } from '../schemas/topic.js';
import { UsageError } from '../schemas/errors.js';
import type { KeyedStoreSpec, StoreSpec } from '../state/port.js';
import {
  withWiring,
  type Guard,
  type Keyed,
  type Sink,
  type Stream,
  type TaskPort,
  type WiredNode,
} from '../operators/wiring.js';
import { drawStages, type Stage } from './stages.js';
import { wireOnce, type OpenedStore } from './wire-once.js';

/** A topic as a source, with what the topology says about it. A bare topic is a plain source. */
export interface SourceOptions<T> {
  readonly topic: Topic<T>;
  /** Read by every task of every stage that uses it; the topic has one partition. */
  readonly broadcast?: boolean;
  /** Stage this source belongs to; default: the topology's first stage, `main`. */
  readonly stage?: string;
}

export const source = <T>(
  topic: Topic<T>,
  options: Omit<SourceOptions<T>, 'topic'> = {},
): SourceOptions<T> => ({ topic, ...options });

type AnyTopic = Topic<never>;
type AnySource = AnyTopic | SourceOptions<never>;
type AnyStoreSpec = StoreSpec;

type ValueOf<S> = S extends SourceOptions<infer T> ? T : S extends Topic<infer T> ? T : never;
export type Streams<S> = { readonly [K in keyof S]: Stream<ValueOf<S[K]>> };
export type Stores<S> = {
  readonly [K in keyof S]: S[K] extends KeyedStoreSpec<infer V> ? Keyed<V> : Guard;
};
export type Sinks<S> = { readonly [K in keyof S]: Sink<ValueOf<S[K]>> };

export interface TopologyOptions<Src, St, Si> {
  /** Kebab-case; also the consumer group, the folder under data/state and the metric label. */
  readonly name: string;
  /** Order of declaration is the rank of a source: control, labels, context, traffic. */
  readonly sources: Src;
  readonly stores: St;
  readonly sinks: Si;
  readonly wire: (sources: Streams<Src>, stores: Stores<St>, sinks: Sinks<Si>) => unknown;
}

export interface TopologySource {
  readonly name: string;
  readonly topic: AnyTopic;
  readonly broadcast: boolean;
  readonly rank: number;
  readonly stage: string | undefined;
}

export interface TopologyStore {
  readonly name: string;
  readonly spec: AnyStoreSpec;
  readonly stage: string;
  /** Ordinal within its stage; the byte in its keys. */
  readonly ordinal: number;
}

export interface Topology {
  readonly name: string;
  readonly sources: readonly TopologySource[];
  readonly sinks: readonly { readonly name: string; readonly topic: AnyTopic }[];
  readonly stores: readonly TopologyStore[];
  readonly stages: readonly Stage[];
  readonly nodes: readonly WiredNode[];
  /** Wires one partition; the runner gives the ports and opened stores, and feeds the subjects. */
  readonly instantiate: (binding: Binding) => ReadonlyMap<string, SourceFeed>;
}

/** What the runner gives to run one partition of a topology. */
export interface Binding {
  readonly port: (node: WiredNode) => TaskPort | undefined;
  readonly store: (name: string) => OpenedStore;
}

/** Pushes one decoded record into a source stream. */
export type SourceFeed = import('./wire-once.js').SourceFeed;

const NAME = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;

/** Declares a topology; throws UsageError with one line when it cannot run. */
export function topology<
  const Src extends Readonly<Record<string, AnySource>>,
  const St extends Readonly<Record<string, AnyStoreSpec>>,
  const Si extends Readonly<Record<string, AnyTopic>>,
>(options: TopologyOptions<Src, St, Si>): Topology {
  const { name } = options;
  if (!NAME.test(name)) {
    throw new UsageError(`Topology name "${name}" must be kebab-case, such as card-decisions.`);
  }
  const sources = Object.entries(options.sources).map(([sourceName, declared], rank) =>
    toSource(sourceName, declared, rank),
  );
  const sinks = Object.entries(options.sinks).map(([sinkName, topic]) => ({
    name: sinkName,
    topic,
  }));
  const specs = Object.entries(options.stores);
  const wire = (binding: Binding | undefined) =>
    wireOnce({
      sources,
      sinks,
      stores: specs,
      binding,
      wire: options.wire as (sources: unknown, stores: unknown, sinks: unknown) => unknown,
    });
  const { nodes } = withWiring({ nodes: [], port: undefined }, () => wire(undefined));
  const { stages, stores } = drawStages({ name, nodes, sources, sinks, specs });
  return {
    name,
    sources,
    sinks,
    stores,
    stages,
    nodes,
    instantiate: (binding) =>
      withWiring({ nodes: [], port: binding.port }, () => wire(binding).feeds),
  };
}

function toSource(name: string, declared: AnySource, rank: number): TopologySource {
  const options: SourceOptions<never> = 'topic' in declared ? declared : { topic: declared };
  return {
    name,
    topic: options.topic,
    broadcast: options.broadcast ?? false,
    rank,
    stage: options.stage,
  };
}
