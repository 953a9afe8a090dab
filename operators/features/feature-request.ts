/**
 * The seam between joining, features and deciding: what travels between the stages join, labels,
 * entities and decide of the decision loop (DESIGN section 8). All of it is internal to a topology.
 */

/** Kinds of entity features are kept for. `flow` features are computed where the flow is joined. */
export type EntityKind = 'account' | 'instrument' | 'device' | 'ip' | 'merchant' | 'party';

/** join -> entities, keyed `<entity>:<id>`: count this event for the entity and answer its features. */
export interface FeatureRequest {
  readonly eventId: string;
  readonly flowId: string;
  readonly entity: EntityKind;
  readonly id: string;
  /** Event time of the traffic event, microseconds since 1970. */
  readonly tsMicros: number;
  readonly amountMinor: number;
  /** The ids of all entities of the flow, for distinct counts. */
  readonly ids: Readonly<Record<EntityKind, string>>;
  /** True for the flow's first joined traffic event: it is added. Otherwise windows are only read. */
  readonly counts: boolean;
  /** True when the flow was already decided and is only counted now (ruling 2): no answer is sent. */
  readonly silent: boolean;
  /** Version of the feature set to answer with, as stamped by the join. */
  readonly featureSet: string;
}

/** entities -> decide, keyed by flow: values of the entity's features, in the order of the definition. */
export interface FeaturePart {
  readonly eventId: string;
  readonly flowId: string;
  readonly entity: EntityKind;
  readonly id: string;
  readonly values: readonly (number | null)[];
  /** Why a value is null: index into `values`, and a code such as LATE_BEYOND_SCAN. */
  readonly gaps: readonly { readonly index: number; readonly code: string }[];
}

/** join -> labels, keyed by event: where a later label of this event must be counted. */
export interface EventEntities {
  readonly eventId: string;
  readonly tsMicros: number;
  readonly ids: Readonly<Record<EntityKind, string>>;
}

/** labels -> entities, keyed `<entity>:<id>`: one label of one event, for one entity. */
export interface EntityLabel {
  readonly eventId: string;
  readonly entity: EntityKind;
  readonly id: string;
  /** Event time of the labelled event. */
  readonly tsMicros: number;
  readonly labelType: string;
  readonly labelValue: string;
  readonly observedMicros: number;
}

export const entityKey = (entity: EntityKind, id: string): string => `${entity}:${id}`;
