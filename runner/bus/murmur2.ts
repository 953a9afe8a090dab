/**
 * murmur2 as Kafka's Java client places keys, so that every producer agrees on the partition.
 *
 * Source: org.apache.kafka.common.utils.Utils.murmur2 and DefaultPartitioner (Apache Kafka 3.x);
 * known values in UtilsTest.testMurmur2, repeated in test/runner/bus/murmur2.test.ts.
 */

const SEED = 0x9747b28c;
const MULTIPLIER = 0x5bd1e995;
const SHIFT = 24;

/** Signed 32-bit hash of `bytes`. */
export const murmur2 = (bytes: Uint8Array): number => {
  const length = bytes.length;
  let hash = SEED ^ length;
  let at = 0;
  for (; at + 4 <= length; at += 4) {
    let word =
      (bytes[at] ?? 0) |
      ((bytes[at + 1] ?? 0) << 8) |
      ((bytes[at + 2] ?? 0) << 16) |
      ((bytes[at + 3] ?? 0) << 24);
    word = Math.imul(word, MULTIPLIER);
    word ^= word >>> SHIFT;
    hash = Math.imul(hash, MULTIPLIER) ^ Math.imul(word, MULTIPLIER);
  }
  if (at < length) {
    for (let tail = length - 1; tail >= at; tail--) hash ^= (bytes[tail] ?? 0) << ((tail - at) * 8);
    hash = Math.imul(hash, MULTIPLIER);
  }
  hash ^= hash >>> 13;
  hash = Math.imul(hash, MULTIPLIER);
  return hash ^ (hash >>> 15);
};

/** The partition of a key among `partitions`: the hash without its sign bit, modulo. */
export const partitionOfKey = (key: Uint8Array, partitions: number): number =>
  partitions === 1 ? 0 : (murmur2(key) & 0x7fffffff) % partitions;

/** The hash of a text's UTF-8 bytes; ASCII texts, as nearly all keys are, without encoding them. */
export const murmur2Text = (text: string): number => {
  const length = text.length;
  let hash = SEED ^ length;
  let at = 0;
  let seen = 0;
  for (; at + 4 <= length; at += 4) {
    const first = text.charCodeAt(at);
    const second = text.charCodeAt(at + 1);
    const third = text.charCodeAt(at + 2);
    const fourth = text.charCodeAt(at + 3);
    seen |= first | second | third | fourth;
    let word = first | (second << 8) | (third << 16) | (fourth << 24);
    word = Math.imul(word, MULTIPLIER);
    word ^= word >>> SHIFT;
    hash = Math.imul(hash, MULTIPLIER) ^ Math.imul(word, MULTIPLIER);
  }
  if (at < length) {
    for (let tail = length - 1; tail >= at; tail--) {
      const code = text.charCodeAt(tail);
      seen |= code;
      hash ^= code << ((tail - at) * 8);
    }
    hash = Math.imul(hash, MULTIPLIER);
  }
  if (seen > 0x7f) return murmur2(Buffer.from(text));
  hash ^= hash >>> 13;
  hash = Math.imul(hash, MULTIPLIER);
  return hash ^ (hash >>> 15);
};
