/**
 * Assembly: a topology's stages, partitions and pipelines as tasks that can be run.
 *
 * Wires the topology once per partition and records, for every source partition, which feeds and tasks
 * take its records, and for every rekey, where its signals come out.
 */
import type { Signal } from '../../operators/signal.js';
import type { Topology, SourceFeed } from '../../topologies/topology.js';
import type { Stage } from '../../topologies/stages.js';
import type { TaskState } from '../../state/port.js';
import { murmur2Text } from '../bus/murmur2.js';
import { NodePort, type PortHost } from './ports.js';
import { Task } from './task.js';

/** One pipeline that takes a source partition's records, and the tasks it runs in. */
export interface Consumer {
  readonly feed: SourceFeed;
  readonly tasks: readonly Task[];
}

/** Partition of a key among `count`, as Kafka's Java client places it. */
export function partitionOf(key: string, count: number): number {
  return count === 1 ? 0 : (murmur2Text(key) & 0x7fffffff) % count;
}

/** Partition count of a stage: its sources', or the given default where only rekeys feed it. */
export function stagePartitions(stage: Stage, topology: Topology, sizes: PartitionSizes): number {
  const own = topology.sources.find(
    (source) => stage.sources.includes(source.name) && !source.broadcast,
  );
  if (own) return sizes.ofTopic(own.topic.name);
  return stage.after.length === 0 ? 1 : sizes.ofStage(stage.name);
}

export interface PartitionSizes {
  ofTopic(topic: string): number;
  ofStage(stage: string): number;
}

/** The tasks of a topology over opened states, not yet wired. */
export function assemble(
  topology: Topology,
  states: ReadonlyMap<string, TaskState>,
  sizes: PartitionSizes,
): Assembly {
  const byStage = new Map<string, Task[]>();
  for (const stage of topology.stages) {
    const count = stagePartitions(stage, topology, sizes);
    byStage.set(
      stage.name,
      Array.from({ length: count }, (_, partition) => {
        const id = `${topology.name}/${stage.name}/${partition}`;
        const state = states.get(id);
        if (!state) throw new Error(`no state opened for task ${id}`);
        return new Task({ topology: topology.name, stage: stage.name, partition, state });
      }),
    );
  }
  return new Assembly(topology, byStage);
}

/** One partition of the stage a rekey leads to. */
export interface Target {
  readonly task: Task;
  readonly take: (signal: Signal<unknown>) => void;
}

export class Assembly {
  readonly tasks: readonly Task[];
  readonly #topology: Topology;
  readonly #byStage: ReadonlyMap<string, readonly Task[]>;
  readonly #feeds: ReadonlyMap<string, SourceFeed>[] = [];
  readonly #consumers = new Map<string, (readonly Consumer[])[]>();
  readonly #stageOfNode = new Map<number, string>();
  /** By rekey node and partition. */
  readonly #targets: Target[][] = [];

  constructor(topology: Topology, byStage: ReadonlyMap<string, readonly Task[]>) {
    this.#topology = topology;
    this.#byStage = byStage;
    this.tasks = [...byStage.values()].flat();
    for (const stage of topology.stages) {
      for (const node of stage.nodes) this.#stageOfNode.set(node, stage.name);
    }
  }

  wire(host: PortHost): void {
    const most = Math.max(...[...this.#byStage.values()].map((tasks) => tasks.length));
    for (let partition = 0; partition < most; partition += 1) {
      this.#feeds.push(
        this.#topology.instantiate({
          port: (node) => {
            // A rekey stands in two stages: it is fed in the one upstream and comes out in its own.
            const stage =
              node.kind === 'rekey'
                ? this.#stageOfNode.get(node.inputs[0] ?? -1)
                : this.#stageOfNode.get(node.id);
            const upstream = this.#byStage.get(stage ?? '')?.[partition];
            const own = this.#byStage.get(this.#stageOfNode.get(node.id) ?? '')?.[partition];
            const task = upstream ?? own;
            return task && new NodePort(host, task, partition, node);
          },
          store: (name) => this.#openStore(name, partition),
        }),
      );
    }
  }

  receive(node: number, partition: number, take: (signal: Signal<unknown>) => void): void {
    const stage = this.#stageOfNode.get(node) ?? '';
    const task = this.#byStage.get(stage)?.[partition];
    if (!task) return;
    const targets = this.#targets[node] ?? [];
    targets[partition] = { task, take };
    this.#targets[node] = targets;
  }

  /** Pipelines and tasks that take the records of a source partition. */
  consumers(source: string, partition: number): readonly Consumer[] {
    const found = this.#consumers.get(source)?.[partition];
    if (found) return found;
    const consumers = this.#findConsumers(source, partition);
    const known = this.#consumers.get(source) ?? [];
    known[partition] = consumers;
    this.#consumers.set(source, known);
    return consumers;
  }

  #findConsumers(source: string, partition: number): readonly Consumer[] {
    const declared = this.#topology.sources.find((one) => one.name === source);
    const stages = this.#topology.stages.filter((stage) => stage.sources.includes(source));
    const partitions = declared?.broadcast ? this.#feeds.map((_, at) => at) : [partition];
    return partitions.flatMap((at) => {
      const feed = this.#feeds[at]?.get(source);
      const tasks = stages.flatMap((stage) => this.#byStage.get(stage.name)?.[at] ?? []);
      return feed && tasks.length > 0 ? [{ feed, tasks }] : [];
    });
  }

  /** Where a forwarded signal goes on: the stage its rekey leads to, in the partition of its key. */
  target(node: number, key: string): Target {
    const targets = this.#targets[node] ?? [];
    const target = targets[partitionOf(key, targets.length)];
    if (!target) throw new Error(`rekey node ${node} leads to no task`);
    return target;
  }

  #openStore(name: string, partition: number) {
    const store = this.#topology.stores.find((one) => one.name === name);
    const task = store && this.#byStage.get(store.stage)?.[partition];
    if (!store || !task) return IDLE_STORE;
    return store.spec.kind === 'guard'
      ? task.state.guard(store.ordinal)
      : task.state.keyed<unknown>(store.ordinal);
  }
}

/** A store of a partition its stage does not have; nothing ever reaches it. */
const IDLE_STORE = {
  get: () => undefined,
  put: () => undefined,
  delete: () => undefined,
};
