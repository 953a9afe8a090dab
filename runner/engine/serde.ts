/**
 * The codecs of a topology's topics, made once per process.
 */
import { topicCodec, type TopicCodec } from '../../schemas/codec.js';
import type { SchemaLookup } from '../../schemas/schema-lookup.js';
import type { Topic } from '../../schemas/topic.js';

export interface Serde {
  /** DECODE_FAILED or SCHEMA_UNKNOWN when the bytes are not a value of the topic. */
  decode(topic: Topic<never>, bytes: Uint8Array): unknown;
  /** ENCODE_FAILED when the value does not fit the topic's schema. */
  encode(topic: Topic<never>, value: unknown): Uint8Array;
}

export function codecSerde(lookup: SchemaLookup): Serde {
  const codecs = new Map<Topic<never>, TopicCodec<never>>();
  const codecOf = (topic: Topic<never>): TopicCodec<never> => {
    let codec = codecs.get(topic);
    if (!codec) {
      codec = topicCodec(topic, lookup);
      codecs.set(topic, codec);
    }
    return codec;
  };
  return {
    decode: (topic, bytes) => codecOf(topic).decode(bytes),
    encode: (topic, value) => codecOf(topic).encode(value as never),
  };
}
