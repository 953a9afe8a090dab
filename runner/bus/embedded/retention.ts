/**
 * Removes old batches of topics that have a bound, by time and by bytes, whole batches from the oldest.
 *
 * A floor protects what somebody still needs: nothing at or above it is removed, even when a bound is
 * passed. So the size of a topic is bounded by retention *or* by how far its slowest consumer lies
 * behind, whichever is more; a consumer that is never started again must be forgotten by name (R6).
 */
import { openBatch } from './batch-format.js';
import type { PartitionLog } from './partition-log.js';
import { baseOfBatchKey, batchKey, partitionKey } from './row-keys.js';
import type { RowPut, RowStore } from './row-store.js';
import type { TopicTable } from './topic-table.js';

/** First offset still needed in a partition, null when nobody needs any. */
export type RetentionFloor = (topic: string, partition: number) => bigint | null;

export interface Retained {
  readonly batches: number;
  readonly records: number;
  readonly bytes: number;
}

const ROWS_PER_WRITE = 64;

export const retainTopics = async (
  rows: RowStore,
  topics: TopicTable,
  { nowMs, floor }: { readonly nowMs: number; readonly floor: RetentionFloor | null },
): Promise<Retained> => {
  const total = { batches: 0, records: 0, bytes: 0 };
  for (const { config, partitions } of topics.all()) {
    if (config.retentionMs === null && config.retentionBytes === null) continue;
    for (const log of partitions) {
      const needed = floor?.(config.name, log.partition) ?? null;
      const removed = await retainPartition(rows, log, {
        oldestMs: config.retentionMs === null ? -Infinity : nowMs - config.retentionMs,
        bytesMax: config.retentionBytes ?? Infinity,
        keepFrom: needed === null ? Infinity : Number(needed),
      });
      total.batches += removed.batches;
      total.records += removed.records;
      total.bytes += removed.bytes;
    }
  }
  return total;
};

interface Bounds {
  /** Batches whose last record is older go. */
  readonly oldestMs: number;
  readonly bytesMax: number;
  readonly keepFrom: number;
}

const retainPartition = async (
  rows: RowStore,
  log: PartitionLog,
  bounds: Bounds,
): Promise<Retained> => {
  const removed = { batches: 0, records: 0, bytes: 0 };
  for (;;) {
    const end = log.end;
    const found = await rows.range({
      from: batchKey(log.topicId, log.partition, log.start),
      until: batchKey(log.topicId, log.partition, end),
      limit: ROWS_PER_WRITE,
      bytesMax: 1024 * 1024,
    });
    const puts: RowPut[] = [];
    for (const [key, value] of found) {
      const batch = openBatch(value, baseOfBatchKey(key), log.where);
      const expired = batch.lastTimeMs < bounds.oldestMs || log.bytes > bounds.bytesMax;
      if (!expired || batch.end > bounds.keepFrom) break;
      puts.push({ key, value: null });
      // Readers are told before the rows go, so a removed offset is never taken for a damaged one.
      log.start = batch.end;
      log.startBytes = batch.bytesBefore + batch.bytes.length;
      removed.batches++;
      removed.records += batch.end - batch.base;
      removed.bytes += batch.bytes.length;
    }
    if (puts.length === 0) return removed;
    const count = puts.length;
    // Where the partition stands, for the day when no batch is left to tell.
    const place = Buffer.from(JSON.stringify(log.place));
    puts.push({ key: partitionKey(log.topicId, log.partition), value: place });
    await rows.write(puts, false);
    if (count < found.length) return removed;
  }
};
