/**
 * The layout of a topology on a bus: its topics, partition counts, tasks and digest.
 */
import { sha256Hex } from '../../schemas/sha256.js';
import { topics } from '../../schemas/topics.js';
import type { StoreSpec } from '../../state/port.js';
import type { Topology } from '../../topologies/topology.js';
import type { Bus, TopicConfig } from '../bus/port.js';
import { stagePartitions, type PartitionSizes } from './assembly.js';

export interface StateRequest {
  readonly task: string;
  readonly stage: string;
  readonly partition: number;
  readonly stores: readonly StoreSpec[];
  /** Lineage to create a new state with; an existing one keeps its own. */
  readonly lineage: string;
}

export function taskRequests(
  topology: Topology,
  sizes: PartitionSizes,
): readonly Omit<StateRequest, 'lineage'>[] {
  return topology.stages.flatMap((stage) => {
    const stores = topology.stores
      .filter((store) => store.stage === stage.name)
      .map((store) => store.spec);
    const count = stagePartitions(stage, topology, sizes);
    return Array.from({ length: count }, (_, partition) => ({
      task: `${topology.name}/${stage.name}/${partition}`,
      stage: stage.name,
      partition,
      stores,
    }));
  });
}

/**
 * Topics a topology needs on this bus. Those that are there keep their partition count unless the
 * caller names one; the bus refuses another (TOPIC_MISMATCH).
 */
export async function wantedTopics(
  topology: Topology,
  bus: Bus,
  partitions: number | undefined,
): Promise<readonly TopicConfig[]> {
  const there = new Map((await bus.topics()).map((topic) => [topic.name, topic]));
  return topicConfigs(topology, partitions).map((wanted) => {
    const found = there.get(wanted.name);
    return found && partitions === undefined ? { ...wanted, partitions: found.partitions } : wanted;
  });
}

/** Topics a topology needs, with its own partition counts unless `partitions` says otherwise. */
export function topicConfigs(topology: Topology, partitions?: number): readonly TopicConfig[] {
  const broadcast = new Set(
    topology.sources.filter((one) => one.broadcast).map((one) => one.topic.name),
  );
  const all = [
    ...topology.sources.map((one) => one.topic),
    ...topology.sinks.map((one) => one.topic),
    topics.quarantine,
  ];
  const unique = new Map(all.map((topic) => [topic.name, topic]));
  return [...unique.values()].map((topic) => ({
    name: topic.name,
    partitions:
      broadcast.has(topic.name) || topic.partitions === 1
        ? topic.partitions
        : (partitions ?? topic.partitions),
    retentionMs: null,
    retentionBytes: null,
  }));
}

/** Partition counts as the bus has them. */
export async function partitionSizes(
  topology: Topology,
  bus: Pick<Bus, 'topics'>,
  partitions?: number,
): Promise<PartitionSizes> {
  const counts = new Map((await bus.topics()).map((topic) => [topic.name, topic.partitions]));
  const own = topology.sources
    .filter((source) => !source.broadcast)
    .map((source) => counts.get(source.topic.name) ?? source.topic.partitions);
  const most = Math.max(1, ...own);
  return {
    ofTopic: (topic) => counts.get(topic) ?? partitions ?? 1,
    ofStage: () => most,
  };
}

/** What the topology is, as a hash: sources, schemas, stores, operators and their settings. */
export function topologyDigest(topology: Topology): string {
  const text = JSON.stringify([
    topology.name,
    topology.sources.map((one) => [one.name, one.topic.name, one.topic.schema, one.broadcast]),
    topology.sinks.map((one) => [one.name, one.topic.name, one.topic.schema]),
    topology.stores.map((one) => [one.name, one.stage, one.ordinal, one.spec.kind]),
    topology.nodes.map((one) => [
      one.kind,
      one.name,
      one.inputs,
      one.stores,
      one.target,
      one.settings,
    ]),
  ]);
  return sha256Hex(text);
}
