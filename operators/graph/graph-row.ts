/**
 * One row of the identity graph: an entity with its neighbours, or a part of its neighbours.
 *
 * state: a row holds at most 64 neighbours. When an entity has more, its neighbours move to overflow
 * rows by the leading hex digits of the neighbour's entity id, at most three digits deep, and each of
 * those holds 64 again: a tree whose shape depends on the set of neighbours only, never on arrival.
 * bound: about 170,000 neighbours of an entity; a row three digits deep keeps the 64 smallest in
 * (edge, type, id) order, and the entity says `truncated` from then on.
 *
 * R1. first is the smallest, last the greatest sighting: merging is commutative and idempotent.
 * R2. Entries are sorted, so that equal sets give equal bytes.
 */
import { ENTITY_TYPES, type EntityType } from '../../schemas/ids.js';
import type { EdgeSlot, EntityRef, Sighting } from './graph-edges.js';

export const NEIGHBOURS_PER_ROW = 64;
/** Hex digits of the deepest overflow rows. */
export const DEPTH_MAX = 3;

export interface GraphEntry {
  readonly slot: EdgeSlot;
  readonly type: EntityType;
  readonly value: string;
  readonly first: Sighting;
  readonly last: Sighting;
}

export interface GraphNode extends EntityRef {
  readonly first: Sighting;
  readonly last: Sighting;
  /** Neighbours kept, by edge slot; absent is zero. */
  readonly degrees: readonly number[];
  /** True when neighbours were left out at the bound: degrees are "at least". */
  readonly truncated: boolean;
}

export interface GraphRow {
  /** The entity itself; null in an overflow row. */
  readonly node: GraphNode | null;
  /** True when the entries lie one digit deeper. */
  readonly split: boolean;
  readonly entries: readonly GraphEntry[];
}

export const EMPTY_ROW: GraphRow = { node: null, split: false, entries: [] };

const byText = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0);

export const compareSightings = (left: Sighting, right: Sighting): number => {
  if (left.tsMicros !== right.tsMicros) return left.tsMicros - right.tsMicros;
  if (left.topic !== right.topic) return byText(left.topic, right.topic);
  if (left.partition !== right.partition) return left.partition - right.partition;
  return left.offset < right.offset ? -1 : left.offset > right.offset ? 1 : 0;
};

export const earlier = (left: Sighting, right: Sighting): Sighting =>
  compareSightings(right, left) < 0 ? right : left;
export const later = (left: Sighting, right: Sighting): Sighting =>
  compareSightings(right, left) > 0 ? right : left;

export type EntryKey = Pick<GraphEntry, 'slot' | 'type' | 'value'>;

const compareEntries = (left: EntryKey, right: EntryKey): number =>
  left.slot - right.slot ||
  ENTITY_TYPES.indexOf(left.type) - ENTITY_TYPES.indexOf(right.type) ||
  byText(left.value, right.value);

/** Where an entry stands or would stand: the first index not before it. */
export const entryIndex = (entries: readonly GraphEntry[], key: EntryKey): number => {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const entry = entries[middle];
    if (entry !== undefined && compareEntries(entry, key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
};

/**
 * Adds one sighting to `entries`, a copy the caller made: S1 forbids changing a stored value, and one
 * copy serves all the edges of a touch. Answers whether the neighbour is new (R1, R2).
 */
export const addEntry = (entries: GraphEntry[], key: EntryKey, at: Sighting): boolean => {
  const index = entryIndex(entries, key);
  const held = entries[index];
  if (held === undefined || compareEntries(held, key) !== 0) {
    const { slot, type, value } = key;
    entries.splice(index, 0, { slot, type, value, first: at, last: at });
    return true;
  }
  const { slot, type, value } = held;
  entries[index] = {
    slot,
    type,
    value,
    first: earlier(held.first, at),
    last: later(held.last, at),
  };
  return false;
};
