/**
 * When `--until-end` is over: everything that stood on the sources at the start has been processed.
 *
 * On a clock of records that is when every partition is read to its end marker. On a wall clock it is
 * when the records there at the start are consumed and the task's clock is past every wait they began.
 */
import type { Group } from './engine/group.js';
import type { Runtime } from './runtime.js';

/** Longer than any wait of a decision (deadline 1.5 s). */
const GRACE_MS = 2000;

export async function untilEnd(runtime: Runtime): Promise<(group: Group) => boolean> {
  const { bus } = runtime;
  if (bus.clock === 'records') return (group) => group.drained;
  const targets = new Map<string, { readonly end: bigint; readonly timeMs: number }>();
  for (const { topology } of runtime.running) {
    for (const { topic } of topology.sources) {
      for (const { partition, end, lastTimeMs } of await bus.bounds(topic.name)) {
        targets.set(`${topic.name}/${partition}`, { end, timeMs: lastTimeMs });
      }
    }
  }
  const lastMs = Math.max(0, ...[...targets.values()].map((target) => target.timeMs));
  return (group) =>
    group.progressMs > lastMs + GRACE_MS &&
    group.readers.every((reader) => {
      const target = targets.get(`${reader.topic}/${reader.partition}`);
      return !target || reader.next >= target.end;
    });
}
