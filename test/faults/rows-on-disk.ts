/**
 * Changes single rows of a closed data directory, as a fault of the disk or a hand with a tool would:
 * with the row's checksum left as it was, or made right again.
 */
import { crc32 } from 'node:zlib';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { BatchCursor, openBatch } from '../../runner/bus/embedded/batch-format.js';
import {
  baseOfBatchKey,
  batchKey,
  blobKey,
  headerKey,
  TABLE,
  tableStart,
  topicIdOfKey,
} from '../../runner/bus/embedded/row-keys.js';
import type { StoredRecord } from '../../runner/bus/port.js';

export type Db = ClassicLevel<Buffer, Buffer>;

export async function withDb<T>(folder: string, work: (db: Db) => Promise<T>): Promise<T> {
  const db: Db = new ClassicLevel<Buffer, Buffer>(folder, {
    keyEncoding: 'buffer',
    valueEncoding: 'buffer',
  });
  await db.open();
  try {
    return await work(db);
  } finally {
    await db.close();
  }
}

export const withBus = <T>(dir: string, work: (db: Db) => Promise<T>): Promise<T> =>
  withDb(join(dir, 'bus'), work);

/** A change to a record's value in place, and whether the batch's checksum is made right after it. */
export interface RecordChange {
  readonly topic: string;
  readonly checksum: 'left' | 'right';
  /** Answers whether it changed this record; the first one changed is the last one asked. */
  readonly change: (value: Buffer, record: StoredRecord) => boolean;
}

/** Changes one record; answers its place as topic/partition/offset. */
export const changeRecord = (dir: string, { topic, checksum, change }: RecordChange) =>
  withBus(dir, async (db) => {
    const id = await topicId(db, topic);
    const range = { gte: batchKey(id, 0, 0), lt: batchKey(id + 1, 0, 0) };
    for await (const [key, bytes] of db.iterator(range)) {
      const records: StoredRecord[] = [];
      new BatchCursor(openBatch(bytes, baseOfBatchKey(key), topic)).read(records, Infinity);
      const found = records.find(
        (record) => record.value !== null && change(viewOf(record.value), record),
      );
      if (!found) continue;
      if (checksum === 'right') bytes.writeUInt32BE(crc32(bytes.subarray(4)), 0);
      await db.put(key, bytes, { sync: true });
      return `${topic}/${key.readUInt32BE(5)}/${found.offset}`;
    }
    throw new Error(`no record of ${topic} was changed`);
  });

/** The same memory: what is changed in it is changed in the batch. */
const viewOf = (bytes: Uint8Array): Buffer =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

async function topicId(db: Db, name: string): Promise<number> {
  const range = { gte: tableStart(TABLE.topic), lt: tableStart(TABLE.topic + 1) };
  for await (const [key, value] of db.iterator(range)) {
    if ((JSON.parse(value.toString()) as { readonly name: string }).name === name) {
      return topicIdOfKey(key);
    }
  }
  throw new Error(`there is no topic ${name}`);
}

/** Flips one bit of a header (after its row's head) or of a blob part. */
export const flipRound = (
  dir: string,
  at: {
    readonly task: string;
    readonly seq: number;
    readonly in: 'header' | 'blob';
    readonly checksum: 'left' | 'right';
  },
): Promise<void> =>
  withBus(dir, async (db) => {
    const key = at.in === 'header' ? headerKey(at.task, at.seq) : blobKey(at.task, at.seq, 0);
    const row = await db.get(key);
    if (!row) throw new Error(`there is no ${at.in} of ${at.task} round ${at.seq}`);
    // The last byte of a header's body (before its chain): its blob digest. Of a blob: its last byte.
    const byte = at.in === 'header' ? row.length - 33 : row.length - 1;
    row[byte] = (row[byte] ?? 0) ^ 1;
    if (at.checksum === 'right') row.writeUInt32BE(crc32(row.subarray(4)), 0);
    await db.put(key, row, { sync: true });
  });

/** Rounds of a task, and those whose blob is still there. */
export const roundsOf = (dir: string, task: string) =>
  withBus(dir, async (db) => {
    const last = Number.MAX_SAFE_INTEGER;
    const headers = await db.keys({ gte: headerKey(task, 0), lt: headerKey(task, last) }).all();
    const blobs = await db.keys({ gte: blobKey(task, 0, 0), lt: blobKey(task, last, 0) }).all();
    return {
      last: headers.length,
      blobs: blobs.map((key) => Number(key.readBigUInt64BE(key.length - 10))),
    };
  });
