/**
 * What the decision loop serves for a stream of records, as rows to learn from.
 *
 * The loop itself runs, in memory, on a clock of records, with the shipped policy and without a bundle:
 * features are then served as ever and no model speaks. So a model is fitted to exactly the values it
 * will be asked about. Memory: the stream and its rows, 8 bytes a value.
 *
 * in: `fill`, which appends a stream in order of time. out: one row per decision that had its context,
 * in order of decisions. fails: errors of the loop; RangeError when no decision comes out.
 */
import type { FeaturePlan } from '../../operators/features/plan.js';
import { memoryLookup, type SchemaLookup } from '../../schemas/schema-lookup.js';
import { MemoryBacking } from '../../state/backing.js';
import { openTaskState } from '../../state/task-state.js';
import { rtdlTopology } from '../../topologies/rtdl.js';
import { BundleStore } from '../bundle-store.js';
import { openMemoryBus } from '../bus/memory.js';
import type { Bus, ProducedRecord } from '../bus/port.js';
import type { Group, RoundReport } from '../engine/group.js';
import { openGroup } from '../engine/open-group.js';
import { codecSerde } from '../engine/serde.js';
import { decisionOf } from '../observe-rounds.js';
import { openingRecords } from '../opening.js';

export interface ServedRow {
  readonly flowId: string;
  /** By place of the plan; null is missing. */
  readonly values: readonly (number | null)[];
}

/** The loop as a filler sees it. */
export interface TrainingLoop {
  readonly bus: Bus;
  readonly lookup: SchemaLookup;
  /** Every source topic; each needs progress markers. */
  readonly sources: readonly string[];
  /** Records that must stand before the first event, at its time. */
  opening(atMs: number): Promise<readonly ProducedRecord[]>;
}

export interface ServeOptions {
  readonly plan: FeaturePlan;
  readonly fill: (loop: TrainingLoop) => Promise<void>;
}

export async function servedRows({ plan, fill }: ServeOptions): Promise<readonly ServedRow[]> {
  const lookup = memoryLookup();
  const rows: ServedRow[] = [];
  const bus = await openMemoryBus({ clock: 'records' });
  try {
    const group = await openLoop(bus, { plan, lookup }, ({ emitted }) => {
      for (const { value } of emitted) {
        const decision = decisionOf(value);
        if (!decision?.snapshot) continue;
        rows.push({ flowId: decision.subject.flow_id, values: decision.snapshot.values });
      }
    });
    // Keeps no bytes: there is no bundle.
    const bundles = new BundleStore('');
    await fill({
      bus,
      lookup,
      sources: group.readers.map((reader) => reader.topic),
      opening: (atMs) => openingRecords({ lookup, bundles, clock: 'records', atMs, bundle: null }),
    });
    while (await group.step());
    await group.settled();
    await group.close();
  } finally {
    await bus.close();
  }
  if (rows.length === 0) throw new RangeError('the stream gave no decision to learn from');
  return rows;
}

async function openLoop(
  bus: Bus,
  { plan, lookup }: { readonly plan: FeaturePlan; readonly lookup: SchemaLookup },
  onRound: (report: RoundReport) => void,
): Promise<Group> {
  const { group } = await openGroup({
    topology: rtdlTopology({ clock: 'records', features: plan }),
    bus,
    serde: codecSerde(lookup),
    openState: ({ stores, lineage }) =>
      openTaskState({
        stores,
        backing: new MemoryBacking(),
        newLineage: Buffer.from(lineage, 'hex'),
      }),
    owner: 'train',
    build: 'train',
    partitions: 1,
    onRound,
  });
  return group;
}
