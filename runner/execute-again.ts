/**
 * Opens a data directory for executing its rounds again: read-only bus, fresh state in memory, and the
 * live state beside it for comparison.
 */
import type { Bus } from './bus/port.js';
import { openBus } from './bus/open.js';
import { UsageError } from '../schemas/errors.js';
import { MemoryBacking } from '../state/backing.js';
import type { TaskState } from '../state/port.js';
import { openTaskState } from '../state/task-state.js';
import type { BundleFile } from '../schemas/generated/registry-record.js';
import type { Topology } from '../topologies/topology.js';
import { BundleStore } from './bundle-store.js';
import { partitionSizes, taskRequests } from './engine/layout.js';
import { openReplay, type Replay, type ReplayOptions } from './engine/replay.js';
import { codecSerde, type Serde } from './engine/serde.js';
import type { ExecutorOptions } from './engine/execution.js';
import { openLiveState } from './live-state.js';
import { ReferenceLoader } from './reference-loader.js';
import { RegistryStore } from './registry/registry-store.js';
import { registerTopicsReadOnly } from './registry/resident-topics.js';
import { ResidentLookup } from './registry/resident-lookup.js';
import { scoreBorder } from './score-border.js';
import { stampDecision } from './stamp-decision.js';
import { findTopologyOn } from './run-settings.js';
import { createModelPool, type ModelPool } from './workers/model-pool.js';

export interface Again {
  readonly bus: Bus;
  readonly topology: Topology;
  readonly serde: Serde;
  readonly lookup: ResidentLookup;
  readonly replay: Replay;
  /** sha256 over the live state of a task, recovered from checkpoint and blobs. */
  liveDigest(task: string): Promise<string>;
  close(): Promise<void>;
}

export interface AgainOptions {
  readonly features?: string;
  /** Changes values before they are stepped: what-if. */
  readonly annotate?: ExecutorOptions['annotate'];
  readonly throughRound?: number;
  /** A bundle that no record on the bus names, to be loaded before the first round: what-if. */
  readonly bundle?: BundleFile;
  /** Steps only these of the recorded records: one decision's own history. */
  readonly keep?: ReplayOptions['keep'];
}

export async function openAgain(
  dataDir: string,
  name: string,
  options: AgainOptions = {},
): Promise<Again> {
  const opened = await openBus({ dataDir, mode: 'read' });
  const { bus } = opened;
  try {
    return await openOn(bus, { dataDir, name, ...options });
  } catch (error) {
    await bus.close();
    throw error;
  }
}

async function openOn(
  bus: Bus,
  options: AgainOptions & { readonly dataDir: string; readonly name: string },
): Promise<Again> {
  const { dataDir } = options;
  const topology = await findTopologyOn(bus, options.name, options.features);
  const registry = await RegistryStore.open(bus.meta);
  const lookup = new ResidentLookup(registry);
  await registerTopicsReadOnly(registry, topology, lookup);
  const serde = codecSerde(lookup);
  const pool = createModelPool({ threads: 1, queueMax: 1000 });
  try {
    const replay = await openReplaying(bus, { ...options, topology, lookup, serde, pool });
    return {
      bus,
      topology,
      serde,
      lookup,
      replay,
      liveDigest: (task) => liveDigest(dataDir, bus, { topology, task }),
      close: async () => {
        await replay.close();
        await pool.close();
        await bus.close();
      },
    };
  } catch (error) {
    // Its threads would keep the process alive.
    await pool.close();
    throw error;
  }
}

async function openReplaying(
  bus: Bus,
  options: AgainOptions & {
    readonly dataDir: string;
    readonly topology: Topology;
    readonly lookup: ResidentLookup;
    readonly serde: Serde;
    readonly pool: ModelPool;
  },
): Promise<Replay> {
  const { topology, pool } = options;
  const bundles = new BundleStore(options.dataDir, { pool });
  if (options.bundle && !(await bundles.load(options.bundle))) {
    throw new UsageError(`The bundle ${options.bundle.location} could not be loaded.`);
  }
  const loader = new ReferenceLoader(bundles, options.lookup);
  return openReplay({
    topology,
    bus,
    serde: options.serde,
    openState: ({ stores, lineage }) =>
      openTaskState({
        stores,
        backing: new MemoryBacking(),
        newLineage: Buffer.from(lineage, 'hex'),
      }),
    borders: { score: scoreBorder(pool) },
    stamp: stampDecision(topology.name),
    annotate: (source, value, place) => {
      const annotated = loader.annotate(source, value, place);
      return options.annotate ? options.annotate(source, annotated, place) : annotated;
    },
    prepare: (records, failed) => loader.prepareAgain(records, failed),
    ...(options.throughRound === undefined ? {} : { throughRound: options.throughRound }),
    ...(options.keep === undefined ? {} : { keep: options.keep }),
  });
}

async function liveDigest(
  dataDir: string,
  bus: Bus,
  which: { readonly topology: Topology; readonly task: string },
): Promise<string> {
  const state = (await openLiveState(dataDir, bus, which)) ?? (await emptyState(bus, which));
  try {
    return await state.digest();
  } finally {
    await state.close();
  }
}

/** What a task that never committed a round remembers. */
async function emptyState(
  bus: Bus,
  which: { readonly topology: Topology; readonly task: string },
): Promise<TaskState> {
  const requests = taskRequests(which.topology, await partitionSizes(which.topology, bus));
  const stores = requests.find((one) => one.task === which.task)?.stores ?? [];
  const state = await openTaskState({
    stores,
    backing: new MemoryBacking(),
    newLineage: Buffer.alloc(16),
  });
  await state.ready();
  return state;
}
