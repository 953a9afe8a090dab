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
import {
  DEPTH_MAX,
  EMPTY_ROW,
  NEIGHBOURS_PER_ROW,
  earlier,
  later,
  withEntry,
} from './graph-row.js';
import type { GraphEntry, GraphRow } from './graph-row.js';

/** The two calls of a keyed store (state/port.ts) the merge needs. */
export interface GraphRows {
  get(key: string): GraphRow | undefined;
  put(key: string, row: GraphRow): void;
}

/** Key of an entity's row, or of an overflow row by the leading hex digits of its neighbours' ids. */
export const graphKey = (platformRunId: string, id: string, digits = ''): string =>
  digits === '' ? scopedKey(platformRunId, id) : scopedKey(platformRunId, id, digits);

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

  /** `row` at `digits` with one more edge; overflow rows are put on the way. */
  add(row: GraphRow, digits: string, edge: TouchedEdge): GraphRow {
    if (row.split) {
      const deeper = edge.otherId.slice(0, digits.length + 1);
      const key = this.#key(deeper);
      const before = this.#rows.get(key) ?? EMPTY_ROW;
      const after = this.add(before, deeper, edge);
      if (after !== before) this.#rows.put(key, after);
      return row;
    }
    const { slot, other } = edge;
    const { entries, added } = withEntry(row.entries, { slot, ...other }, this.#touch.at);
    if (added) this.#count(slot, 1);
    return entries === row.entries ? row : this.#settle(row, digits, entries);
  }

  /** Puts entries where they belong: here, or deeper when they are too many. */
  #settle(row: GraphRow, digits: string, entries: readonly GraphEntry[]): GraphRow {
    if (entries.length <= NEIGHBOURS_PER_ROW) return { ...row, entries };
    if (digits.length >= DEPTH_MAX) {
      for (const gone of entries.slice(NEIGHBOURS_PER_ROW)) this.#count(gone.slot, -1);
      this.truncated = true;
      return { ...row, entries: entries.slice(0, NEIGHBOURS_PER_ROW) };
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
    return { ...row, split: true, entries: [] };
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
  let row = before;
  for (const edge of touch.edges) row = merge.add(row, '', edge);
  rows.put(key, { ...row, node: nodeWith(before, touch, merge) });
};

const nodeWith = (
  { node }: GraphRow,
  { entity, at }: GraphTouch,
  merge: Merge,
): NonNullable<GraphRow['node']> => {
  const degrees = [...(node?.degrees ?? [])];
  for (const [slot, change] of merge.degreeChanges) {
    while (degrees.length <= slot) degrees.push(0);
    degrees[slot] = (degrees[slot] ?? 0) + change;
  }
  while (degrees.at(-1) === 0) degrees.pop();
  const seen = (pick: (left: Sighting, right: Sighting) => Sighting, held?: Sighting): Sighting =>
    held === undefined ? at : pick(held, at);
  return {
    type: entity.type,
    value: entity.value,
    first: seen(earlier, node?.first),
    last: seen(later, node?.last),
    degrees,
    truncated: (node?.truncated ?? false) || merge.truncated,
  };
};
