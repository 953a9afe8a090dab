/**
 * Streams records onto a wall-clock bus, never far ahead of the topologies that read them.
 *
 * in: records; rounds as they become durable. out: everything appended, in order.
 * bound: what the slowest topology steps in AHEAD_MS, at least `AHEAD_LEAST` and at most `AHEAD_MOST`
 * records, appended and not yet stepped; the feed waits there. So latencies are those of a loop that
 * keeps up, on a fast machine and on a busy one, and lag stays far within its budget.
 */
import { performance } from 'node:perf_hooks';
import type { Bus, ProducedRecord } from '../bus/port.js';
import type { RoundReport } from '../engine/group.js';

const AHEAD_MS = 80;
const AHEAD_LEAST = 200;
const AHEAD_MOST = 2000;
/** The rate is measured over this long. */
const RATE_MS = 500;
/** One append. */
const BATCH_RECORDS = 100;

export interface FeedProgress {
  readonly appended: number;
  /** Records the slowest topology has still to step. */
  readonly ahead: number;
  /** Time spent making records, ms. */
  readonly makingMs: number;
}

export interface FeedOptions {
  readonly bus: Bus;
  readonly records: Iterable<ProducedRecord>;
  /** Topics the feed appends to; stepped records of others do not count. */
  readonly topics: readonly string[];
  readonly readers: readonly FeedReader[];
  readonly signal: AbortSignal;
}

/** A topology, and the topics it reads: labels concern one and not the other. */
export interface FeedReader {
  readonly name: string;
  readonly topics: ReadonlySet<string>;
}

export class DemoFeed {
  readonly #options: FeedOptions;
  /** Records appended for each reader and not yet stepped by it. */
  readonly #ahead = new Map<string, number>();
  #aheadMax = AHEAD_LEAST;
  #rate = { sinceMs: performance.now(), appended: 0 };
  #appended = 0;
  #makingMs = 0;
  #wake: (() => void) | undefined;

  constructor(options: FeedOptions) {
    this.#options = options;
    for (const { name } of options.readers) this.#ahead.set(name, 0);
    options.signal.addEventListener('abort', () => this.#wake?.(), { once: true });
  }

  get progress(): FeedProgress {
    return {
      appended: this.#appended,
      ahead: Math.max(...this.#ahead.values()),
      makingMs: this.#makingMs,
    };
  }

  /** To be told of every durable round. */
  onRound(topology: string, report: RoundReport): void {
    const ahead = this.#ahead.get(topology);
    if (ahead === undefined) return;
    const { topics } = this.#options;
    let mine = 0;
    for (const { reader } of report.stepped) if (topics.includes(reader.topic)) mine += 1;
    this.#ahead.set(topology, ahead - mine);
    this.#measure();
    this.#wake?.();
  }

  /** What was stepped lately says how far ahead is AHEAD_MS. */
  #measure(): void {
    const nowMs = performance.now();
    const { sinceMs, appended } = this.#rate;
    if (nowMs - sinceMs < RATE_MS) return;
    const perMs = (this.#appended - appended) / (nowMs - sinceMs);
    this.#aheadMax = Math.min(AHEAD_MOST, Math.max(AHEAD_LEAST, Math.round(perMs * AHEAD_MS)));
    this.#rate = { sinceMs: nowMs, appended: this.#appended };
  }

  /** Resolves when everything was appended and stepped; sooner when the signal says so. */
  async run(): Promise<void> {
    const { bus, readers, signal } = this.#options;
    for (const batch of this.#batches()) {
      await this.#until(() => this.#aheadMax - batch.length);
      if (signal.aborted) return;
      this.#appended += batch.length;
      for (const { name, topics } of readers) {
        const mine = batch.filter(({ topic }) => topics.has(topic)).length;
        this.#ahead.set(name, (this.#ahead.get(name) ?? 0) + mine);
      }
      await bus.append(batch);
    }
    await this.#until(() => 0);
  }

  *#batches(): Generator<readonly ProducedRecord[]> {
    let batch: ProducedRecord[] = [];
    let startMs = performance.now();
    for (const record of this.#options.records) {
      if (batch.push(record) < BATCH_RECORDS) continue;
      this.#makingMs += performance.now() - startMs;
      yield batch;
      batch = [];
      startMs = performance.now();
    }
    this.#makingMs += performance.now() - startMs;
    if (batch.length > 0) yield batch;
  }

  async #until(aheadMax: () => number): Promise<void> {
    while (!this.#options.signal.aborted && this.progress.ahead > aheadMax()) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
  }
}
