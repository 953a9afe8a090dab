/**
 * What one durable write of the embedded bus consists of: records placed in partitions, rounds, claims
 * and small rows of any number of requests. Filled by plans (write-queue.ts, W1), then encoded once.
 */
import { partitionOfKey } from '../murmur2.js';
import type { Appended, ClockKind, ProducedRecord } from '../port.js';
import type { BatchEncoder } from './batch-encode.js';
import type { BrokerClock } from './broker-clock.js';
import type { PartitionLog } from './partition-log.js';
import type { RecentBatches } from './recent-batches.js';
import type { RowPut, RowStore } from './row-store.js';
import { TaskDraft, type TaskTable } from './task-table.js';
import type { TopicTable } from './topic-table.js';
import type { WriteGroup } from './write-queue.js';

/** What groups share; `sequence` is the last append sequence given out. */
export interface LogCore {
  readonly rows: RowStore;
  readonly topics: TopicTable;
  readonly tasks: TaskTable;
  readonly clock: BrokerClock;
  readonly clockKind: ClockKind;
  readonly encoder: BatchEncoder;
  readonly recent: RecentBatches;
  sequence: number;
  /** Durable since open. */
  readonly written: { records: number; rounds: number };
}

export class LogGroup implements WriteGroup {
  readonly puts: RowPut[] = [];
  readonly tasks: TaskDraft;
  readonly #core: LogCore;
  readonly #stampMs: number;
  readonly #touched: PartitionLog[] = [];
  readonly #afterwards: (() => void)[] = [];
  records = 0;
  rounds = 0;

  constructor(core: LogCore) {
    this.#core = core;
    this.tasks = new TaskDraft(core.tasks);
    this.#stampMs = core.clock.stamp();
  }

  /** Runs once the group is durable, before its promises resolve. */
  afterwards(work: () => void): void {
    this.#afterwards.push(work);
  }

  /** Gives every record its partition, offset, time and sequence. The records were checked before. */
  place(records: readonly ProducedRecord[]): readonly Appended[] {
    const { topics, clockKind } = this.#core;
    const appended: Appended[] = new Array<Appended>(records.length);
    let name = '';
    let partitions: readonly PartitionLog[] = [];
    for (let index = 0; index < records.length; index++) {
      const record = records[index];
      if (record === undefined) continue;
      if (record.topic !== name) {
        name = record.topic;
        partitions = topics.get(name).partitions;
      }
      const sequence = ++this.#core.sequence;
      const partition = record.partition ?? partitionOf(record.key, partitions.length, sequence);
      const log = partitions[partition] ?? topics.partition(name, partition);
      if (log.placedCount === 0) this.#touched.push(log);
      const wanted = clockKind === 'wall' ? this.#stampMs : (record.timeMs ?? 0);
      const timeMs = log.raised(wanted);
      const offset = BigInt(log.placeRecord(record, timeMs, sequence));
      appended[index] = { topic: name, partition, offset, timeMs };
    }
    this.records += records.length;
    return appended;
  }

  async write(): Promise<void> {
    for (const log of this.#touched) log.encodePlaced(this.#core.encoder, this.puts);
    if (this.puts.length > 0) await this.#core.rows.write(this.puts, true);
  }

  publish(): void {
    for (const log of this.#touched) log.publish(this.#core.recent);
    this.#core.tasks.takeOver(this.tasks);
    this.#core.written.records += this.records;
    this.#core.written.rounds += this.rounds;
    for (const work of this.#afterwards) work();
  }
}

/** A record without key goes round by its sequence: even, and the same wherever the log is the same. */
const partitionOf = (key: Uint8Array | null, partitions: number, sequence: number): number =>
  key === null ? sequence % partitions : partitionOfKey(key, partitions);
