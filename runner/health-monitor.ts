/**
 * Measures what the decision loop depends on, and publishes it as health records, one batch a second.
 *
 * Operators may not look at clocks or files (R2), so the runner looks and says what it saw as records;
 * the posture stage turns them into a mode. Only live runs are judged: on a clock of records nothing is
 * published (DESIGN section 8).
 *
 * | signal | measured | OK while |
 * |---|---|---|
 * | eb_consumer_lag | broker time less the loop's progress, while records lie ahead | at most 5 s |
 * | ofp_health | the same; halted or stopped is ERROR | at most 10 s |
 * | ieg_health | the same of topology `ieg`; MISSING while it does not run | at most 10 s |
 * | registry_health | registry answers, every bundle it names can be read | it does |
 * | posture_store_health | the posture topic can be read; its silence on the loop's clock | at most 3 s |
 * | control_publish_health | for how long batches of these records could not be appended | at most 5 s |
 *
 * M1. A signal tells of its own fault only. A process short of CPU publishes postures and health late
 *     together with everything else; that is lag, and the first two signals say so. Silence is therefore
 *     judged on the clock on which deciders judge it, and a batch is late when it was refused, not when
 *     its timer was.
 */
import { performance } from 'node:perf_hooks';
import { topicCodec } from '../schemas/codec.js';
import type { Health } from '../schemas/generated/health.js';
import { topics } from '../schemas/topics.js';
import type { Logger } from './log.js';
import type { Runtime, RunningTopology } from './runtime.js';

export interface HealthTimings {
  readonly everyMs: number;
  readonly lagBudgetMs: number;
  readonly ageBudgetMs: number;
  readonly postureBudgetMs: number;
  /** Once live, the loop has this long to publish a posture. */
  readonly postureGraceMs: number;
}

export const HEALTH_TIMINGS: HealthTimings = {
  everyMs: 1000,
  lagBudgetMs: 5000,
  ageBudgetMs: 10_000,
  postureBudgetMs: 3000,
  postureGraceMs: 5000,
};

type Reading = Pick<Health, 'state' | 'value' | 'budget' | 'unit' | 'detail'>;
type Probe = () => Promise<Reading> | Reading;

const reading = (state: Health['state'], detail = ''): Reading => ({
  state,
  value: null,
  budget: null,
  unit: '',
  detail,
});

const measured = (value: number, budget: number, unit: string): Reading => ({
  state: value <= budget ? 'OK' : 'STALE',
  value,
  budget,
  unit,
  detail: '',
});

export interface HealthMonitor {
  close(): Promise<void>;
}

/** Starts measuring when a topology listens; the first batch is out when this resolves. */
export async function startHealthMonitor(
  runtime: Runtime,
  log: Logger,
  timings: Partial<HealthTimings> = {},
): Promise<HealthMonitor> {
  const loop = runtime.running.find(({ topology }) =>
    topology.sources.some((source) => source.topic.name === topics.health.name),
  );
  if (!loop || runtime.bus.clock !== 'wall') return { close: () => Promise.resolve() };
  const monitor = new Monitor(runtime, loop, { log, ...HEALTH_TIMINGS, ...timings });
  await monitor.publish();
  const timer = setInterval(() => {
    void monitor.publish();
  }, timings.everyMs ?? HEALTH_TIMINGS.everyMs);
  return {
    close: () => {
      clearInterval(timer);
      return monitor.idle();
    },
  };
}

class Monitor {
  readonly #runtime: Runtime;
  readonly #log: Logger;
  readonly #timings: HealthTimings;
  readonly #codec;
  readonly #probes: Readonly<Record<string, Probe>>;
  #liveSinceMs: number | undefined;
  /** Since when batches are refused; undefined while they are taken. */
  #refusedSinceMs: number | undefined;
  #busy: Promise<void> = Promise.resolve();

  constructor(
    runtime: Runtime,
    loop: RunningTopology,
    options: HealthTimings & { readonly log: Logger },
  ) {
    this.#runtime = runtime;
    this.#log = options.log;
    this.#timings = options;
    this.#codec = topicCodec(topics.health, runtime.lookup);
    this.#probes = {
      eb_consumer_lag: () => this.#lag(loop),
      ofp_health: () => this.#progress(loop, 'ofp'),
      ieg_health: () => {
        const graph = runtime.running.find(({ topology }) => topology.name === 'ieg');
        return graph ? this.#progress(graph, 'ieg') : reading('MISSING', 'ieg does not run here');
      },
      registry_health: () => this.#registry(),
      posture_store_health: () => this.#posture(loop),
      control_publish_health: () => {
        const nowMs = performance.now();
        return measured(nowMs - (this.#refusedSinceMs ?? nowMs), this.#timings.lagBudgetMs, 'ms');
      },
    };
  }

  /** One batch; those that come while one is under way wait for it. */
  publish(): Promise<void> {
    this.#busy = this.#busy.then(() => this.#publish());
    return this.#busy;
  }

  idle(): Promise<void> {
    return this.#busy;
  }

  async #publish(): Promise<void> {
    const { bus } = this.#runtime;
    const records = [];
    for (const [signal, probe] of Object.entries(this.#probes)) {
      const value: Health = {
        signal,
        observed_at_ms: bus.nowMs(),
        source: `pid ${process.pid}`,
        ...(await this.#look(probe)),
      };
      records.push({
        topic: topics.health.name,
        key: this.#codec.encodeKey(value),
        value: this.#codec.encode(value),
      });
    }
    const startMs = performance.now();
    try {
      await bus.append(records);
      this.#refusedSinceMs = undefined;
    } catch (error) {
      this.#refusedSinceMs ??= startMs;
      this.#log.warn({ reason: textOf(error) }, 'health could not be published');
    }
  }

  async #look(probe: Probe): Promise<Reading> {
    try {
      return await probe();
    } catch (error) {
      return reading('ERROR', textOf(error));
    }
  }

  async #lag(loop: RunningTopology): Promise<Reading> {
    return measured(await this.#behindMs(loop), this.#timings.lagBudgetMs, 'ms');
  }

  async #progress(running: RunningTopology, name: string): Promise<Reading> {
    const { halted, done } = running;
    if (halted) return reading('ERROR', `${name} halted: ${halted.message}`);
    if (done) return reading('ERROR', `${name} has stopped`);
    return measured(await this.#behindMs(running), this.#timings.ageBudgetMs, 'ms');
  }

  /**
   * How far a topology is behind broker time; 0 while nothing lies ahead. The bus is asked what lies
   * ahead: a topology that is stuck has not pulled, and knows of nothing.
   */
  async #behindMs({ opened: { group } }: RunningTopology): Promise<number> {
    const { bus } = this.#runtime;
    // Before the first plan nothing is known of its progress.
    if (group.progressMs === 0) return 0;
    for (const topic of new Set(group.readers.map((reader) => reader.topic))) {
      const ends = new Map((await bus.bounds(topic)).map(({ partition, end }) => [partition, end]));
      const ahead = group.readers.some(
        (reader) => reader.topic === topic && (ends.get(reader.partition) ?? 0n) > reader.next,
      );
      if (ahead) return Math.max(0, bus.nowMs() - group.progressMs);
    }
    return 0;
  }

  async #registry(): Promise<Reading> {
    await this.#runtime.registry.subjects();
    const missing = await this.#runtime.bundles.unreadable();
    return missing.length === 0
      ? reading('OK')
      : reading('ERROR', `bundle ${missing[0] ?? ''} cannot be read`);
  }

  /** M1. Catching up, silence is not judged: the loop is reading what happened before it was here. */
  async #posture({ opened }: RunningTopology): Promise<Reading> {
    const { group } = opened;
    const [bounds] = await this.#runtime.bus.bounds(topics.posture.name);
    if (group.mode !== 'live') return reading('OK', 'catching up');
    this.#liveSinceMs ??= performance.now();
    if (performance.now() - this.#liveSinceMs < this.#timings.postureGraceMs) return reading('OK');
    if (!bounds || bounds.end === bounds.start)
      return reading('MISSING', 'no posture was published');
    const silenceMs = Math.max(0, group.clockMs - bounds.lastTimeMs);
    return measured(silenceMs, this.#timings.postureBudgetMs, 'ms');
  }
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
