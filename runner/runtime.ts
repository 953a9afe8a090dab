/**
 * The runtime: one process over one data directory, running any number of topologies on it.
 *
 * Owns the bus, the registry, the worker pool and one group per topology. Everything else (HTTP, the
 * owner's socket, health signals, the terminal) is attached to it by the command that starts it.
 *
 * N1. A topology whose schemas are incompatible with the registry does not start.
 * N2. Groups run independently: one that halts does not stop another; the process exits 3 in the end.
 */
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import type { StoreSpec, TaskState } from '../state/port.js';
import { openLevelBacking } from '../state/level-backing.js';
import { openTaskState } from '../state/task-state.js';
import { topics } from '../schemas/topics.js';
import type { Topology } from '../topologies/topology.js';
import { BundleStore } from './bundle-store.js';
import { buildId } from './build-id.js';
import type { Bus } from './bus/port.js';
import { LIMITS } from './engine/plan.js';
import { openGroup, type OpenedGroup } from './engine/open-group.js';
import type { Group, RoundReport } from './engine/group.js';
import { codecSerde, type Serde } from './engine/serde.js';
import type { Border } from './engine/execution.js';
import type { Logger } from './log.js';
import { Pause } from './pause.js';
import { PoisonWatch } from './poison.js';
import { ReferenceLoader } from './reference-loader.js';
import { registerTopics } from './registry/register-topics.js';
import { RegistryStore } from './registry/registry-store.js';
import { ResidentLookup } from './registry/resident-lookup.js';
import { scoreBorder } from './score-border.js';
import { stampDecision } from './stamp-decision.js';
import { createModelPool, type ModelPool, type ModelPoolOptions } from './workers/model-pool.js';

export interface RuntimeOptions {
  readonly dataDir: string;
  readonly bus: Bus;
  readonly topologies: readonly Topology[];
  readonly log: Logger;
  readonly partitions?: number;
  readonly pool?: Partial<ModelPoolOptions>;
  readonly onRound?: (topology: string, report: RoundReport) => void;
  readonly tuning?: Parameters<typeof openGroup>[0]['tuning'];
}

export interface RunningTopology {
  readonly topology: Topology;
  readonly opened: OpenedGroup;
  readonly poison: PoisonWatch;
  /** Held by those who read its state (graph queries). */
  readonly pause: Pause;
  halted: Error | undefined;
  done: boolean;
}

/** Cache and write buffers of all tasks together, bytes (DESIGN section 6). */
const CACHE_BYTES = 192 * 1024 * 1024;
const WRITE_BUFFER_BYTES = 64 * 1024 * 1024;
/** Between looks at an idle topology, ms; appends wake it at once. */
const IDLE_MS = 10;
/** How long rounds may follow each other before others get a turn, ms. */
const TURN_MS = 8;

export class Runtime {
  readonly dataDir: string;
  readonly bus: Bus;
  readonly registry: RegistryStore;
  readonly lookup: ResidentLookup;
  readonly serde: Serde;
  readonly bundles: BundleStore;
  readonly pool: ModelPool;
  readonly running: readonly RunningTopology[];
  readonly #options: RuntimeOptions;
  readonly #stop = new AbortController();

  private constructor(options: RuntimeOptions, parts: RuntimeParts) {
    this.#options = options;
    this.dataDir = options.dataDir;
    this.bus = options.bus;
    this.registry = parts.registry;
    this.lookup = parts.lookup;
    this.serde = parts.serde;
    this.bundles = parts.bundles;
    this.pool = parts.pool;
    this.running = parts.running;
  }

  static async open(options: RuntimeOptions): Promise<Runtime> {
    const { bus, topologies, log } = options;
    const registry = await RegistryStore.open(bus.meta);
    const lookup = new ResidentLookup(registry);
    await registerTopics(registry, topicsOf(topologies), lookup);
    const pool = createModelPool({ threads: 1, queueMax: 8, ...options.pool });
    const bundles = new BundleStore(options.dataDir, { pool, log });
    const serde = codecSerde(lookup);
    const parts = { registry, lookup, serde, bundles, pool };
    const running: RunningTopology[] = [];
    try {
      for (const topology of topologies) {
        running.push(await openTopology(options, parts, { topology, among: topologies.length }));
      }
    } catch (error) {
      // What was opened would keep its locks, and its threads the process alive.
      for (const { opened } of running) await opened.group.close({ abrupt: true });
      await pool.close();
      throw error;
    }
    return new Runtime(options, { ...parts, running });
  }

  get groups(): readonly Group[] {
    return this.running.map((one) => one.opened.group);
  }

  /**
   * Runs until stopped, or until `ended` says so of each group. Resolves when all have stopped; those
   * that halted have `halted` set.
   */
  async run(ended: (group: Group) => boolean = () => false): Promise<void> {
    await Promise.all(this.running.map((one) => this.#drive(one, ended)));
  }

  /** Asks every group to stop after its current round. */
  stop(): void {
    this.#stop.abort();
  }

  /** Commits what was executed, checkpoints, and leaves; the bus stays open. */
  async close(): Promise<void> {
    this.stop();
    for (const one of this.running) {
      try {
        await one.opened.group.close();
        await one.poison.stopped();
      } catch (error) {
        one.halted ??= error instanceof Error ? error : new Error(String(error));
      }
    }
    await this.pool.close();
  }

  async #drive(one: RunningTopology, ended: (group: Group) => boolean): Promise<void> {
    const { group } = one.opened;
    const waiter = new Waiter(this.bus);
    try {
      let turnEndsMs = performance.now() + TURN_MS;
      while (!this.#stop.signal.aborted) {
        const stepped = await one.pause.step(() => group.step());
        if (!stepped) {
          await group.settled();
          if (ended(group)) break;
          await waiter.wait(IDLE_MS);
        } else if (performance.now() > turnEndsMs) {
          await new Promise((resolve) => setImmediate(resolve));
        } else continue;
        turnEndsMs = performance.now() + TURN_MS;
      }
      await group.settled();
    } catch (error) {
      one.halted = error instanceof Error ? error : new Error(String(error));
      this.#options.log.error(
        { topology: one.topology.name, reason: one.halted.message },
        'topology halted',
      );
    } finally {
      waiter.close();
      one.done = true;
    }
  }
}

interface RuntimeParts {
  readonly registry: RegistryStore;
  readonly lookup: ResidentLookup;
  readonly serde: Serde;
  readonly bundles: BundleStore;
  readonly pool: ModelPool;
  readonly running: readonly RunningTopology[];
}

function topicsOf(topologies: readonly Topology[]) {
  const all = topologies.flatMap((topology) => [
    ...topology.sources.map((source) => source.topic),
    ...topology.sinks.map((sink) => sink.topic),
  ]);
  return new Map([...all, topics.quarantine].map((topic) => [topic.name, topic])).values();
}

async function openTopology(
  options: RuntimeOptions,
  parts: Omit<RuntimeParts, 'running'>,
  which: { readonly topology: Topology; readonly among: number },
): Promise<RunningTopology> {
  const { bus, log } = options;
  const { topology } = which;
  const poison = await PoisonWatch.open(bus.meta, topology.name);
  const loader = new ReferenceLoader(parts.bundles, parts.lookup);
  const readsRegistry = topology.sources.some((one) => one.topic.name === topics.registry.name);
  const borders: Record<string, Border> = { score: scoreBorder(parts.pool) };
  const opened = await openGroup({
    topology,
    bus,
    serde: parts.serde,
    openState: stateOpener(options.dataDir, topology, which.among),
    borders,
    owner: `pid ${process.pid}`,
    build: buildId(),
    ...(options.partitions === undefined ? {} : { partitions: options.partitions }),
    skips: poison.skips,
    annotate: (source, value, place) => loader.annotate(source, value, place),
    stamp: stampDecision(topology.name),
    tuning: {
      limits: () => (poison.isolating ? { recordsMax: 1, bytesMax: 1 } : LIMITS),
      ...options.tuning,
    },
    prepare: async (records) => {
      await poison.before(records);
      return loader.prepare(records);
    },
    onRound: (report) => {
      poison.committed(report.stepped).catch((error: unknown) => {
        // The bus failed; the next commit halts the group and says why.
        log.warn({ reason: String(error) }, 'the note on poison could not be written');
      });
      options.onRound?.(topology.name, report);
    },
    stopwatchMs: () => performance.now(),
  });
  if (readsRegistry) await loader.loadAll(bus, opened.group.readers);
  log.info(
    { topology: topology.name, tasks: opened.group.tasks.length, rounds: opened.applied },
    'topology recovered',
  );
  return { topology, opened, poison, pause: new Pause(), halted: undefined, done: false };
}

/** Opens `data/state/<topology>/<stage>/<partition>`, with each task's share of the budgets. */
export function stateOpener(dataDir: string, topology: Topology, among: number) {
  const tasks = Math.max(1, topology.stages.length * 4 * among);
  return async (request: {
    readonly stage: string;
    readonly partition: number;
    readonly stores: readonly StoreSpec[];
    readonly lineage: string;
  }): Promise<TaskState> => {
    const folder = join(dataDir, 'state', topology.name, request.stage, String(request.partition));
    const backing = await openLevelBacking(folder, {
      writeBufferBytes: clamp(WRITE_BUFFER_BYTES / tasks, 2, 16),
      blockCacheBytes: clamp(WRITE_BUFFER_BYTES / tasks, 1, 8),
    });
    return openTaskState({
      stores: request.stores,
      backing,
      newLineage: Buffer.from(request.lineage, 'hex'),
      // Entities hold most of the state; a task may use more than an even share while others idle.
      cacheBytes: Math.max(8 * 1024 * 1024, (CACHE_BYTES * 3) / tasks),
    });
  };
}

const clamp = (bytes: number, leastMiB: number, mostMiB: number): number =>
  Math.round(Math.min(mostMiB * 1024 * 1024, Math.max(leastMiB * 1024 * 1024, bytes)));

/** Waits for an append, or for a while. */
class Waiter {
  #wake: (() => void) | undefined;
  #woken = false;
  readonly #unsubscribe: () => void;

  constructor(bus: Bus) {
    this.#unsubscribe = bus.onAppend(() => {
      this.#woken = true;
      this.#wake?.();
    });
  }

  wait(ms: number): Promise<void> {
    if (this.#woken) {
      this.#woken = false;
      return new Promise((resolve) => setImmediate(resolve));
    }
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#wake?.();
      }, ms);
      this.#wake = () => {
        this.#wake = undefined;
        this.#woken = false;
        clearTimeout(timer);
        resolve();
      };
    });
  }

  close(): void {
    this.#unsubscribe();
  }
}
