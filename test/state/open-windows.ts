/** A window store on a task state in memory. */
import { MemoryBacking } from '../../state/backing.js';
import type { TaskState } from '../../state/port.js';
import { openTaskState } from '../../state/task-state.js';
import { windowSpecs, windowStore, type WindowStore } from '../../state/window.js';
import type { Chunk, Head } from '../../state/window-chunk.js';
import type { WindowPlan } from '../../state/window-plan.js';

export async function openWindows(
  plan: WindowPlan,
  cacheBytes = 1 << 26,
): Promise<{ state: TaskState; windows: WindowStore }> {
  const { heads, chunks } = windowSpecs(plan, { headsMax: 10_000, chunksMax: 100_000 });
  const state = await openTaskState({
    stores: [heads, chunks],
    backing: new MemoryBacking(),
    newLineage: new Uint8Array(16),
    cacheBytes,
  });
  await state.ready();
  const windows = windowStore({
    heads: state.keyed<Head>(0),
    chunks: state.keyed<Chunk>(1),
    plan,
  });
  return { state, windows };
}
