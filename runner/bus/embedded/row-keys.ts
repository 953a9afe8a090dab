/**
 * Key layout of the embedded bus: the first byte is the table, numbers are big-endian, so that byte
 * order is the order of reading.
 *
 *   01 name                             about the bus itself: format, clock
 *   02 topicId:4                        a topic: JSON {name, partitions, retentionMs, retentionBytes}
 *   03 topicId:4 partition:4 base:8     a batch of records (batch-format.ts)
 *   04 topicId:4 partition:4            where a partition stands after retention emptied it
 *   05 task 00 seq:8                    a round's header
 *   06 task 00 seq:8 part:2             a part of a round's blob
 *   07 task                             a claim: JSON {epoch, owner}
 *   08 key                              meta rows
 */

export const TABLE = {
  bus: 1,
  topic: 2,
  batch: 3,
  partition: 4,
  header: 5,
  blob: 6,
  claim: 7,
  meta: 8,
} as const;

export type Table = (typeof TABLE)[keyof typeof TABLE];

const HIGH = 0x1_0000_0000;

const writeUint64 = (bytes: Buffer, value: number, at: number): void => {
  bytes.writeUInt32BE(Math.floor(value / HIGH), at);
  bytes.writeUInt32BE(value % HIGH, at + 4);
};

const readUint64 = (bytes: Buffer, at: number): number =>
  bytes.readUInt32BE(at) * HIGH + bytes.readUInt32BE(at + 4);

/** Keys of a whole table: from `tableStart(t)` inclusive to `tableStart(t + 1)` exclusive. */
export const tableStart = (table: number): Buffer => Buffer.of(table);

export const namedKey = (table: Table, name: string): Buffer =>
  Buffer.concat([Buffer.of(table), Buffer.from(name, 'utf8')]);

export const nameOfKey = (key: Buffer): string => key.toString('utf8', 1);

export const topicKey = (topicId: number): Buffer => {
  const key = Buffer.allocUnsafe(5);
  key[0] = TABLE.topic;
  key.writeUInt32BE(topicId, 1);
  return key;
};

export const topicIdOfKey = (key: Buffer): number => key.readUInt32BE(1);

export const batchKey = (topicId: number, partition: number, base: number): Buffer => {
  const key = Buffer.allocUnsafe(17);
  key[0] = TABLE.batch;
  key.writeUInt32BE(topicId, 1);
  key.writeUInt32BE(partition, 5);
  writeUint64(key, base, 9);
  return key;
};

export const baseOfBatchKey = (key: Buffer): number => readUint64(key, 9);

export const partitionKey = (topicId: number, partition: number): Buffer => {
  const key = Buffer.allocUnsafe(9);
  key[0] = TABLE.partition;
  key.writeUInt32BE(topicId, 1);
  key.writeUInt32BE(partition, 5);
  return key;
};

/** Task names carry no NUL byte (checked at claim), so a name never runs into another's rows. */
export const headerKey = (task: string, seq: number): Buffer =>
  roundKey(TABLE.header, task, seq, 0);

export const seqOfHeaderKey = (key: Buffer): number => readUint64(key, key.length - 8);

export const blobKey = (task: string, seq: number, part: number): Buffer => {
  const key = roundKey(TABLE.blob, task, seq, 2);
  key.writeUInt16BE(part, key.length - 2);
  return key;
};

const roundKey = (table: Table, task: string, seq: number, tail: number): Buffer => {
  const name = Buffer.from(task, 'utf8');
  const key = Buffer.alloc(name.length + 10 + tail);
  key[0] = table;
  name.copy(key, 1);
  writeUint64(key, seq, name.length + 2);
  return key;
};
