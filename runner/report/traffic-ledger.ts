/**
 * Where every traffic record went: the balance equation, counted record by record from the topics.
 *
 * in: decisions and quarantined records by the offset they name, then the traffic records themselves.
 * out: each record in exactly one of decided, quarantined, duplicate, waiting, unaccounted.
 * Memory: 17 bytes a record, and an entry for each that is neither decided nor quarantined.
 *
 * T1. Nothing is a remainder but `unaccounted`, so an event that was lost shows.
 * T2. A duplicate is a record whose event (run and event id) stands at another offset that has an
 *     outcome, or waits earlier in its partition.
 * T3. Waiting is what the loop has not read yet (past its last header), or read less than
 *     `WAIT_MAX_MS` before the clock of that header.
 */
export interface TrafficEvent {
  readonly partition: number;
  readonly offset: number;
  readonly timeMs: number;
  /** Run and event id; undefined when the record cannot be read. */
  readonly id: string | undefined;
}

/** How far the loop has read a partition, and its clock there. */
export interface ReadUpTo {
  readonly offset: number;
  readonly clockMs: number;
}

export interface Balance {
  readonly trafficIn: number;
  readonly decided: number;
  readonly waiting: number;
  readonly quarantined: number;
  readonly duplicates: number;
  /** Consumed, and nowhere to be found. */
  readonly unaccounted: number;
  /** Events with more than one decision. */
  readonly decidedTwice: number;
  readonly holds: boolean;
}

/** Longer than any wait of a decision (1.5 s). */
const WAIT_MAX_MS = 2000;

const DECIDED = 1;
const QUARANTINED = 2;
const TWICE = 4;

/** A growing array of bytes by offset. */
class Marks {
  #bytes = new Uint8Array(1024);

  at(offset: number): number {
    return this.#bytes[offset] ?? 0;
  }

  set(offset: number, mark: number): void {
    if (offset >= this.#bytes.length) {
      const larger = new Uint8Array(Math.max(offset + 1, 2 * this.#bytes.length));
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#bytes[offset] = this.at(offset) | mark;
  }
}

export class TrafficLedger {
  readonly #marks = new Map<number, Marks>();
  readonly #open: TrafficEvent[] = [];
  #trafficIn = 0;
  #decided = 0;
  #quarantined = 0;
  #decidedTwice = 0;

  /** A decision names this traffic record. Before any `traffic`. */
  decision(partition: number, offset: number): void {
    const marks = this.#of(partition);
    if (marks.at(offset) & DECIDED) marks.set(offset, TWICE);
    marks.set(offset, DECIDED);
  }

  quarantined(partition: number, offset: number): void {
    this.#of(partition).set(offset, QUARANTINED);
  }

  /** A record of the traffic topic, in order of its partition. */
  traffic(event: TrafficEvent): void {
    this.#trafficIn += 1;
    const mark = this.#of(event.partition).at(event.offset);
    if (mark & TWICE) this.#decidedTwice += 1;
    if (mark & DECIDED) this.#decided += 1;
    else if (mark & QUARANTINED) this.#quarantined += 1;
    else this.#open.push(event);
  }

  /** Ids whose records with an outcome must be shown to `balance`. */
  openIds(): ReadonlySet<string> {
    return new Set(this.#open.flatMap(({ id }) => id ?? []));
  }

  outcomeAt(partition: number, offset: number): boolean {
    return this.#of(partition).at(offset) !== 0;
  }

  /** `settled`: those of `openIds` that have an outcome at some offset. */
  balance(settled: ReadonlySet<string>, readUpTo: ReadonlyMap<number, ReadUpTo>): Balance {
    const waits = new Set<string>();
    let duplicates = 0;
    let waiting = 0;
    let unaccounted = 0;
    for (const { id, partition, offset, timeMs } of this.#open) {
      const read = readUpTo.get(partition);
      if (read === undefined || offset >= read.offset) waiting += 1;
      else if (id !== undefined && (settled.has(id) || waits.has(id))) duplicates += 1;
      else if (timeMs + WAIT_MAX_MS > read.clockMs) {
        waiting += 1;
        if (id !== undefined) waits.add(id);
      } else unaccounted += 1;
    }
    return {
      trafficIn: this.#trafficIn,
      decided: this.#decided,
      waiting,
      quarantined: this.#quarantined,
      duplicates,
      unaccounted,
      decidedTwice: this.#decidedTwice,
      holds: unaccounted === 0 && this.#decidedTwice === 0,
    };
  }

  #of(partition: number): Marks {
    let marks = this.#marks.get(partition);
    if (marks === undefined) {
      marks = new Marks();
      this.#marks.set(partition, marks);
    }
    return marks;
  }
}
