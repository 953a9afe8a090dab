/**
 * From a stored record to a signal: released records, values, keys, partitions.
 *
 * fails: POISON for a record a person released, DECODE_FAILED, SCHEMA_UNKNOWN, WRONG_PARTITION; all
 * divert.
 */
import { DivertError } from '../../schemas/errors.js';
import type { Topic } from '../../schemas/topic.js';
import type { Position, Signal } from '../../operators/signal.js';
import { partitionOf, type Consumer } from './assembly.js';
import type { ExecutorOptions } from './execution.js';
import type { Planned } from './plan.js';

export class RecordDecoder {
  readonly #options: ExecutorOptions;
  readonly #topics: ReadonlyMap<string, Topic<never>>;
  readonly #skips: Set<string>;

  constructor(options: ExecutorOptions) {
    this.#options = options;
    this.#topics = new Map(options.topology.sources.map((one) => [one.name, one.topic]));
    this.#skips = new Set(options.skips);
  }

  /** Diverts the record at topic/partition/offset instead of stepping it (R7, `runner skip`). */
  skip(place: string): void {
    this.#skips.add(place);
  }

  decode(planned: Planned, at: Position, consumers: readonly Consumer[]): Signal<unknown> {
    const { record } = planned.queued;
    const { source } = planned.reader;
    const place = (): string => `${at.topic}/${at.partition}/${at.offset}`;
    if (this.#skips.size > 0 && this.#skips.has(place())) {
      for (const { tasks } of consumers) for (const task of tasks) task.skipped.push(place());
      throw new DivertError('POISON', `${place()} ended the process repeatedly and was skipped.`);
    }
    const topic = this.#topics.get(source);
    if (!topic) throw new Error(`source ${source} is not declared`);
    if (!record.value) {
      throw new DivertError(
        'DECODE_FAILED',
        `${place()} has no value; tombstones mean nothing here.`,
      );
    }
    const key = record.key ? bufferOf(record.key).toString() : '';
    const partitions = this.#options.partitionsOf(at.topic);
    if (partitions > 1 && record.key && partitionOf(key, partitions) !== at.partition) {
      throw new DivertError(
        'WRONG_PARTITION',
        `${place()} has a key of partition ${partitionOf(key, partitions)}; its producer must place keys by murmur2.`,
      );
    }
    const decoded = this.#options.serde.decode(topic, record.value);
    const value = this.#options.annotate ? this.#options.annotate(source, decoded, place) : decoded;
    return { run: topic.runOf?.(decoded as never) ?? '', key, value, at };
  }
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
