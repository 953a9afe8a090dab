/**
 * A topic as a Node Writable, in object mode.
 *
 * Records are collected into batches; one batch is being written while the next one fills, and while
 * both are full the producer is held back. Bound: two batches of `batchRecords` or `batchBytes` (plus
 * one record) and 64 records handed over. `finish` comes when every record is durable; a record that
 * cannot be appended destroys the stream with the bus's error. Ending it leaves the bus open.
 */
import { Writable } from 'node:stream';
import type { Appended, Bus, ProducedRecord } from './port.js';

export interface WriteTopicOptions {
  readonly topic: string;
  /** A batch is full at this many records, 1000, or bytes, 256 KiB; an idle bus takes it sooner. */
  readonly batchRecords?: number;
  readonly batchBytes?: number;
  readonly signal?: AbortSignal;
  /** After each batch became durable. */
  readonly onAppended?: (appended: readonly Appended[]) => void;
}

/** What is written to the stream: a record without its topic. */
export type TopicInput = Omit<ProducedRecord, 'topic'>;

const OBJECTS_AHEAD = 64;

/** Records waiting to be sent as one append. */
class OpenBatch {
  #records: ProducedRecord[] = [];
  #bytes = 0;

  get empty(): boolean {
    return this.#records.length === 0;
  }

  isFull(recordsMax: number, bytesMax: number): boolean {
    return this.#records.length >= recordsMax || this.#bytes >= bytesMax;
  }

  add(record: ProducedRecord): void {
    this.#records.push(record);
    this.#bytes += (record.key?.length ?? 0) + (record.value?.length ?? 0);
  }

  take(): readonly ProducedRecord[] {
    const taken = this.#records;
    this.#records = [];
    this.#bytes = 0;
    return taken;
  }
}

export const writeTopic = (bus: Bus, options: WriteTopicOptions): Writable => {
  const { topic, batchRecords = 1000, batchBytes = 256 * 1024, signal, onAppended } = options;
  const batch = new OpenBatch();
  let sending: Promise<void> | null = null;
  let held: ((failure?: Error | null) => void) | null = null;

  const release = (failure: Error | null): void => {
    const done = held;
    held = null;
    done?.(failure);
  };

  const send = async (): Promise<void> => {
    // One turn later, so that records written together travel together.
    await new Promise((resolve) => setImmediate(resolve));
    try {
      while (!batch.empty && !stream.destroyed) {
        const records = batch.take();
        release(null);
        const appended = await bus.append(records);
        onAppended?.(appended);
      }
    } finally {
      // In the same turn as the last look at the batch: what is written next starts a new send.
      sending = null;
    }
  };

  const stream = new Writable({
    objectMode: true,
    highWaterMark: OBJECTS_AHEAD,
    ...(signal === undefined ? {} : { signal }),
    write(input: TopicInput, _encoding, done) {
      batch.add({ ...input, topic });
      if (sending === null) {
        sending = send();
        sending.catch((failure: unknown) => stream.destroy(asError(failure)));
      }
      if (batch.isFull(batchRecords, batchBytes)) held = done;
      else done();
    },
    final(done) {
      (sending ?? Promise.resolve()).then(() => {
        done();
      }, done);
    },
    destroy(failure, done) {
      batch.take();
      release(failure);
      done(failure);
    },
  });
  return stream;
};

const asError = (failure: unknown): Error =>
  failure instanceof Error ? failure : new Error(String(failure));
