/**
 * Poison isolation (R7): a record that ends the process three times is found, named and stopped at.
 *
 * A note beside the claims counts starts that never committed a round. At the third, rounds hold one
 * record and the note names it before it is stepped. A start that finds a named record refuses to go
 * on until a person releases it with `runner skip TASK POSITION`.
 *
 * state: rows `poison/<topology>` and `skip/<topology>/<topic>/<partition>/<offset>` of the bus's meta.
 */
import { HaltError } from '../schemas/errors.js';
import type { MetaStore } from './bus/port.js';
import type { Planned } from './engine/plan.js';

const STARTS_MAX = 3;
/** Records that must pass one by one before rounds grow again. */
const CALM_RECORDS = 1000;

interface Note {
  readonly starts: number;
  /** The record being stepped alone, as topic/partition/offset. */
  readonly place: string | null;
}

/** Who released a record, and when. */
export interface Skip {
  readonly place: string;
  readonly by: string;
  readonly atMs: number;
  readonly reason: string;
}

export class PoisonWatch {
  readonly skips: ReadonlySet<string>;
  readonly #meta: MetaStore;
  readonly #key: string;
  #note: Note;
  #noted = true;
  #calm = 0;

  private constructor(
    meta: MetaStore,
    topology: string,
    found: { readonly note: Note; readonly skips: ReadonlySet<string> },
  ) {
    this.#meta = meta;
    this.#key = noteKey(topology);
    this.#note = found.note;
    this.skips = found.skips;
  }

  /** Counts this start; throws POISON_FOUND when the record that ended the last ones is known. */
  static async open(meta: MetaStore, topology: string): Promise<PoisonWatch> {
    const skips = new Set((await listSkips(meta, topology)).map((skip) => skip.place));
    const stored = await meta.get(noteKey(topology));
    const last = stored ? (JSON.parse(Buffer.from(stored).toString()) as Note) : undefined;
    if (last?.place && !skips.has(last.place)) {
      throw new HaltError(
        'POISON_FOUND',
        `Record ${last.place} ended the process ${last.starts} times; look at it with \`runner read\`, then release it: runner skip ${topology} ${last.place}`,
        { origin: last.place },
      );
    }
    const note = { starts: last?.place ? 1 : (last?.starts ?? 0) + 1, place: null };
    await meta.put(noteKey(topology), Buffer.from(JSON.stringify(note)));
    return new PoisonWatch(meta, topology, { note, skips });
  }

  /** True while rounds must hold one record. */
  get isolating(): boolean {
    return this.#note.starts >= STARTS_MAX;
  }

  /** Before a round: names its record, durably, while isolating. */
  async before(records: readonly Planned[]): Promise<void> {
    const first = records[0];
    if (!this.isolating || !first || first.queued.marker) return;
    const { reader, queued } = first;
    const place = `${reader.topic}/${reader.partition}/${queued.record.offset}`;
    this.#note = { ...this.#note, place };
    await this.#write();
  }

  /** After a commit: the records so far did no harm. */
  async committed(records: number): Promise<void> {
    if (!this.#noted) return;
    this.#calm += records;
    if (this.isolating && this.#calm < CALM_RECORDS) return;
    this.#note = { starts: 0, place: null };
    this.#noted = false;
    await this.#meta.delete(this.#key);
  }

  /** A clean stop is no crash. */
  async stopped(): Promise<void> {
    await this.#meta.delete(this.#key);
  }

  async #write(): Promise<void> {
    await this.#meta.put(this.#key, Buffer.from(JSON.stringify(this.#note)));
  }
}

const noteKey = (topology: string): string => `poison/${topology}`;
const skipPrefix = (topology: string): string => `skip/${topology}/`;

/** Releases a record: it will be diverted (POISON) instead of stepped, and the round says so. */
export async function recordSkip(meta: MetaStore, topology: string, skip: Skip): Promise<void> {
  await meta.put(skipPrefix(topology) + skip.place, Buffer.from(JSON.stringify(skip)));
}

export async function listSkips(meta: MetaStore, topology: string): Promise<readonly Skip[]> {
  const rows = await meta.list(skipPrefix(topology));
  return rows.map(([, value]) => JSON.parse(Buffer.from(value).toString()) as Skip);
}
