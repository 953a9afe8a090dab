/**
 * Questions to the identity graph: who is this, since when, and who is around.
 *
 * in: a reader fixed at one graph version, pins, and the question. out: plain data for people and HTTP.
 * state: read only. bound: a page has at most 500 items; a page reads at most one row per item and
 * per neighbour walked over. fails: UsageError for a wrong question, PAGE_TOKEN_STALE when the graph
 * moved on since the token was given.
 *
 * Q1. Runs never meet: an entity id holds the pins, and a row is found only under its run.
 * Q2. A neighbourhood is the neighbours, each followed by who shares it: entities of the asked one's
 *     type with the same edge to that neighbour. An account's holds the accounts on its devices.
 * Q3. Pages of one version, put together, are the whole neighbourhood, each item once.
 *
 * source: spec/platform.md section 10; scenario 53.
 */
import { UsageError } from '../../schemas/errors.js';
import {
  entityId as idOf,
  entityScope,
  type EntityPins,
  type EntityType,
} from '../../schemas/ids.js';
import { EDGE_NAMES, oppositeSlot, slotDirection, slotName } from './graph-edges.js';
import type { EdgeName, EntityRef, Sighting } from './graph-edges.js';
import { graphKey } from './graph-merge.js';
import { DEPTH_MAX } from './graph-row.js';
import type { GraphEntry, GraphNode, GraphRow } from './graph-row.js';
import { readPageToken, writePageToken } from './page-token.js';
import type { Cursor } from './page-token.js';

/** Which graph an answer was read from (schemas/state-versions.ts, graphVersion). */
export interface GraphVersion {
  /** hex32 */
  readonly versionId: string;
  /** The projection and run, as `ieg.v0::platform_20260201T224449Z`. */
  readonly stream: string;
  /** hex64 */
  readonly basisDigest: string;
}

/** Rows as of one graph version; the caller sees to it that they do not change while it is used. */
export interface GraphReader {
  readonly version: GraphVersion;
  get(key: string): Promise<GraphRow | undefined>;
}

export interface EntityAnswer extends EntityRef {
  /** hex64 */
  readonly entityId: string;
  readonly first: Sighting;
  readonly last: Sighting;
}

export interface ProfileAnswer extends EntityAnswer {
  /** Neighbours by edge and direction, those with any. */
  readonly degrees: readonly {
    readonly edge: EdgeName;
    readonly direction: 'out' | 'in';
    readonly count: number;
  }[];
  /** True when neighbours were left out at the bound; counts are then "at least". */
  readonly truncated: boolean;
}

export interface NeighbourItem extends EntityRef {
  /** hex64 */
  readonly entityId: string;
  readonly edge: EdgeName;
  /** `out`: the nearer entity is the edge's source. */
  readonly direction: 'out' | 'in';
  /** 1 for a neighbour; 2 for one that shares the neighbour `via`. */
  readonly hops: 1 | 2;
  readonly via: EntityRef | null;
  readonly first: Sighting;
  readonly last: Sighting;
}

export interface NeighboursOptions {
  readonly edge?: EdgeName;
  /** 1 to 500; default 50. */
  readonly limit?: number;
  readonly pageToken?: string;
  /** 1 leaves out who shares a neighbour; default 2. */
  readonly hops?: 1 | 2;
}

export interface NeighboursAnswer {
  readonly items: readonly NeighbourItem[];
  /** For the next page; null on the last. */
  readonly nextPageToken: string | null;
}

const LIMIT_MAX = 500;
const LIMIT_DEFAULT = 50;
const START: Cursor = { digits: '', index: 0 };

export class GraphQuery {
  readonly #reader: GraphReader;
  readonly #platformRunId: string;
  readonly #scope: string;

  constructor(reader: GraphReader, pins: EntityPins) {
    this.#reader = reader;
    this.#platformRunId = pins.platform_run_id;
    this.#scope = entityScope(pins);
  }

  #id({ type, value }: EntityRef): string {
    return idOf(type, value, this.#scope);
  }

  /** The entity an identifier names in this run; undefined when it was never seen. */
  async resolve(type: EntityType, value: string): Promise<EntityAnswer | undefined> {
    const entityId = this.#id({ type, value });
    const node = await this.#node(entityId);
    return node === undefined ? undefined : answerOf(entityId, node);
  }

  async profile(entityId: string): Promise<ProfileAnswer | undefined> {
    const node = await this.#node(entityId);
    if (node === undefined) return undefined;
    const degrees = node.degrees.flatMap((count, slot) =>
      count === 0 ? [] : [{ edge: slotName(slot), direction: slotDirection(slot), count }],
    );
    return { ...answerOf(entityId, node), degrees, truncated: node.truncated };
  }

  /** One page of an entity's neighbourhood (Q2, Q3); undefined when the entity was never seen. */
  async neighbours(
    entityId: string,
    options: NeighboursOptions = {},
  ): Promise<NeighboursAnswer | undefined> {
    const { edge, limit = LIMIT_DEFAULT, pageToken, hops = 2 } = options;
    if (!Number.isInteger(limit) || limit < 1 || limit > LIMIT_MAX)
      throw new UsageError(`limit is a whole number from 1 to ${LIMIT_MAX}.`);
    if (edge !== undefined && !EDGE_NAMES.includes(edge))
      throw new UsageError(`edge type ${edge} is unknown; use one of ${EDGE_NAMES.join(', ')}.`);
    const question = `${entityId}|${edge ?? ''}|${hops}`;
    const version = this.#reader.version.versionId;
    const from = pageToken === undefined ? undefined : readPageToken(pageToken, version, question);
    const node = await this.#node(entityId);
    if (node === undefined) return undefined;
    const items: NeighbourItem[] = [];
    for await (const { item, next } of this.#walk({ entityId, node, edge, hops }, from)) {
      if (items.length === limit) {
        const nextPageToken = writePageToken({ version, question, cursor: next });
        return { items, nextPageToken };
      }
      items.push(item);
    }
    return { items, nextPageToken: null };
  }

  /** Every item from a cursor on; `next` is the cursor at which this very item comes again. */
  async *#walk(
    asked: {
      readonly entityId: string;
      readonly node: GraphNode;
      readonly edge: EdgeName | undefined;
      readonly hops: 1 | 2;
    },
    from?: { readonly outer: Cursor; readonly inner: Cursor | null },
  ): AsyncGenerator<{
    readonly item: NeighbourItem;
    readonly next: { readonly outer: Cursor; readonly inner: Cursor | null };
  }> {
    let inner = from?.inner ?? null;
    for await (const { entry, at: outer } of this.#entries(asked.entityId, from?.outer ?? START)) {
      if (asked.edge !== undefined && slotName(entry.slot) !== asked.edge) continue;
      const via: EntityRef = { type: entry.type, value: entry.value };
      const viaId = this.#id(via);
      if (inner === null)
        yield {
          item: itemOf(entry, { entityId: viaId, hops: 1, via: null }),
          next: { outer, inner },
        };
      const resumeAt = inner ?? START;
      inner = null;
      if (asked.hops === 1) continue;
      for await (const { entry: shared, at } of this.#entries(viaId, resumeAt)) {
        if (shared.slot !== oppositeSlot(entry.slot) || shared.type !== asked.node.type) continue;
        if (shared.value === asked.node.value) continue;
        const entityId = this.#id(shared);
        yield { item: itemOf(shared, { entityId, hops: 2, via }), next: { outer, inner: at } };
      }
    }
  }

  /** The neighbours of an entity from a cursor on, overflow rows in the order of their digits. */
  async *#entries(
    entityId: string,
    from: Cursor,
    digits = '',
  ): AsyncGenerator<{ readonly entry: GraphEntry; readonly at: Cursor }> {
    const row = await this.#reader.get(graphKey(this.#platformRunId, entityId, digits));
    if (row === undefined) return;
    if (!row.split) {
      const start = from.digits === digits ? from.index : 0;
      for (const [offset, entry] of row.entries.slice(start).entries())
        yield { entry, at: { digits, index: start + offset } };
      return;
    }
    if (digits.length >= DEPTH_MAX) return;
    for (const digit of '0123456789abcdef') {
      const deeper = digits + digit;
      if (deeper < from.digits.slice(0, deeper.length)) continue;
      yield* this.#entries(entityId, from, deeper);
    }
  }

  async #node(entityId: string): Promise<GraphNode | undefined> {
    const row = await this.#reader.get(graphKey(this.#platformRunId, entityId));
    const node = row?.node ?? undefined;
    // The same platform run may hold several scenario runs; the id tells which one this row is of.
    return node !== undefined && this.#id(node) === entityId ? node : undefined;
  }
}

const answerOf = (entityId: string, { type, value, first, last }: GraphNode): EntityAnswer => ({
  entityId,
  type,
  value,
  first,
  last,
});

const itemOf = (
  { type, value, slot, first, last }: GraphEntry,
  place: Pick<NeighbourItem, 'entityId' | 'hops' | 'via'>,
): NeighbourItem => ({
  ...place,
  type,
  value,
  edge: slotName(slot),
  direction: slotDirection(slot),
  first,
  last,
});
