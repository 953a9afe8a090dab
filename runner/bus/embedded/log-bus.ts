/**
 * The embedded bus: every topic, round, claim and meta row in one sorted store of rows.
 *
 * Owner of the store and of all offsets, times and sequences; one instance per data directory. Requests
 * are checked here, planned and written in groups (write-queue.ts), read by partition-log.ts and
 * round-rows.ts. P1 and P2 hold because a group is one atomic durable write; P3 and P4 by
 * partition-log.ts; P5 by row-store.ts.
 *
 * A bus opened for reading refuses each write (READ_ONLY). LevelDB takes its lock for reading too, so
 * being read-only is a property of this class, not of the files.
 */
import { HaltError } from '../../../schemas/errors.js';
import type {
  Appended,
  Bus,
  Claim,
  ClockKind,
  CommitRequest,
  MetaStore,
  ProducedRecord,
  Pulled,
  RoundEntry,
  TopicBounds,
  TopicConfig,
} from '../port.js';
import { checkRecords, checkRounds, checkTasks } from './check-records.js';
import { LogGroup, type LogCore } from './log-group.js';
import { metaRows } from './meta-rows.js';
import { retainTopics, type Retained, type RetentionFloor } from './retention.js';
import { deleteBlobs, readRounds } from './round-rows.js';
import { WriteQueue } from './write-queue.js';

export interface LogBusOptions {
  readonly core: LogCore;
  readonly readOnly: boolean;
  /** Bytes that may wait to be written before BUS_BUSY. */
  readonly queueBytesMax: number;
  /** How often retention runs by itself; null: only when called. */
  readonly retainEveryMs: number | null;
  readonly beforeClose: () => Promise<void>;
}

/** Figures for metrics; bytes and counts since open. */
export interface BusStats {
  readonly groups: number;
  readonly records: number;
  readonly rounds: number;
  readonly waitingBytes: number;
  readonly recentBytes: number;
}

export class LogBus implements Bus {
  readonly kind = 'embedded';
  readonly clock: ClockKind;
  readonly meta: MetaStore;
  readonly #core: LogCore;
  readonly #options: LogBusOptions;
  readonly #queue: WriteQueue<LogGroup>;
  readonly #listeners = new Set<() => void>();
  readonly #purged = new Map<string, number>();
  readonly #timer: NodeJS.Timeout | null;
  #floor: RetentionFloor | null = null;
  #retaining: Promise<Retained> | null = null;
  #closing: Promise<void> | null = null;

  constructor(options: LogBusOptions) {
    this.#options = options;
    this.#core = options.core;
    this.clock = options.core.clockKind;
    this.#queue = new WriteQueue<LogGroup>({
      bytesMax: options.queueBytesMax,
      begin: () => new LogGroup(options.core),
      landed: () => {
        options.core.clock.landed();
        this.#tell();
      },
    });
    this.meta = metaRows(options.core.rows, {
      reading: () => {
        this.#open();
      },
      write: (puts) => this.#write(0, (group) => void group.puts.push(...puts)),
    });
    this.#timer = options.retainEveryMs === null ? null : this.#retainEvery(options.retainEveryMs);
  }

  nowMs(): number {
    return this.#core.clock.nowMs();
  }

  stats(): BusStats {
    return {
      groups: this.#queue.groups,
      records: this.#core.written.records,
      rounds: this.#core.written.rounds,
      waitingBytes: this.#queue.waitingBytes,
      recentBytes: this.#core.recent.bytes,
    };
  }

  async ensureTopics(wanted: readonly TopicConfig[]): Promise<void> {
    this.#open();
    if (this.#core.topics.missing(wanted).length === 0) return;
    await this.#write(0, (group) => {
      group.afterwards(this.#core.topics.create(wanted, group.puts));
    });
  }

  topics(): Promise<readonly TopicConfig[]> {
    return this.#reading(() => this.#core.topics.configs());
  }

  bounds(topic: string): Promise<readonly TopicBounds[]> {
    return this.#reading(() =>
      this.#core.topics.get(topic).partitions.map((log) => ({
        partition: log.partition,
        start: BigInt(log.start),
        end: BigInt(log.end),
        lastTimeMs: log.lastTimeMs,
      })),
    );
  }

  async append(records: readonly ProducedRecord[]): Promise<readonly Appended[]> {
    this.#writable();
    const bytes = checkRecords(records, this.#core.topics, this.clock);
    return this.#write(bytes, (group) => group.place(records));
  }

  async pull(topic: string, partition: number, from: bigint, bytesMax: number): Promise<Pulled> {
    this.#open();
    this.#queue.throwIfFailed();
    return this.#core.topics.partition(topic, partition).pull(from, Math.max(1, bytesMax));
  }

  async commit({ rounds, outputs }: CommitRequest): Promise<readonly Appended[]> {
    this.#writable();
    const bytes = checkRecords(outputs, this.#core.topics, this.clock) + checkRounds(rounds);
    return this.#write(bytes, (group) => {
      group.tasks.commit(rounds, group.puts);
      group.rounds += rounds.length;
      return group.place(outputs);
    });
  }

  async claim(tasks: readonly string[], owner: string): Promise<readonly Claim[]> {
    this.#writable();
    checkTasks(tasks);
    return this.#write(0, (group) => group.tasks.claim(tasks, owner, group.puts));
  }

  async *rounds(task: string, from: number, to = Infinity): AsyncGenerator<RoundEntry> {
    this.#open();
    const last = Math.min(to, this.#core.tasks.get(task).lastSeq);
    yield* readRounds(this.#core.rows, task, from, last);
  }

  tasks(): Promise<readonly string[]> {
    return this.#reading(() => this.#core.tasks.committed());
  }

  async purgeBlobs(task: string, through: number): Promise<void> {
    this.#writable();
    const last = Math.min(through, this.#core.tasks.get(task).lastSeq);
    const from = (this.#purged.get(task) ?? 0) + 1;
    if (last < from) return;
    await deleteBlobs(this.#core.rows, task, from, last);
    this.#purged.set(task, last);
  }

  onAppend(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Nothing at or above what `floor` says is removed by retention from now on. */
  protect(floor: RetentionFloor | null): void {
    this.#floor = floor;
  }

  /** Applies retention as of `nowMs`; one run at a time. */
  async retain(nowMs = this.nowMs()): Promise<Retained> {
    this.#writable();
    await this.#retaining;
    this.#retaining = retainTopics(this.#core.rows, this.#core.topics, {
      nowMs,
      floor: this.#floor,
    });
    try {
      return await this.#retaining;
    } finally {
      this.#retaining = null;
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    await this.#queue.close(closed());
    await this.#retaining?.catch(() => undefined);
    // While the store is still locked: afterwards these files may already be another process's.
    await this.#options.beforeClose();
    await this.#core.rows.close();
    this.#listeners.clear();
  }

  #write<T>(bytes: number, plan: (group: LogGroup) => T): Promise<T> {
    this.#writable();
    return this.#queue.enqueue(bytes, plan);
  }

  #reading<T>(read: () => T): Promise<T> {
    return new Promise((resolve) => {
      this.#open();
      resolve(read());
    });
  }

  #open(): void {
    if (this.#closing !== null) throw closed();
  }

  #writable(): void {
    this.#open();
    if (this.#options.readOnly) {
      throw new HaltError('READ_ONLY', 'this bus was opened for reading; it takes no writes.');
    }
  }

  /** Listeners run on their own: one that throws is the process's error, not the bus's. */
  #tell(): void {
    for (const listener of this.#listeners) queueMicrotask(listener);
  }

  #retainEvery(everyMs: number): NodeJS.Timeout {
    const timer = setInterval(() => {
      // A store that cannot be read or written shows itself to the next commit, which halts.
      this.retain().catch(() => undefined);
    }, everyMs);
    timer.unref();
    return timer;
  }
}

const closed = (): HaltError => new HaltError('BUS_CLOSED', 'the bus is closed.');
