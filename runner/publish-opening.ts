/**
 * A wall-clock data directory that starts the decision loop for the first time gets the shipped policy
 * and bundle, once: without them every decision would fail closed. On a clock of records the import
 * puts them there, at the first event's time.
 */
import { topics } from '../schemas/topics.js';
import { openingRecords, shippedBundle } from './opening.js';
import type { Runtime } from './runtime.js';

/** True when the records were published now; false where a policy already stands, or no loop runs. */
export async function publishOpening(runtime: Runtime, features: string): Promise<boolean> {
  const { bus } = runtime;
  const loop = runtime.running.some(({ topology }) => topology.name === 'rtdl');
  if (!loop || bus.clock !== 'wall') return false;
  const policies = await bus.bounds(topics.policy.name);
  if (policies.some(({ end }) => end > 0n)) return false;
  await bus.append(
    await openingRecords({
      lookup: runtime.lookup,
      bundles: runtime.bundles,
      clock: bus.clock,
      atMs: bus.nowMs(),
      bundle: await shippedBundle(features),
    }),
  );
  return true;
}
