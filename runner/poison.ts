/**
 * Poison isolation (R7): a record that ends the process three times is found, named and stopped at.
 *
 * A note beside the claims counts starts that never committed a round. From the second on, rounds hold
 * one record; the note names it before it is stepped, and forgets it once its round is durable. A start
 * that finds the same record named for the second time in a row refuses to go on until a person
 * releases it with `runner skip TASK POSITION`.
 *
 * Once is not enough: a kill from outside, or a power cut, strikes some record too. So a record is named
 * to a person after it was in the process's last round three times, twice of them alone.
 *
 * state: rows `poison/<topology>` and `skip/<topology>/<topic>/<partition>/<offset>` of the bus's meta.
 */
import { HaltError } from '../schemas/errors.js';
import type { MetaStore } from './bus/port.js';
import type { Planned } from './engine/plan.js';

/** Isolation begins with this start in a row that follows one without a commit. */
const STARTS_MAX = 2;
/** So often a record must have ended the process alone before it is named to a person. */
const ALONE_MAX = 2;
/** Records that must pass one by one before rounds grow again. */
const CALM_RECORDS = 1000;

interface Note {
  readonly starts: number;
  /** The record being stepped alone, as topic/partition/offset. */
  readonly place: string | null;
  /** The record that ended the last process alone, and how often in a row it did. */
  readonly suspect: string | null;
  readonly alone: number;
}

const NO_NOTE: Note = { starts: 0, place: null, suspect: null, alone: 0 };

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
    const read = stored ? (JSON.parse(Buffer.from(stored).toString()) as Partial<Note>) : {};
    const last: Note = { ...NO_NOTE, ...read };
    const suspect = last.place ?? last.suspect;
    const alone = suspect === last.suspect ? last.alone : 0;
    const released = suspect !== null && skips.has(suspect);
    const note: Note = released
      ? { ...NO_NOTE, starts: 1 }
      : {
          starts: last.starts + 1,
          place: null,
          suspect,
          alone: alone + (last.place === null ? 0 : 1),
        };
    await meta.put(noteKey(topology), Buffer.from(JSON.stringify(note)));
    if (note.suspect !== null && note.alone >= ALONE_MAX) {
      throw new HaltError(
        'POISON_FOUND',
        `Record ${note.suspect} ended the process ${note.alone + STARTS_MAX - 1} times; look at it with \`runner read\`, then release it: runner skip ${topology} ${note.suspect} --by NAME --reason TEXT`,
        { origin: note.suspect },
      );
    }
    return new PoisonWatch(meta, topology, { note, skips });
  }

  /** True while rounds must hold one record. */
  get isolating(): boolean {
    return this.#note.starts >= STARTS_MAX;
  }

  /** Before a round: names its record, durably, while isolating. */
  async before(records: readonly Planned[]): Promise<void> {
    const place = placeOf(records[0]);
    if (!this.isolating || place === null) return;
    this.#note = { ...this.#note, place };
    await this.#write();
  }

  /** After a commit: the records so far did no harm. */
  async committed(records: readonly Planned[]): Promise<void> {
    if (!this.#noted) return;
    this.#calm += records.length;
    if (this.isolating && this.#calm < CALM_RECORDS) {
      const place = placeOf(records[0]);
      // The next round may have named its record already: only its own name is taken back.
      if (place === null || place !== this.#note.place) return;
      this.#note = { ...this.#note, place: null, suspect: null, alone: 0 };
      await this.#write();
      return;
    }
    this.#note = NO_NOTE;
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

function placeOf(planned: Planned | undefined): string | null {
  if (!planned || planned.queued.marker) return null;
  const { reader, queued } = planned;
  return `${reader.topic}/${reader.partition}/${queued.record.offset}`;
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
