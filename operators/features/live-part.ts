/**
 * One entity kind of one feature set, opened over the stores of stage `entities`; and the declaration
 * of those stores.
 */
import { keyOf, scopedKey } from '../../state/keys.js';
import type { KeyedStore, KeyedStoreSpec } from '../../state/port.js';
import type { Chunk, Head } from '../../state/window-chunk.js';
import {
  windowSpecs,
  windowStore,
  type WindowEntry,
  type WindowStore,
} from '../../state/window.js';
import { codecsByTag, partTag, PartRows, taggedStore, type TaggedRow } from './entity-rows.js';
import type { FeatureRequest } from './feature-request.js';
import { idNumber } from './id-number.js';
import {
  IDLE_MS,
  LATENESS_MS,
  PartReader,
  windowPlanOf,
  type WindowBounds,
} from './part-windows.js';
import type { EntityPart, FeaturePlan } from './plan.js';

export interface WindowRows {
  readonly heads: KeyedStore<TaggedRow<Head>>;
  readonly chunks: KeyedStore<TaggedRow<Chunk>>;
  readonly bounds: WindowBounds;
}

/** The stores of stage `entities`. `entitiesMax` counts an entity once per feature set. */
export function entityWindowStores(options: {
  readonly plans: readonly FeaturePlan[];
  readonly entitiesMax: number;
  readonly chunksMax: number;
  readonly bounds?: WindowBounds;
}): {
  readonly heads: KeyedStoreSpec<TaggedRow<Head>>;
  readonly chunks: KeyedStoreSpec<TaggedRow<Chunk>>;
} {
  const { plans, entitiesMax, chunksMax, bounds = {} } = options;
  const specs = plans.flatMap((plan) =>
    plan.parts.map((part) => {
      const sizes = { headsMax: entitiesMax, chunksMax };
      return [partTag(plan, part), windowSpecs(windowPlanOf(part, bounds), sizes)] as const;
    }),
  );
  return {
    heads: taggedStore(
      codecsByTag(specs.map(([tag, spec]) => [tag, spec.heads.codec] as const)),
      entitiesMax,
    ),
    chunks: taggedStore(
      codecsByTag(specs.map(([tag, spec]) => [tag, spec.chunks.codec] as const)),
      chunksMax,
    ),
  };
}

export interface LivePart {
  readonly plan: FeaturePlan;
  readonly part: EntityPart;
  readonly windows: WindowStore;
  readonly reader: PartReader;
  readonly keepMs: number;
  /** The run last seen and what its keys begin with. */
  run: string;
  prefix: string;
}

/** Record time beyond its windows for which an idle entity is kept, ms. */
export const slackMsOf = (bounds: WindowBounds): number =>
  (bounds.latenessMs ?? LATENESS_MS) + (bounds.idleMs ?? IDLE_MS);

export function openPart(plan: FeaturePlan, part: EntityPart, parts: WindowRows): LivePart {
  const windowPlan = windowPlanOf(part, parts.bounds);
  const tag = partTag(plan, part);
  const specs = windowSpecs(windowPlan, { headsMax: 1, chunksMax: 1 });
  return {
    plan,
    part,
    windows: windowStore({
      plan: windowPlan,
      heads: new PartRows(parts.heads, {
        tag,
        untilMs: (row) => specs.heads.expiresMs?.(row) ?? 0,
      }),
      chunks: new PartRows(parts.chunks, {
        tag,
        untilMs: (row) => specs.chunks.expiresMs?.(row) ?? 0,
      }),
    }),
    reader: new PartReader(part),
    keepMs: Math.ceil(part.spanMicros / 1000) + slackMsOf(parts.bounds),
    run: '',
    prefix: scopedKey('', plan.id, part.entity),
  };
}

/** Key of an entity's head. */
export function keyIn(live: LivePart, run: string, id: string): string {
  if (live.run !== run) {
    live.run = run;
    live.prefix = scopedKey(run, live.plan.id, live.part.entity);
  }
  return live.prefix + keyOf(id);
}

function flagsOf(part: EntityPart, amountMinor: number): number {
  let flags = 0;
  part.amounts.forEach(({ minMinor, maxMinor }, bit) => {
    if (amountMinor >= minMinor && amountMinor <= maxMinor) flags += 2 ** bit;
  });
  return flags;
}

/** A request as an entry of the part's windows. */
export function entryOf(part: EntityPart, request: FeatureRequest, stepMs: number): WindowEntry {
  const { eventId, tsMicros, amountMinor, ids } = request;
  return {
    at: tsMicros,
    stepMs,
    values: [amountMinor],
    ids: part.distincts.map((kind) => idNumber(ids[kind])),
    flags: part.amounts.length === 0 ? 0 : flagsOf(part, amountMinor),
    entryId: part.labels.length === 0 ? 0 : idNumber(eventId),
  };
}
