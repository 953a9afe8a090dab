/**
 * Merges what an event says about an entity into the graph's rows.
 *
 * in: one touch. out: nothing; rows are put. state: rows of graph-row.ts under `graphKey`; one touch
 * reads and writes the entity's own row and, per edge, at most three overflow rows.
 * time: none. fails: STORE_FULL of the store. crash: merging a touch twice changes nothing (R1).
 * source: spec/platform.md section 10.
 */
import { entityId } from '../../schemas/ids.js';
import { scopedKey } from '../../state/keys.js';
import type { GraphTouch, Sighting, TouchedEdge } from './graph-edges.js';
import { DEPTH_MAX, EMPTY_ROW, NEIGHBOURS_PER_ROW, earlier, later, addEntry } from './graph-row.js';
import type { GraphEntry, GraphRow } from './graph-row.js';

/** The two calls of a keyed store (state/port.ts) the merge needs. */
export interface GraphRows {
  get(key: string): GraphRow | undefined;
  put(key: string, row: GraphRow): void;
}

/** 128 bits of the id: enough to be unique, half the key; readers compare the whole id with the row. */
const KEY_DIGITS = 32;

/** Key of an entity's row, or of an overflow row by the leading hex digits of its neighbours' ids. */
export const graphKey = (platformRunId: string, id: string, digits = ''): string => {
  const short = id.slice(0, KEY_DIGITS);
  return digits === '' ? scopedKey(platformRunId, short) : scopedKey(platformRunId, short, digits);
};

/** One touch under way: where rows are, and how many neighbours of each slot came or went. */
class Merge {
  readonly degreeChanges = new Map<number, number>();
  truncated = false;
  readonly #rows: GraphRows;
  readonly #touch: GraphTouch;

  constructor(rows: GraphRows, touch: GraphTouch) {
    this.#rows = rows;
    this.#touch = touch;
  }

  #key(digits: string): string {
    return graphKey(this.#touch.platformRunId, this.#touch.entityId, digits);
  }

  /** `row` at `digits` with more edges; overflow rows are put on the way. */
  add(row: GraphRow, digits: string, edges: readonly TouchedEdge[]): GraphRow {
    if (row.split) {
      for (const edge of edges) this.#addDeeper(edge.otherId.slice(0, digits.length + 1), edge);
      return row;
    }
    const entries = [...row.entries];
    for (const { slot, other } of edges) {
      const key = { slot, type: other.type, value: other.value };
      if (addEntry(entries, key, this.#touch.at)) this.#count(slot, 1);
    }
    return this.#settle(row, digits, entries);
  }

  #addDeeper(digits: string, edge: TouchedEdge): void {
    const key = this.#key(digits);
    const before = this.#rows.get(key) ?? EMPTY_ROW;
    const after = this.add(before, digits, [edge]);
    if (after !== before) this.#rows.put(key, after);
  }

  /** Puts entries where they belong: here, or deeper when they are too many. */
  #settle(row: GraphRow, digits: string, entries: readonly GraphEntry[]): GraphRow {
    if (entries.length <= NEIGHBOURS_PER_ROW) return { node: row.node, split: false, entries };
    if (digits.length >= DEPTH_MAX) {
      for (const gone of entries.slice(NEIGHBOURS_PER_ROW)) this.#count(gone.slot, -1);
      this.truncated = true;
      return { node: row.node, split: false, entries: entries.slice(0, NEIGHBOURS_PER_ROW) };
    }
    const groups = new Map<string, GraphEntry[]>();
    for (const entry of entries) {
      const deeper = entityId(entry.type, entry.value, this.#touch.scope).slice(
        0,
        digits.length + 1,
      );
      const group = groups.get(deeper);
      if (group === undefined) groups.set(deeper, [entry]);
      else group.push(entry);
    }
    for (const [deeper, group] of groups)
      this.#rows.put(this.#key(deeper), this.#settle(EMPTY_ROW, deeper, group));
    return { node: row.node, split: true, entries: [] };
  }

  #count(slot: number, by: number): void {
    this.degreeChanges.set(slot, (this.degreeChanges.get(slot) ?? 0) + by);
  }
}

/** Merges one touch. Calling it again with the same touch, or in another order, gives the same rows. */
export const mergeGraphTouch = (rows: GraphRows, touch: GraphTouch): void => {
  const key = graphKey(touch.platformRunId, touch.entityId);
  const before = rows.get(key) ?? EMPTY_ROW;
  const merge = new Merge(rows, touch);
  const { split, entries } = touch.edges.length === 0 ? before : merge.add(before, '', touch.edges);
  rows.put(key, { node: nodeWith(before, touch, merge), split, entries });
};

const nodeWith = (
  { node }: GraphRow,
  { entity, at }: GraphTouch,
  merge: Merge,
): NonNullable<GraphRow['node']> => {
  const seen = (pick: (left: Sighting, right: Sighting) => Sighting, held?: Sighting): Sighting =>
    held === undefined ? at : pick(held, at);
  return {
    type: entity.type,
    value: entity.value,
    first: seen(earlier, node?.first),
    last: seen(later, node?.last),
    degrees: degreesWith(node?.degrees ?? [], merge.degreeChanges),
    truncated: (node?.truncated ?? false) || merge.truncated,
  };
};

/** Trailing zeros are cut, so that equal counts are equal bytes. */
const degreesWith = (
  held: readonly number[],
  changes: ReadonlyMap<number, number>,
): readonly number[] => {
  if (changes.size === 0) return held;
  const degrees = [...held];
  for (const [slot, change] of changes) {
    while (degrees.length <= slot) degrees.push(0);
    degrees[slot] = (degrees[slot] ?? 0) + change;
  }
  while (degrees.at(-1) === 0) degrees.pop();
  return degrees;
};
