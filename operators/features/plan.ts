/**
 * A feature set made ready to run: which entity answers which places of the served vector, and what its
 * windows must keep.
 *
 * in: a `FeatureSet`. out: a `FeaturePlan`; `planFeatureSets` puts several side by side. fails:
 * UsageError when one id stands for two documents, or an entity needs more filters than 31.
 * source: DESIGN section 8.
 *
 * P1. `features[i]` is the feature at place i of the vector, the snapshot and every export.
 * P2. Every place belongs to exactly one part: the event and flow part (the join's), or one entity's.
 * P3. `parts` stand in order of ENTITY_KINDS; a part's values are in order of its `places`.
 */
import { UsageError } from '../../schemas/errors.js';
import {
  ENTITY_KINDS,
  type AmountRange,
  type EventFeature,
  type Feature,
  type FeatureSet,
  type FlowFeature,
  type LabelCondition,
  type WindowFeature,
} from './definition.js';
import type { EntityKind } from './feature-request.js';

/** One place of the vector. */
export interface PlannedFeature {
  readonly index: number;
  readonly name: string;
  readonly group: string;
  readonly entity: EntityKind | 'flow';
}

/** A window feature and what of the entity's entries it reads. */
export interface PlannedWindow {
  readonly feature: WindowFeature;
  /** Place in `distincts`, or -1. */
  readonly distinct: number;
  /** Place in `labels`, or -1. */
  readonly label: number;
  /** Bit of its amount range in an entry's flags; 0 without one. */
  readonly flag: number;
}

/** What one entity answers. */
export interface EntityPart {
  readonly entity: EntityKind;
  /** Places of the vector, ascending. */
  readonly places: readonly number[];
  /** In order of `places`. */
  readonly windows: readonly PlannedWindow[];
  /** Whose ids an entry keeps. */
  readonly distincts: readonly EntityKind[];
  /** Which labels an entry keeps the time of. */
  readonly labels: readonly LabelCondition[];
  /** Bit k of an entry's flags: its amount lies in range k. */
  readonly amounts: readonly AmountRange[];
  /** Longest window plus delay, microseconds. */
  readonly spanMicros: number;
}

/** What the join computes for the flow, in order of the vector. */
export interface FlowPart {
  readonly places: readonly number[];
  readonly features: readonly (EventFeature | FlowFeature)[];
}

export interface FeaturePlan {
  /** What a FeatureRequest names. */
  readonly id: string;
  readonly hash: string;
  readonly set: FeatureSet;
  readonly features: readonly PlannedFeature[];
  /** Group names and versions, in order; a mask names groups. */
  readonly groups: readonly { readonly name: string; readonly version: number }[];
  readonly flow: FlowPart;
  readonly parts: readonly EntityPart[];
}

const FILTERS_MAX = 31;

/** The place of a value in a list, added when it is not there. */
function placeOf<T>(list: T[], value: T, same: (left: T, right: T) => boolean): number {
  const found = list.findIndex((one) => same(one, value));
  return found >= 0 ? found : list.push(value) - 1;
}

const sameRange = (left: AmountRange, right: AmountRange): boolean =>
  left.minMinor === right.minMinor && left.maxMinor === right.maxMinor;

const sameLabel = (left: LabelCondition, right: LabelCondition): boolean =>
  left.type === right.type && left.values.join() === right.values.join();

function planEntity(entity: EntityKind, all: readonly Feature[]): EntityPart {
  const places: number[] = [];
  const windows: PlannedWindow[] = [];
  const distincts: EntityKind[] = [];
  const labels: LabelCondition[] = [];
  const amounts: AmountRange[] = [];
  all.forEach((feature, index) => {
    if (feature.kind !== 'window' || feature.entity !== entity) return;
    const { distinct, label, amount } = feature;
    places.push(index);
    windows.push({
      feature,
      distinct: distinct === undefined ? -1 : placeOf(distincts, distinct, Object.is),
      label: label === undefined ? -1 : placeOf(labels, label, sameLabel),
      flag: amount === undefined ? 0 : 2 ** placeOf(amounts, amount, sameRange),
    });
  });
  if (amounts.length > FILTERS_MAX) {
    throw new UsageError(
      `features of ${entity}: ${amounts.length} amount ranges, at most ${FILTERS_MAX}; use fewer`,
    );
  }
  const spanMicros = Math.max(
    0,
    ...windows.map(({ feature }) => feature.windowMicros + feature.delayMicros),
  );
  return { entity, places, windows, distincts, labels, amounts, spanMicros };
}

/** Compiles one set. */
export function planFeatureSet(set: FeatureSet): FeaturePlan {
  const all = set.groups.flatMap((group) => group.features);
  const features = set.groups
    .flatMap((group) => group.features.map((feature) => ({ group: group.name, feature })))
    .map(({ group, feature }, index) => ({
      index,
      name: feature.name,
      group,
      entity: feature.kind === 'window' ? feature.entity : ('flow' as const),
    }));
  const flow: { places: number[]; features: (EventFeature | FlowFeature)[] } = {
    places: [],
    features: [],
  };
  all.forEach((feature, index) => {
    if (feature.kind === 'window') return;
    flow.places.push(index);
    flow.features.push(feature);
  });
  const parts = ENTITY_KINDS.map((entity) => planEntity(entity, all));
  return {
    id: set.id,
    hash: set.hash,
    set,
    features,
    groups: set.groups.map(({ name, version }) => ({ name, version })),
    flow,
    parts: parts.filter((part) => part.places.length > 0),
  };
}

/** Compiles sets that are alive side by side; their ids differ. */
export function planFeatureSets(sets: readonly FeatureSet[]): readonly FeaturePlan[] {
  const hashes = new Map<string, string>();
  for (const { id, hash } of sets) {
    const known = hashes.get(id);
    if (known !== undefined) {
      throw new UsageError(
        known === hash
          ? `feature set ${id} is given twice; give it once`
          : `two feature sets are called ${id}; raise the version of the changed one`,
      );
    }
    hashes.set(id, hash);
  }
  return sets.map(planFeatureSet);
}

/** Finds the part of an entity, if the set asks anything of it. */
export function partOf(plan: FeaturePlan, entity: EntityKind): EntityPart | undefined {
  return plan.parts.find((part) => part.entity === entity);
}
