/**
 * What a decision is served: the features its posture lets it see, as a vector and as evidence.
 *
 * in: a gathered head and the feature plan. out: values by place (null: see the gaps), the snapshot and
 * its hash. state: none. time: none. fails: never. crash: none.
 * source: spec/platform.md 11, 12; ruling 3; scenarios 49, 52, 67.
 *
 * S1. The hash is over what is served and nothing else: keys, values, gaps, definition.
 * S2. A masked group goes on being kept by its entities and is only not served.
 */
import type { Snapshot, SnapshotGap, SnapshotKey } from '../../schemas/generated/rtdl-record.js';
import { SNAPSHOT_RECIPE, snapshotHash } from '../../schemas/state-versions.js';
import type { CapabilityMask } from '../degrade/capability-mask.js';
import { WHOLE_PART } from '../features/entity-features.js';
import type { FeaturePart } from '../features/feature-request.js';
import type { FeaturePlan } from '../features/plan.js';
import type { Gathered } from './gather.js';

export const MASKED = 'MASKED';
export const FEATURES_MISSING = 'FEATURES_MISSING';

export interface Served {
  /** By place of the plan. */
  readonly values: readonly (number | null)[];
  /** True where a place was served, be it with null; masked places are not. */
  readonly served: (place: number) => boolean;
  readonly snapshot: Snapshot;
  readonly hash: string;
  /** Entities whose part did not come in time. */
  readonly missing: readonly string[];
}

/** Places a mask forbids; a function of the mask, remembered per mask object. */
type Masked = readonly boolean[];

export class Server {
  readonly #plan: FeaturePlan;
  readonly #masked = new WeakMap<CapabilityMask, Masked>();

  constructor(plan: FeaturePlan) {
    this.#plan = plan;
  }

  serve({ head, parts }: Gathered): Served {
    const { mask, masked } = this.#mask(head.stamped.posture.capabilities_mask);
    const plan = this.#plan;
    const values = new Array<number | null>(plan.features.length).fill(null);
    const gaps: SnapshotGap[] = [];
    plan.flow.places.forEach((place, at) => {
      values[place] = head.flowValues[at] ?? null;
    });
    const keys: SnapshotKey[] = [{ entity: 'flow', id: head.event.flowId }];
    const missing: string[] = [];
    for (const { entity, places } of plan.parts) {
      const part = parts.find((one) => one.entity === entity);
      if (part === undefined) {
        missing.push(entity);
        for (const index of places) gaps.push({ index, code: FEATURES_MISSING });
        continue;
      }
      keys.push({ entity, id: part.id });
      place(part, places, values, gaps);
    }
    const seen = mask ? this.#hide(values, gaps, masked) : gaps;
    const snapshot: Snapshot = {
      recipe: SNAPSHOT_RECIPE,
      keys,
      values,
      gaps: seen,
      definition_hash: plan.hash,
    };
    return {
      values,
      served: (index) => !masked[index],
      snapshot,
      hash: snapshotHash(snapshot),
      missing,
    };
  }

  /** S2. */
  #hide(
    values: (number | null)[],
    gaps: readonly SnapshotGap[],
    masked: Masked,
  ): readonly SnapshotGap[] {
    const seen = gaps.filter(({ index }) => !masked[index]);
    masked.forEach((hidden, index) => {
      if (!hidden) return;
      values[index] = null;
      seen.push({ index, code: MASKED });
    });
    return seen.sort((left, right) => left.index - right.index);
  }

  #mask(mask: CapabilityMask): { readonly mask: boolean; readonly masked: Masked } {
    let masked = this.#masked.get(mask);
    if (masked === undefined) {
      masked = this.#plan.features.map(({ group }) => !mask.feature_groups.includes(group));
      this.#masked.set(mask, masked);
    }
    return { mask: masked.includes(true), masked };
  }
}

function place(
  part: FeaturePart,
  places: readonly number[],
  values: (number | null)[],
  gaps: SnapshotGap[],
): void {
  for (let at = 0; at < places.length; at += 1) {
    values[places[at] ?? 0] = part.values[at] ?? null;
  }
  for (const { index, code } of part.gaps) {
    if (index === WHOLE_PART) for (const each of places) gaps.push({ index: each, code });
    else gaps.push({ index: places[index] ?? 0, code });
  }
}

/** Place of a feature by name; undefined when the plan has none of it. */
export function placesByName(plan: FeaturePlan): ReadonlyMap<string, number> {
  return new Map(plan.features.map(({ name, index }) => [name, index]));
}
