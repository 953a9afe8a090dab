/**
 * The process's metrics: one object with its own prom-client registry, no globals.
 *
 * The engine calls `observeRound` once per committed round and `observeProcess` when it likes; nothing
 * is called per record ([M] a prom-client call costs 0.2 to 0.8 us). Names: `metric-names.ts`.
 *
 * M1. Counters move only for committed rounds: a round that failed leaves no count.
 * M2. A label that comes from data (code, reason, action, source) takes at most 100 values a metric;
 *     what comes after is counted as "other", so that hostile data cannot fill the memory.
 */
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import { UsageError } from '../schemas/errors.js';
import { METRICS } from './metric-names.js';
import type { MetricName } from './metric-names.js';

/** Counts by a label's value. */
export type Tally = Readonly<Record<string, number>>;

/** What one committed round did. Absent parts are zero. */
export interface RoundObservation {
  readonly topology: string;
  readonly stage: string;
  /** Execution, without the commit. */
  readonly seconds: number;
  readonly commitSeconds: number;
  /** Records stepped, by source name. */
  readonly records: Tally;
  readonly cacheHits?: number;
  readonly cacheMisses?: number;
  /** By code. */
  readonly quarantined?: Tally;
  /** By action. */
  readonly decisions?: Tally;
  /** By reason. */
  readonly degraded?: Tally;
  /** Append to durable decision, one entry a decision, in milliseconds. */
  readonly latenciesMs?: ArrayLike<number>;
}

/** Levels as they stand now. */
export interface LevelObservation {
  readonly topology: string;
  readonly lag?: readonly {
    readonly topic: string;
    readonly partition: number;
    readonly records: number;
  }[];
  /** Live keys by store name. */
  readonly stateKeys?: Tally;
  readonly joinWaiting?: number;
  /** Totals since the start. */
  readonly cache?: { readonly hits: number; readonly misses: number };
}

export interface MetricsOptions {
  /** Also node's own process metrics (memory, event loop, GC); default true. */
  readonly processDefaults?: boolean;
}

const LABEL_VALUES_MAX = 100;

/** Keeps the values of one label within bounds (M2). */
class BoundedLabel {
  readonly #seen = new Set<string>();

  name(value: string): string {
    if (this.#seen.has(value)) return value;
    if (this.#seen.size >= LABEL_VALUES_MAX) return 'other';
    this.#seen.add(value);
    return value;
  }
}

export class Metrics {
  readonly contentType: string;
  readonly #registry = new Registry();
  readonly #counters = new Map<string, Counter>();
  readonly #gauges = new Map<string, Gauge>();
  readonly #histograms = new Map<string, Histogram>();
  readonly #bounds = new Map<string, BoundedLabel>();
  readonly #cache = new Map<string, { readonly hits: number; readonly misses: number }>();

  constructor(options: MetricsOptions = {}) {
    this.contentType = this.#registry.contentType;
    for (const [name, definition] of Object.entries(METRICS)) {
      const common = {
        name,
        help: definition.help,
        labelNames: [...definition.labels],
        registers: [this.#registry],
      };
      if (definition.kind === 'counter') this.#counters.set(name, new Counter(common));
      else if (definition.kind === 'gauge') this.#gauges.set(name, new Gauge(common));
      else
        this.#histograms.set(name, new Histogram({ ...common, buckets: [...definition.buckets] }));
    }
    if (options.processDefaults ?? true) collectDefaultMetrics({ register: this.#registry });
  }

  /** Once per committed round. */
  observeRound(round: RoundObservation): void {
    const { topology, stage } = round;
    const place = { topology, stage };
    this.#add('weir_rounds_total', place, 1);
    this.#histogram('weir_round_seconds').observe(place, round.seconds);
    this.#histogram('weir_commit_seconds').observe(place, round.commitSeconds);
    this.#addAll('weir_records_total', place, 'source', round.records);
    this.#add('weir_cache_hits_total', { topology }, round.cacheHits ?? 0);
    this.#add('weir_cache_misses_total', { topology }, round.cacheMisses ?? 0);
    this.#addAll('weir_quarantined_total', { topology }, 'code', round.quarantined ?? {});
    this.#addAll('weir_decisions_total', { topology }, 'action', round.decisions ?? {});
    this.#addAll('weir_degraded_total', { topology }, 'reason', round.degraded ?? {});
    const latencies = round.latenciesMs ?? [];
    const histogram = this.#histogram('weir_decision_latency_seconds').labels({ topology });
    for (let at = 0; at < latencies.length; at += 1) histogram.observe((latencies[at] ?? 0) / 1000);
  }

  /** Levels of one topology; call it every second or so, or before a scrape. */
  observeLevels(levels: LevelObservation): void {
    const { topology } = levels;
    for (const { topic, partition, records } of levels.lag ?? [])
      this.#gauge('weir_lag_records').set(
        { topology, topic, partition: String(partition) },
        records,
      );
    for (const [store, keys] of Object.entries(levels.stateKeys ?? {}))
      this.#gauge('weir_state_keys').set({ topology, store }, keys);
    if (levels.joinWaiting !== undefined)
      this.#gauge('weir_join_waiting').set({ topology }, levels.joinWaiting);
    if (levels.cache !== undefined) this.#addCache(topology, levels.cache);
  }

  /** Turns totals into counter steps. */
  #addCache(topology: string, now: { readonly hits: number; readonly misses: number }): void {
    const before = this.#cache.get(topology) ?? { hits: 0, misses: 0 };
    this.#add('weir_cache_hits_total', { topology }, now.hits - before.hits);
    this.#add('weir_cache_misses_total', { topology }, now.misses - before.misses);
    this.#cache.set(topology, now);
  }

  observePool(queued: number): void {
    this.#gauge('weir_pool_queue').set(queued);
  }

  /** The text a scraper reads. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  #addAll(
    name: MetricName,
    place: Readonly<Record<string, string>>,
    label: string,
    counts: Tally,
  ): void {
    for (const [value, count] of Object.entries(counts)) {
      const bound = this.#bounds.get(name) ?? new BoundedLabel();
      this.#bounds.set(name, bound);
      this.#add(name, { ...place, [label]: bound.name(value) }, count);
    }
  }

  #add(name: MetricName, labels: Readonly<Record<string, string>>, count: number): void {
    if (count > 0) this.#of(this.#counters, name).inc(labels, count);
  }

  #gauge(name: MetricName): Gauge {
    return this.#of(this.#gauges, name);
  }

  #histogram(name: MetricName): Histogram {
    return this.#of(this.#histograms, name);
  }

  #of<T>(map: ReadonlyMap<string, T>, name: MetricName): T {
    const metric = map.get(name);
    if (metric === undefined)
      throw new UsageError(`no metric is called ${name}; declare it in METRICS`);
    return metric;
  }
}
