/**
 * entityFeatures: counts traffic events in the windows of one entity each, and answers its features.
 * in: FeatureRequest (main) and EntityLabel (`labels`), both keyed `<entity>:<id>`. out: one FeaturePart
 * per request that is not silent, in order; nothing for labels. state: per (run, set, entity) a head and
 * a chunk per 32 events (state/window.ts), for window + delay + lateness; a note per run. time: windows
 * run on event time alone; record time forgets idle entities. fails: SUM_OVERFLOW, STORE_FULL. crash:
 * none: a request is stepped in exactly one committed round.
 * source: DESIGN section 8; rulings 2, 8, 14; docs/features.md says what exact means.
 *
 * F1. A value is exact or null, and null has a code in `gaps`.
 * F2. Every set alive counts every event; only the set asked for answers. A mask is the decision's
 *     business: masked groups go on counting.
 * F3. A request with `counts` false changes no window.
 * F4. A label counts for an event at t iff observed at or before t and stepped before it; of several
 *     labels of one event the earliest observed counts, once.
 * F5. A label whose event is not counted yet waits for it, at most EARLY_MAX per entity.
 */
import type { OperatorFunction } from 'rxjs';
import type { Chunk, Head } from '../../state/window-chunk.js';
import { also, lift, type Tools } from '../lift.js';
import type { Signal } from '../signal.js';
import type { Keyed, Stream } from '../wiring.js';
import type { TaggedRow } from './entity-rows.js';
import { EntityWindows } from './entity-windows.js';
import type { FeatureNote } from './feature-notes.js';
import type { EntityLabel, FeaturePart, FeatureRequest } from './feature-request.js';
import type { WindowBounds } from './part-windows.js';
import type { FeaturePlan } from './plan.js';

export interface EntityFeaturesOptions {
  readonly labels: Stream<EntityLabel>;
  /** Every feature set alive; at least one. */
  readonly plans: readonly FeaturePlan[];
  readonly heads: Keyed<TaggedRow<Head>>;
  readonly chunks: Keyed<TaggedRow<Chunk>>;
  readonly notes: Keyed<FeatureNote>;
  /** The same that the stores were declared with. */
  readonly bounds?: WindowBounds;
}

/** A gap at this index stands for the whole part. */
export const WHOLE_PART = -1;
const UNKNOWN_SET = [{ index: WHOLE_PART, code: 'FEATURE_SET_UNKNOWN' }] as const;
const NOTHING = { values: [], gaps: [] } as const;

function answer(windows: EntityWindows, signal: Signal<FeatureRequest>, tools: Tools<FeaturePart>) {
  const { value, at } = signal;
  const { eventId, flowId, entity, id } = value;
  const found = windows.step(signal.run, value, at.timeMs);
  if (value.silent) {
    tools.absorb('counted_silently');
    return;
  }
  tools.pass();
  const { values, gaps } =
    found ?? (windows.knows(value.featureSet) ? NOTHING : { values: [], gaps: UNKNOWN_SET });
  tools.emit({ eventId, flowId, entity, id, values, gaps });
}

export const entityFeatures = (
  options: EntityFeaturesOptions,
): OperatorFunction<Signal<FeatureRequest>, Signal<FeaturePart>> => {
  const { plans, heads, chunks, notes, bounds = {} } = options;
  let windows: EntityWindows | undefined;
  // Stores are bound to the task only when the topology runs; drawing it must not touch them.
  const opened = (): EntityWindows =>
    (windows ??= new EntityWindows({
      plans,
      heads: heads.rows,
      chunks: chunks.rows,
      notes: notes.rows,
      bounds,
    }));
  return lift<FeatureRequest, FeaturePart>({
    name: 'entity-features',
    stores: [heads, chunks, notes],
    also: [
      also<EntityLabel, FeaturePart>(options.labels, ({ run, value, at }, tools) => {
        tools.absorb(opened().label(run, value, at.timeMs));
      }),
    ],
    settings: `${plans.map((plan) => plan.hash).join(' ')} ${JSON.stringify(bounds)}`,
    onRecord: (signal, tools) => {
      answer(opened(), signal, tools);
    },
  });
};
