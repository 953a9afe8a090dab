/** Stage `entities` without its lift: windows over a task state of its own. */
import { EntityWindows } from '../../../operators/features/entity-windows.js';
import type { TaggedRow } from '../../../operators/features/entity-rows.js';
import { featureNoteStore, type FeatureNote } from '../../../operators/features/feature-notes.js';
import type { FeaturePart } from '../../../operators/features/feature-request.js';
import { entityWindowStores } from '../../../operators/features/live-part.js';
import type { WindowBounds } from '../../../operators/features/part-windows.js';
import type { FeaturePlan } from '../../../operators/features/plan.js';
import { MemoryBacking, type MemoryRows } from '../../../state/backing.js';
import { openTaskState } from '../../../state/task-state.js';
import type { Chunk, Head } from '../../../state/window-chunk.js';
import type { TrialEvent } from './brute-force.js';
import { named, requestsOf, RUN } from './feature-trial.js';

export async function openTrial(
  plans: readonly FeaturePlan[],
  options: {
    readonly bounds?: WindowBounds;
    readonly rows?: MemoryRows;
    readonly cacheBytes?: number;
  } = {},
) {
  const { bounds = {}, rows = new Map<string, Uint8Array>() } = options;
  const stores = entityWindowStores({ plans, entitiesMax: 100_000, chunksMax: 100_000, bounds });
  const state = await openTaskState({
    stores: [stores.heads, stores.chunks, featureNoteStore({ keysMax: 1000 })],
    backing: new MemoryBacking(rows),
    newLineage: new Uint8Array(16),
    // Small, so that rows are evicted and decoded again all the time.
    cacheBytes: options.cacheBytes ?? 1 << 14,
  });
  await state.ready();
  const windows = new EntityWindows({
    plans,
    heads: state.keyed<TaggedRow<Head>>(0),
    chunks: state.keyed<TaggedRow<Chunk>>(1),
    notes: state.keyed<FeatureNote>(2),
    bounds,
  });
  let seq = state.checkpointSeq;
  const commit = async (): Promise<void> => {
    seq += 1;
    state.seal(seq);
    state.durable(seq);
    await state.checkpoint();
  };
  return { state, windows, commit };
}

export type Trial = Awaited<ReturnType<typeof openTrial>>;

/** Asks every entity of the plan and returns values and codes by feature name. */
export function ask(trial: Trial, plan: FeaturePlan, event: TrialEvent) {
  const parts: FeaturePart[] = [];
  trial.state.mark();
  for (const request of requestsOf({ ...event, featureSet: plan.id })) {
    const found = trial.windows.step(RUN, request, Math.floor(event.tsMicros / 1000));
    const { eventId, flowId, entity, id } = request;
    if (found) parts.push({ eventId, flowId, entity, id, ...found });
  }
  trial.state.release();
  return named(plan, parts);
}
