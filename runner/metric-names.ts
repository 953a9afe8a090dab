/**
 * Every metric weir serves, as a value: name, kind, labels, meaning. `metrics.ts` builds from it and
 * docs/metrics.md prints it; a test holds the two equal.
 *
 * Naming: Prometheus's: prefix `weir_`, base units (seconds), `_total` for what only rises. Labels
 * have few values: names of topologies, stages, stores, topics, partitions and codes, never keys.
 */
export type MetricKind = 'counter' | 'gauge' | 'histogram';

export interface MetricDefinition {
  readonly kind: MetricKind;
  readonly labels: readonly string[];
  readonly help: string;
  /** Upper bounds in the metric's unit; histograms only. */
  readonly buckets?: readonly number[];
}

const roundBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];
const commitBuckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1];
const latencyBuckets = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 0.9, 1.2, 1.5, 3, 10, 60];

export const METRICS = {
  weir_records_total: {
    kind: 'counter',
    labels: ['topology', 'stage', 'source'],
    help: 'Records stepped in committed rounds, by source.',
  },
  weir_rounds_total: {
    kind: 'counter',
    labels: ['topology', 'stage'],
    help: 'Committed rounds.',
  },
  weir_round_seconds: {
    kind: 'histogram',
    labels: ['topology', 'stage'],
    help: 'Time to execute a round, without its commit.',
    buckets: roundBuckets,
  },
  weir_commit_seconds: {
    kind: 'histogram',
    labels: ['topology', 'stage'],
    help: 'Time from sending a round to its being durable.',
    buckets: commitBuckets,
  },
  weir_lag_records: {
    kind: 'gauge',
    labels: ['topology', 'topic', 'partition'],
    help: 'Records readable and not yet in a committed round.',
  },
  weir_state_keys: {
    kind: 'gauge',
    labels: ['topology', 'store'],
    help: 'Live keys of a store, over the tasks of this process.',
  },
  weir_cache_hits_total: {
    kind: 'counter',
    labels: ['topology'],
    help: 'Store reads answered by the cache.',
  },
  weir_cache_misses_total: {
    kind: 'counter',
    labels: ['topology'],
    help: 'Store reads that went to LevelDB.',
  },
  weir_join_waiting: {
    kind: 'gauge',
    labels: ['topology'],
    help: 'Traffic events that wait for their context.',
  },
  weir_quarantined_total: {
    kind: 'counter',
    labels: ['topology', 'code'],
    help: 'Records diverted to quarantine, by code.',
  },
  weir_pool_queue: {
    kind: 'gauge',
    labels: [],
    help: 'Batches that wait for a worker.',
  },
  weir_decisions_total: {
    kind: 'counter',
    labels: ['topology', 'action'],
    help: 'Decisions made, by action.',
  },
  weir_degraded_total: {
    kind: 'counter',
    labels: ['topology', 'reason'],
    help: 'Decisions that did without something, by reason.',
  },
  weir_decision_latency_seconds: {
    kind: 'histogram',
    labels: ['topology'],
    help: "Time from a traffic event's append to its decision being durable.",
    buckets: latencyBuckets,
  },
} as const satisfies Record<string, MetricDefinition>;

export type MetricName = keyof typeof METRICS;
