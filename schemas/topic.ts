/**
 * A topic as a value: its name, registry subject, Avro schema, key and partition count. Operators and
 * topologies speak of topics only through these values; the bytes are the codec's (schemas/codec.ts).
 *
 * T1. `key` is a function of the value alone, so any producer places a record the same way.
 * T2. The schema is the reader's: it is pinned by the topology that names the topic.
 */
import type { AvroWrite } from './avro-out.js';
import { UsageError } from './errors.js';

export interface Topic<T> {
  readonly name: string;
  /** Registry subject; `<name>-value` unless stated, as Confluent's clients expect. */
  readonly subject: string;
  /** JSON text of the Avro schema. */
  readonly schema: string;
  readonly partitions: number;
  readonly key: (value: T) => string;
  /** The run a value belongs to; absent on topics that outlive runs. */
  readonly runOf: ((value: T) => string) | undefined;
  /** A generated writer of the same bytes, on topics written with every decision. */
  readonly write: AvroWrite<T> | undefined;
}

export interface TopicOptions<T> {
  readonly name: string;
  readonly subject?: string;
  readonly schema: string;
  /** The record key, as text; its UTF-8 bytes are hashed by murmur2 to find the partition. */
  readonly key: (value: T) => string;
  readonly runOf?: (value: T) => string;
  readonly write?: AvroWrite<T>;
  /** 1 to 1024; default 1. */
  readonly partitions?: number;
}

const LEGAL_NAME = /^[a-zA-Z0-9._-]{1,249}$/;
const PARTITIONS_MAX = 1024;

/** Declares a topic. Throws UsageError for a name or partition count no broker would take. */
export function topic<T>(options: TopicOptions<T>): Topic<T> {
  const { name, partitions = 1 } = options;
  if (!LEGAL_NAME.test(name)) {
    throw new UsageError(`topic ${name}: a name is 1 to 249 of a-z A-Z 0-9 . _ -`);
  }
  if (!Number.isInteger(partitions) || partitions < 1 || partitions > PARTITIONS_MAX) {
    throw new UsageError(`topic ${name}: partitions must be 1 to ${PARTITIONS_MAX}`);
  }
  return {
    name,
    subject: options.subject ?? `${name}-value`,
    schema: options.schema,
    partitions,
    key: options.key,
    runOf: options.runOf,
    write: options.write,
  };
}
