/**
 * Finds the records of a partition whose bytes hold a text, without decoding them: ids of decisions are
 * ASCII inside the Avro, and looking for bytes is a hundred times cheaper than decoding.
 *
 * in: topic, partition, text. out: offsets, in order, at most `MATCHES_MAX`; the caller decodes and
 * judges. Reads about 4 MiB at a time and yields between reads, so an owner goes on with its rounds.
 */
import type { Bus } from './bus/port.js';

export interface PartitionSearch {
  readonly topic: string;
  readonly partition: number;
  readonly text: string;
}

export const MATCHES_MAX = 100;
const BYTES_PER_PULL = 4 * 1024 * 1024;

export async function searchPartition(bus: Bus, search: PartitionSearch): Promise<bigint[]> {
  const { topic, partition } = search;
  const needle = Buffer.from(search.text, 'latin1');
  const bounds = (await bus.bounds(topic)).find((one) => one.partition === partition);
  const found: bigint[] = [];
  for (let from = bounds?.start ?? 0n, end = bounds?.end ?? 0n; from < end;) {
    const pulled = await bus.pull(topic, partition, from, BYTES_PER_PULL);
    for (const { value, offset } of pulled.records) {
      if (value === null || !bufferOf(value).includes(needle)) continue;
      found.push(offset);
      if (found.length >= MATCHES_MAX) return found;
    }
    from = pulled.next;
    await new Promise((resolve) => setImmediate(resolve));
  }
  return found;
}

const bufferOf = (bytes: Uint8Array): Buffer =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
