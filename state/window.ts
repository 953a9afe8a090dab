/**
 * Exact sliding windows per entity, over a store of heads and a store of chunks.
 *
 * in: one event of one entity. out: an answer per aggregate of the plan, over the entity's events
 * stepped so far whose event time lies in the window, this one included.
 * state: a head row per entity and a row per 32 entries (window-chunk.ts); kept for window + delay +
 * lateness of event time.
 * bound: 64 MiB of entries per entity; beyond it the oldest go and windows that reach them carry
 * WINDOW_TRUNCATED. Sixty-four MiB are four million entries of 16 bytes: a 7-day window stays whole up
 * to 7 events a second for one entity, a merchant with 14 % of traffic up to 49 a second in all.
 * time: event times only. Record time serves forgetting idle entities, if the plan says so.
 * fails: SUM_OVERFLOW, STORE_FULL (divert). crash: state is the stores' own; nothing is held here.
 * source: DESIGN section 8, "Window layout".
 *
 * Cost: a few Map look-ups and one move per window end, see bench/window.bench.ts.
 */
import { HaltError } from '../schemas/errors.js';
import type { KeyedStore, KeyedStoreSpec } from './port.js';
import { chunkKey } from './keys.js';
import { keyedStore } from './store.js';
import { boundsOf, type Answers } from './window-accumulators.js';
import { chunkCodec, headCodec, type Chunk, type Head } from './window-chunk.js';
import { HeadDraft, MissingChunk } from './window-draft.js';
import { ripen, setLabel, type Label, type LabelOutcome, type Labelled } from './window-label.js';
import { WindowGlance } from './window-glance.js';
import { insertLate } from './window-late.js';
import { CELL, RANGE, windowLayout, type WindowLayout } from './window-layout.js';
import type { WindowPlan } from './window-plan.js';

/** One event of one entity. */
export interface WindowEntry {
  /** Event time, in the plan's unit: a whole number. */
  readonly at: number;
  /** Time of the record that brings it, ms. */
  readonly stepMs: number;
  /** The values aggregates name, whole numbers (minor units). */
  readonly values?: readonly number[];
  /** The ids `distinct` names; see `distinctId`. */
  readonly ids?: readonly number[];
  /** The bits `where` tests; evaluated before insertion. */
  readonly flags?: number;
  /** What labels name the entry by, together with its time; a whole number. */
  readonly entryId?: number;
}

export interface WindowStore {
  /** Adds the event and answers it. */
  add(entity: string, entry: WindowEntry): Answers;
  /** Answers as of `at` without adding anything; `last` is then the newest entry at or before it. */
  read(entity: string, at: number): Answers;
  /** Sets or clears a label of an entry; it counts for events at or after `observedAt`. */
  setLabel(entity: string, entry: Labelled, label: Label): LabelOutcome;
  /** Chunk keys the next event of the entity will probably read, for a second prefetch. */
  chunksWanted(entity: string): readonly string[];
}

export interface WindowStoreParts {
  readonly heads: KeyedStore<Head>;
  readonly chunks: KeyedStore<Chunk>;
  readonly plan: WindowPlan;
}

/** The two stores a plan needs, to be declared by a topology. */
export function windowSpecs(
  plan: WindowPlan,
  bounds: { readonly headsMax: number; readonly chunksMax: number },
): { readonly heads: KeyedStoreSpec<Head>; readonly chunks: KeyedStoreSpec<Chunk> } {
  const layout = windowLayout(plan);
  const { keepMs } = layout;
  const heads = { keysMax: bounds.headsMax, codec: headCodec(layout) };
  const chunks = { keysMax: bounds.chunksMax, codec: chunkCodec(layout) };
  if (keepMs === Infinity) {
    return { heads: keyedStore<Head>(heads), chunks: keyedStore<Chunk>(chunks) };
  }
  return {
    heads: keyedStore<Head>({
      ...heads,
      expiresMs: (head) => (head.cells[CELL.stepMs] ?? 0) + keepMs,
    }),
    // A head deletes its chunks itself; only those of a forgotten head expire, well after it.
    chunks: keyedStore<Chunk>({ ...chunks, expiresMs: (chunk) => chunk.stepMs + 2 * keepMs }),
  };
}

/** The functions over two opened stores. */
export function windowStore(parts: WindowStoreParts): WindowStore {
  return new Windows(parts);
}

class Windows implements WindowStore {
  private readonly heads: KeyedStore<Head>;
  private readonly layout: WindowLayout;
  /** Reused for every event: steps are synchronous. */
  private readonly draft: HeadDraft;
  private readonly glance: WindowGlance;
  private readonly entry: number[] = [];

  constructor({ heads, chunks, plan }: WindowStoreParts) {
    this.heads = heads;
    this.layout = windowLayout(plan);
    this.draft = new HeadDraft(this.layout);
    this.draft.chunks = chunks;
    this.glance = new WindowGlance(this.layout, chunks);
  }

  read(entity: string, at: number): Answers {
    return this.glance.at(entity, this.heads.get(entity), { time: whole(at), own: false });
  }

  add(entity: string, entry: WindowEntry): Answers {
    const { draft } = this;
    this.fill(entry);
    draft.load(entity, this.heads.get(entity), entry.stepMs);
    let answers: Answers;
    try {
      answers = this.step(entry);
    } catch (error) {
      if (!(error instanceof MissingChunk)) throw error;
      answers = this.beginAnew(entry);
    }
    this.heads.put(entity, draft.head());
    return answers;
  }

  private step(entry: WindowEntry): Answers {
    const { draft } = this;
    draft.cells[CELL.stepMs] = Math.max(draft.cell(CELL.stepMs), entry.stepMs);
    if (entry.at >= draft.cell(CELL.newest)) return this.inOrder(entry.at);
    const place = insertLate(draft, this.entry);
    const answers =
      place === undefined
        ? draft.read(entry.at, boundsOf(draft.cells, Infinity))
        : this.glance.at(draft.entity, draft.head(), { time: entry.at, own: true });
    draft.sealFull();
    draft.refreshExtremes();
    return answers;
  }

  private inOrder(time: number): Answers {
    const { draft } = this;
    if (draft.pending.length > 0) ripen(draft, time);
    draft.cells[CELL.newest] = time;
    draft.append(this.entry);
    for (const range of this.layout.ranges) {
      const left = range.at + RANGE.leftChunk;
      const right = range.at + RANGE.rightChunk;
      if (draft.cells[left + 2] === Infinity) draft.cells[left + 2] = time;
      if (draft.cells[right + 2] === Infinity) draft.cells[right + 2] = time;
      if (range.delay > 0) {
        draft.slide(range, right, time - range.delay);
        draft.noteLast(range);
      } else {
        draft.noteLast(range);
        draft.enter(range, this.entry, 0, time);
      }
      draft.slide(range, left, time - range.delay - range.width);
    }
    draft.sealFull();
    draft.refreshExtremes();
    return draft.read(time, boundsOf(draft.cells, -Infinity));
  }

  /** A row of the entity expired under it: what is left is this event, and windows say so. */
  private beginAnew(entry: WindowEntry): Answers {
    const { draft } = this;
    const lost = Math.max(draft.cell(CELL.newest), draft.cell(CELL.truncated));
    const era = draft.cell(CELL.era);
    const nextChunk = draft.cell(CELL.nextChunk) + 1;
    draft.restart(Math.max(entry.stepMs, era + 1));
    draft.cells[CELL.truncated] = lost;
    draft.cells[CELL.open] = nextChunk;
    draft.cells[CELL.tail] = nextChunk;
    draft.cells[CELL.nextChunk] = nextChunk + 1;
    for (const range of this.layout.ranges) {
      draft.cells[range.at + RANGE.leftChunk] = nextChunk;
      draft.cells[range.at + RANGE.rightChunk] = nextChunk;
    }
    draft.cells[CELL.stepMs] = entry.stepMs;
    return this.inOrder(entry.at);
  }

  /** Lays the event out as the numbers of an entry. */
  private fill({ at, values, ids, flags, entryId }: WindowEntry): void {
    const { layout, entry } = this;
    entry.length = 0;
    entry.push(whole(at));
    for (let slot = 0; slot < layout.values; slot += 1) entry.push(whole(values?.[slot] ?? 0));
    for (let slot = 0; slot < layout.ids; slot += 1) entry.push(unsigned(ids?.[slot] ?? 0));
    if (layout.flagsAt >= 0) entry.push(unsigned(flags ?? 0));
    if (layout.entryIdAt < 0) return;
    entry.push(unsigned(entryId ?? 0));
    for (let slot = 0; slot < layout.labels; slot += 1) entry.push(Infinity);
  }

  setLabel(entity: string, entry: Labelled, label: Label): LabelOutcome {
    const head = this.heads.get(entity);
    if (head === undefined) return 'absent';
    const { draft } = this;
    draft.load(entity, head, 0);
    try {
      const outcome = setLabel(draft, entry, label);
      if (outcome === 'set') this.heads.put(entity, draft.head());
      return outcome;
    } catch (error) {
      if (error instanceof MissingChunk) return 'absent';
      throw error;
    }
  }

  chunksWanted(entity: string): readonly string[] {
    const head = this.heads.get(entity);
    if (head === undefined) return [];
    const wanted = new Set<number>();
    for (const range of this.layout.ranges) {
      wanted.add(head.cells[range.at + RANGE.leftChunk] ?? 0);
      if (range.delay > 0) wanted.add(head.cells[range.at + RANGE.rightChunk] ?? 0);
    }
    wanted.delete(head.cells[CELL.open] ?? 0);
    return [...wanted].map((id) => chunkKey(entity, id));
  }
}

function whole(value: number): number {
  if (Number.isSafeInteger(value) && Math.abs(value) < 2 ** 52) return value;
  throw new HaltError('STATE_MISUSE', `a window entry holds ${value}, not a whole number`);
}

function unsigned(value: number): number {
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new HaltError('STATE_MISUSE', `a window entry holds ${value}, not an id`);
}
