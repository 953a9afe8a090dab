/**
 * What is checked of a request before it joins the queue, so that nothing in a group can fail halfway.
 */
import { UsageError } from '../../../schemas/errors.js';
import type { ClockKind, ProducedRecord, RoundEntry } from '../port.js';
import type { TopicTable } from './topic-table.js';

/** Largest part of a blob (port.ts, RoundEntry), in bytes. */
export const BLOB_PART_BYTES_MAX = 512 * 1024;
const BLOB_PARTS_MAX = 65_535;
const RECORD_BYTES_MAX = 64 * 1024 * 1024;

/** Bytes of the records; refuses unknown topics and partitions, and times of the wrong clock. */
export const checkRecords = (
  records: readonly ProducedRecord[],
  topics: TopicTable,
  clock: ClockKind,
): number => {
  let bytes = 0;
  let name = '';
  let partitions = 0;
  for (const record of records) {
    if (record.topic !== name) {
      partitions = topics.get(record.topic).partitions.length;
      name = record.topic;
    }
    const { partition, timeMs } = record;
    if (partition !== undefined && !(partition >= 0 && partition < partitions)) {
      topics.partition(name, partition);
    }
    if (clock === 'wall') {
      if (timeMs !== undefined) {
        throw new UsageError(
          `a record for ${name} brings its own time; this bus has a wall clock and stamps it itself.`,
        );
      }
    } else if (timeMs === undefined || !Number.isSafeInteger(timeMs) || timeMs < 0) {
      throw new UsageError(
        `a record for ${name} needs timeMs, whole milliseconds since 1970: this bus has a records clock.`,
      );
    }
    const size = (record.key?.length ?? 0) + (record.value?.length ?? 0);
    if (size > RECORD_BYTES_MAX) {
      throw new UsageError(
        `a record for ${name} has ${size} bytes; at most ${RECORD_BYTES_MAX} fit.`,
      );
    }
    bytes += size;
  }
  return bytes;
};

/** Bytes of headers and blobs; refuses parts larger than the port allows. */
export const checkRounds = (rounds: readonly RoundEntry[]): number => {
  let bytes = 0;
  for (const { task, seq, header, blob } of rounds) {
    if (blob.length > BLOB_PARTS_MAX) {
      throw new UsageError(`the blob of ${task} round ${seq} has ${blob.length} parts.`);
    }
    for (const part of blob) {
      if (part.length > BLOB_PART_BYTES_MAX) {
        throw new UsageError(
          `the blob of ${task} round ${seq} has a part of ${part.length} bytes; split at ${BLOB_PART_BYTES_MAX}.`,
        );
      }
      bytes += part.length;
    }
    bytes += header.length;
  }
  return bytes;
};

/** Task names become part of keys, which end them by a NUL byte. */
export const checkTasks = (tasks: readonly string[]): void => {
  for (const task of tasks) {
    if (task === '' || task.includes('\0')) {
      throw new UsageError(`task name ${JSON.stringify(task)} is empty or holds a NUL character.`);
    }
  }
};
