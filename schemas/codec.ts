/**
 * Bytes of topic values: Confluent's wire format (a zero byte, the writer schema's id as 4 bytes big
 * endian, Avro), straight through avsc.
 *
 * Ownership: encoded buffers are slices of a slab of 64 KiB; they may be kept, and keep their slab.
 * C1. Decoding uses the reader schema of the topic; the resolver for a writer id is built once.
 * C2. Every error is a DivertError: SCHEMA_UNKNOWN, DECODE_FAILED or ENCODE_FAILED. Bytes left over
 *     after a value are an error, and so is a count that could not fit (schemas/avro-bounds.ts).
 * C3. Decoded values share no memory with the bytes they came from.
 *
 * source: Confluent wire format, Avro 1.11 specification.
 */
import { Buffer } from 'node:buffer';
import avro from 'avsc';
import { boundsOf, type Walk } from './avro-bounds.js';
import { AvroOut } from './avro-out.js';
import { DivertError, UsageError } from './errors.js';
import { projectSchema, type Projected, type Selection } from './projection.js';
import type { SchemaLookup } from './schema-lookup.js';
import type { Topic } from './topic.js';

/** Bytes before the Avro bytes: magic zero and writer schema id. */
export const WIRE_HEADER_BYTES = 5;
const SLAB_BYTES = 64 * 1024;

export interface Decoder<T> {
  /** Throws DivertError SCHEMA_UNKNOWN or DECODE_FAILED. */
  decode(bytes: Uint8Array): T;
}

export interface TopicCodec<T> extends Decoder<T> {
  readonly topic: Topic<T>;
  /** Registers the schema on first use. Throws DivertError ENCODE_FAILED naming the field. */
  encode(value: T): Buffer;
  /** The record key's bytes. */
  encodeKey(value: T): Buffer;
  /** A decoder that reads only the fields named; a decision about speed, and about truth fields. */
  project<const S extends Selection<T>>(selection: S): Decoder<Projected<T, S>>;
}

const types = new Map<string, avro.Type>();

/** The avsc type of a schema text; parsed once per process. Throws UsageError when it is no schema. */
export function avroType(schemaJson: string): avro.Type {
  let type = types.get(schemaJson);
  if (type === undefined) {
    try {
      type = avro.Type.forSchema(JSON.parse(schemaJson) as avro.Schema, {
        omitRecordMethods: true,
      });
    } catch (cause) {
      throw new UsageError(`not an Avro schema: ${messageOf(cause)}`, { cause });
    }
    types.set(schemaJson, type);
  }
  return type;
}

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

interface Writer {
  /** What decodes: the reader's type with a resolver, or without one when both schemas are one. */
  readonly resolver: ReturnType<avro.Type['createResolver']> | undefined;
  readonly bounds: Walk | null;
}

class AvroDecoder<T> implements Decoder<T> {
  readonly #name: string;
  readonly #schema: string;
  readonly #reader: avro.Type;
  readonly #lookup: SchemaLookup;
  readonly #writers = new Map<number, Writer>();

  constructor(name: string, schema: string, lookup: SchemaLookup) {
    this.#name = name;
    this.#schema = schema;
    this.#reader = avroType(schema);
    this.#lookup = lookup;
  }

  decode(bytes: Uint8Array): T {
    const buffer = Buffer.isBuffer(bytes)
      ? bytes
      : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (buffer.length < WIRE_HEADER_BYTES || buffer[0] !== 0) {
      throw new DivertError(
        'DECODE_FAILED',
        `${this.#name}: not in the registry's wire format (a zero byte, a 4-byte schema id, Avro)`,
      );
    }
    const id = buffer.readUInt32BE(1);
    const writer = this.#writers.get(id) ?? this.#writer(id);
    if (writer.bounds !== null && writer.bounds(buffer, WIRE_HEADER_BYTES) !== buffer.length) {
      throw this.#corrupt(id, 'a length or count does not fit the bytes');
    }
    let decoded: { value: unknown; offset: number };
    try {
      decoded = this.#reader.decode(buffer, WIRE_HEADER_BYTES, writer.resolver);
    } catch (cause) {
      throw this.#corrupt(id, messageOf(cause), cause);
    }
    if (decoded.offset !== buffer.length) {
      throw this.#corrupt(
        id,
        decoded.offset < 0
          ? 'the bytes end before the value does'
          : `${buffer.length - decoded.offset} bytes are left over`,
      );
    }
    return decoded.value as T;
  }

  #corrupt(id: number, reason: string, cause?: unknown): DivertError {
    return new DivertError('DECODE_FAILED', `${this.#name}, writer schema ${id}: ${reason}`, {
      cause,
    });
  }

  #writer(id: number): Writer {
    const text = this.#lookup.byId(id);
    if (text === undefined) {
      throw new DivertError('SCHEMA_UNKNOWN', `${this.#name}: the registry has no schema ${id}`);
    }
    let writer: Writer;
    try {
      const type = avroType(text);
      writer = {
        resolver:
          text === this.#schema
            ? undefined
            : this.#reader.createResolver(type, { ignoreNamespaces: true }),
        bounds: boundsOf(type),
      };
    } catch (cause) {
      throw this.#corrupt(id, messageOf(cause), cause);
    }
    this.#writers.set(id, writer);
    return writer;
  }
}

/** Names the first field that does not fit. */
function misfit(type: avro.Type, value: unknown): string {
  let found = 'the value';
  type.isValid(value, {
    errorHook: (path: string[], part: unknown, expected: avro.Type) => {
      const kind = part === null ? 'null' : typeof part;
      found = `${path.join('.') || 'value'} is ${kind}, expected ${expected.branchName ?? expected.typeName}`;
    },
  });
  return found;
}

let slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
let slabUsed = 0;

function encodeInto(type: avro.Type, id: number, value: unknown): Buffer {
  for (;;) {
    const start = slabUsed;
    const end =
      slab.length - start > WIRE_HEADER_BYTES
        ? type.encode(value, slab, start + WIRE_HEADER_BYTES)
        : -SLAB_BYTES;
    if (end >= 0) {
      slab[start] = 0;
      slab.writeUInt32BE(id, start + 1);
      slabUsed = end;
      return slab.subarray(start, end);
    }
    slab = Buffer.allocUnsafeSlow(Math.max(SLAB_BYTES, slab.length - start - end));
    slabUsed = 0;
  }
}

const out = new AvroOut();

/** Avro bytes behind the wire header, in the slab. */
function framed(avroBytes: Buffer, id: number): Buffer {
  const size = WIRE_HEADER_BYTES + avroBytes.length;
  if (slab.length - slabUsed < size) {
    slab = Buffer.allocUnsafeSlow(Math.max(SLAB_BYTES, size));
    slabUsed = 0;
  }
  const start = slabUsed;
  slabUsed += size;
  slab[start] = 0;
  slab.writeUInt32BE(id, start + 1);
  slab.set(avroBytes, start + WIRE_HEADER_BYTES);
  return slab.subarray(start, slabUsed);
}

/** The codec of a topic. `lookup` is asked for the writer id at the first `encode` only. */
export function topicCodec<T>(topic: Topic<T>, lookup: SchemaLookup): TopicCodec<T> {
  const type = avroType(topic.schema);
  const { write } = topic;
  const decoder = new AvroDecoder<T>(topic.name, topic.schema, lookup);
  let writerId: number | undefined;
  return {
    topic,
    decode: (bytes) => decoder.decode(bytes),
    encode: (value) => {
      writerId ??= lookup.idOf(topic.subject, topic.schema);
      try {
        if (write === undefined) return encodeInto(type, writerId, value);
        write(out.begin(), value);
        return framed(out.view(), writerId);
      } catch (cause) {
        throw new DivertError('ENCODE_FAILED', `${topic.name}: ${misfit(type, value)}`, { cause });
      }
    },
    encodeKey: (value) => Buffer.from(topic.key(value), 'utf8'),
    project: <const S extends Selection<T>>(selection: S) =>
      new AvroDecoder<Projected<T, S>>(topic.name, projectSchema(topic.schema, selection), lookup),
  };
}
