/**
 * Stamps (ruling 3): the position-like facts of a decision that only the runner knows.
 *
 * The graph version and the applied offsets are those at the start of the deciding round, so that they
 * are the same when the round is executed again. They stand outside the decision's content.
 */
import { graphVersion } from '../schemas/state-versions.js';
import type {
  AppliedOffset,
  DecisionResponse,
  DecisionStamps,
} from '../schemas/generated/rtdl-record.js';
import { DECISION_BRANCH, topics } from '../schemas/topics.js';
import type { ExecutorOptions } from './engine/execution.js';
import type { Task } from './engine/task.js';

type Stamp = NonNullable<ExecutorOptions['stamp']>;

interface Basis {
  readonly applied: readonly AppliedOffset[];
  readonly graph: DecisionStamps['graph_version'];
}

/** Topics the graph features are built from. */
const GRAPH_TOPICS: ReadonlySet<string> = new Set([
  topics.traffic.name,
  topics.arrivals.name,
  topics.entities.name,
  topics.flowAnchors.name,
]);

export function stampDecision(topology: string): Stamp {
  const bases = new WeakMap<object, Basis>();
  return ({ topic, value, task, tasks, round, by }) => {
    if (topic !== topics.rtdl.name || !isDecision(value)) return value;
    const decision = value[DECISION_BRANCH];
    let basis = bases.get(round);
    if (!basis) {
      basis = basisOf(topology, tasks);
      bases.set(round, basis);
    }
    return {
      [DECISION_BRANCH]: {
        ...decision,
        stamps: {
          ...decision.stamps,
          graph_version: basis.graph,
          applied_offsets: basis.applied,
          tasks: [{ task: task.id, seq: task.seq + 1 }],
          build: by.build,
          topology_digest: by.topology,
        },
      },
    };
  };
}

/** Where every source partition of the group stood when the round began. */
function basisOf(topology: string, tasks: readonly Task[]): Basis {
  const next = new Map<string, AppliedOffset>();
  for (const task of tasks) {
    task.readers.forEach((reader, at) => {
      const offset = task.from[at] ?? reader.next;
      next.set(`${reader.topic}/${reader.partition}`, {
        topic: reader.topic,
        partition: reader.partition,
        next_offset: offset.toString(),
      });
    });
  }
  const applied = [...next.values()].filter((one) => GRAPH_TOPICS.has(one.topic));
  const { versionId, basisDigest } = graphVersion(
    topology,
    applied.map((one) => ({
      topic: one.topic,
      partition: one.partition,
      nextOffset: one.next_offset,
      offsetKind: 'kafka_offset',
    })),
  );
  return {
    applied,
    graph: {
      version_id: versionId,
      stream: topology,
      basis_digest: basisDigest,
      watermark_micros: null,
    },
  };
}

const isDecision = (value: unknown): value is { readonly [DECISION_BRANCH]: DecisionResponse } =>
  typeof value === 'object' && value !== null && DECISION_BRANCH in value;
