/**
 * One source partition as the engine reads it: a queue of records pulled ahead, and what may still come.
 *
 * Q1. Times never fall within a partition: a record's time is raised to the one before it.
 * Q2. `lowerBoundMs` is never above the time of a record that comes later.
 */
import { HaltError } from '../../schemas/errors.js';
import { isProgressMarker } from '../bus/marker.js';
import type { Bus, StoredRecord } from '../bus/port.js';

export interface QueuedRecord {
  readonly record: StoredRecord;
  /** Record time, raised to the time before it in the partition. */
  readonly timeMs: number;
  readonly marker: boolean;
}

export interface ReaderOptions {
  readonly bus: Bus;
  readonly source: string;
  readonly topic: string;
  readonly partition: number;
  readonly rank: number;
  readonly from: bigint;
  /** Time of the last record consumed before `from`. */
  readonly lastTimeMs: number;
}

/** Pulled bytes per call and source partition. */
const PULL_BYTES = 256 * 1024;
/** Pull again below this many records ahead. */
const AHEAD_MIN = 600;

export class Reader {
  readonly source: string;
  readonly topic: string;
  readonly partition: number;
  readonly rank: number;
  /** Next offset to consume. */
  next: bigint;
  #head = 0;
  #queue: QueuedRecord[] = [];
  #fetchNext: bigint;
  #lastTimeMs: number;
  #atEndSinceMs = -1;
  #end = 0n;
  #pulling: Promise<void> | undefined;
  readonly #bus: Bus;

  constructor(options: ReaderOptions) {
    this.#bus = options.bus;
    this.source = options.source;
    this.topic = options.topic;
    this.partition = options.partition;
    this.rank = options.rank;
    this.next = options.from;
    this.#fetchNext = options.from;
    this.#lastTimeMs = options.lastTimeMs;
  }

  get queued(): number {
    return this.#queue.length - this.#head;
  }

  /** Records known to lie ahead, queued or not. */
  get lag(): number {
    return Math.max(0, Number(this.#end - this.next));
  }

  peek(): QueuedRecord | undefined {
    return this.#queue[this.#head];
  }

  take(): QueuedRecord {
    const taken = this.#queue[this.#head];
    if (!taken) throw new Error('take() on an empty reader');
    this.#head += 1;
    this.next = taken.record.offset + 1n;
    if (this.#head > 1024 && this.#head * 2 > this.#queue.length) {
      this.#queue = this.#queue.slice(this.#head);
      this.#head = 0;
    }
    return taken;
  }

  /** Takes back the record taken last: the round was cut before it. */
  giveBack(queued: QueuedRecord): void {
    if (this.#head > 0) {
      this.#head -= 1;
      this.#queue[this.#head] = queued;
    } else this.#queue.unshift(queued);
    this.next = queued.record.offset;
  }

  /** True when everything appended before `sinceMs` has been pulled. */
  get atEnd(): boolean {
    return this.#atEndSinceMs >= 0 && this.#fetchNext >= this.#end;
  }

  /**
   * Smallest time a record not yet queued can have: Q2. On a wall bus a partition read to its end can
   * deliver nothing older than the moment it was asked, less `slackMs`.
   */
  lowerBoundMs(slackMs: number): number {
    const head = this.peek();
    if (head) return head.timeMs;
    if (this.#bus.clock === 'wall' && this.atEnd) {
      return Math.max(this.#lastTimeMs, this.#atEndSinceMs - slackMs);
    }
    return this.#lastTimeMs;
  }

  /** Starts a pull when the queue runs low; at most one in flight. */
  refill(): Promise<void> | undefined {
    if (this.#pulling) return this.#pulling;
    if (this.queued >= AHEAD_MIN) return undefined;
    this.#pulling = this.#pull().finally(() => {
      this.#pulling = undefined;
    });
    return this.#pulling;
  }

  async #pull(): Promise<void> {
    const askedMs = this.#bus.nowMs();
    const pulled = await this.#bus.pull(this.topic, this.partition, this.#fetchNext, PULL_BYTES);
    if (pulled.end < this.#fetchNext) {
      throw new HaltError(
        'SOURCE_REWOUND',
        `${this.topic}/${this.partition} ends at ${pulled.end} but was read to ${this.#fetchNext}; the topic was recreated.`,
        { origin: `${this.topic}/${this.partition}` },
      );
    }
    for (const record of pulled.records) {
      this.#lastTimeMs = Math.max(this.#lastTimeMs, record.timeMs);
      this.#queue.push({ record, timeMs: this.#lastTimeMs, marker: isProgressMarker(record) });
    }
    this.#fetchNext = pulled.next;
    this.#end = pulled.end;
    this.#atEndSinceMs = pulled.next >= pulled.end ? askedMs : -1;
  }
}
