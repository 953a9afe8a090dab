/**
 * The identity graph's vocabulary, and what one event says about it.
 *
 * in: the pins, ids, event time and origin of one admitted event. out: one touch per entity named in
 * it, in the order of ENTITY_TYPES, each with that entity's half of every edge the event shows.
 * state: none. time: event time is data here. fails: never; an event without ids is `unusable`.
 *
 * E1. An edge is (source, target, type); it exists because both ends stood in one event.
 * E2. Edges among party, account, instrument, device, ip and session are kept at both ends. A flow's
 *     edges are kept at the flow alone: a merchant's or party's list of flows would have no bound.
 * E3. ON (account and device in one event) is weir's addition to the contract's list: without it two
 *     accounts on one device could only be joined through their parties, which also joins accounts
 *     that never were on the device (scenario 53).
 *
 * source: spec/platform.md section 10.
 */
import {
  ENTITY_TYPES,
  entityId,
  entityScope,
  type EntityPins,
  type EntityType,
} from '../../schemas/ids.js';

export interface EdgeRule {
  readonly name: EdgeName;
  readonly from: EntityType;
  readonly to: EntityType;
  /** Kept at the target too (E2). */
  readonly both: boolean;
}

export const EDGE_NAMES = [
  'OWNS',
  'HAS',
  'USES',
  'SEEN_AT',
  'IN',
  'ON',
  'AT',
  'BY',
  'WITH',
] as const;
export type EdgeName = (typeof EDGE_NAMES)[number];

const edge = (name: EdgeName, from: EntityType, to: EntityType, both: boolean): EdgeRule => ({
  name,
  from,
  to,
  both,
});

export const EDGE_RULES: readonly EdgeRule[] = [
  edge('OWNS', 'party', 'account', true),
  edge('HAS', 'account', 'instrument', true),
  edge('USES', 'party', 'device', true),
  edge('SEEN_AT', 'device', 'ip', true),
  edge('IN', 'party', 'session', true),
  edge('ON', 'account', 'device', true),
  edge('AT', 'flow', 'merchant', false),
  edge('BY', 'flow', 'party', false),
  edge('WITH', 'flow', 'instrument', false),
  edge('WITH', 'flow', 'device', false),
  edge('WITH', 'flow', 'ip', false),
];

/** An edge name and a direction in one small number: 2 x name + (1 when the row's entity is the target). */
export type EdgeSlot = number;
export const SLOTS = EDGE_NAMES.length * 2;
export const slotOf = (name: EdgeName, direction: 'out' | 'in'): EdgeSlot =>
  EDGE_NAMES.indexOf(name) * 2 + (direction === 'in' ? 1 : 0);
/** The same edge seen from its other end. */
export const oppositeSlot = (slot: EdgeSlot): EdgeSlot => slot ^ 1;
export const slotName = (slot: EdgeSlot): EdgeName => EDGE_NAMES[slot >> 1] ?? 'WITH';
export const slotDirection = (slot: EdgeSlot): 'out' | 'in' => ((slot & 1) === 1 ? 'in' : 'out');

/** When and where something was seen; totally ordered by (tsMicros, topic, partition, offset). */
export interface Sighting {
  /** Event time, microseconds since 1970. */
  readonly tsMicros: number;
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
}

export interface EntityRef {
  readonly type: EntityType;
  /** The identifier as it stood in the event, e.g. decimal digits. */
  readonly value: string;
}

export interface GraphEvent {
  readonly pins: EntityPins;
  readonly ids: Readonly<Partial<Record<EntityType, string>>>;
  readonly at: Sighting;
}

export interface TouchedEdge {
  readonly slot: EdgeSlot;
  readonly other: EntityRef;
  /** hex64 */
  readonly otherId: string;
}

/** What one event says about one entity: the unit of routing and of merging. */
export interface GraphTouch {
  readonly platformRunId: string;
  /** The pin part of entity ids (schemas/ids.ts). */
  readonly scope: string;
  readonly entity: EntityRef;
  /** hex64 */
  readonly entityId: string;
  readonly at: Sighting;
  readonly edges: readonly TouchedEdge[];
}

/** The name of the field, and of the identifier type, that holds an entity's id. */
export const identifierType = (type: EntityType): string => `${type}_id`;

/** The ids a payload names, whichever of the four event outputs it is of. */
export const idsOf = (payload: object): GraphEvent['ids'] => {
  const fields = payload as Readonly<Record<string, unknown>>;
  const ids: Partial<Record<EntityType, string>> = {};
  for (const type of ENTITY_TYPES) {
    const value = fields[identifierType(type)];
    if (typeof value === 'string' && value !== '') ids[type] = value;
  }
  return ids;
};

/** The touches of an event; empty (GRAPH_UNUSABLE, to be counted) when it names no entity. */
export const graphTouches = (event: GraphEvent): readonly GraphTouch[] => {
  const { pins, ids, at } = event;
  const scope = entityScope(pins);
  const found = new Map<EntityType, { readonly ref: EntityRef; readonly id: string }>();
  for (const type of ENTITY_TYPES) {
    const value = ids[type];
    if (value === undefined || value === '') continue;
    found.set(type, { ref: { type, value }, id: entityId(type, value, scope) });
  }
  const edgesOf = (type: EntityType): readonly TouchedEdge[] => {
    const edges: TouchedEdge[] = [];
    for (const rule of EDGE_RULES) {
      const outward = rule.from === type;
      if (!outward && !(rule.to === type && rule.both)) continue;
      const other = found.get(outward ? rule.to : rule.from);
      const slot = slotOf(rule.name, outward ? 'out' : 'in');
      if (other !== undefined) edges.push({ slot, other: other.ref, otherId: other.id });
    }
    return edges;
  };
  return [...found].map(([type, { ref, id }]) => ({
    platformRunId: pins.platform_run_id,
    scope,
    entity: ref,
    entityId: id,
    at,
    edges: edgesOf(type),
  }));
};
