/**
 * Rows of the round log: a header row per (task, seq), blob rows per (task, seq, part), and reading
 * them back in order.
 *
 * Header row: crc32:4, epoch:4, blob parts:2, blob bytes:8, header. Blob row: crc32:4, part.
 * The crc tells damage of the disk; what a header or blob *says* is checked by the engine's chain and
 * digests. A round whose blob was purged has its header and an empty blob; one with only some of its
 * parts is damaged.
 */
import { crc32 } from 'node:zlib';
import { HaltError } from '../../../schemas/errors.js';
import type { RoundEntry } from '../port.js';
import { blobKey, headerKey, seqOfHeaderKey } from './row-keys.js';
import type { RowPut, RowStore } from './row-store.js';

const HEAD_BYTES = 18;
const HEADERS_PER_READ = 256;
const BLOB_BYTES_PER_READ = 4 * 1024 * 1024;
const PURGE_ROUNDS = 256;

interface HeaderRow {
  readonly seq: number;
  readonly epoch: number;
  readonly parts: number;
  readonly blobBytes: number;
  readonly header: Buffer;
}

export const putRound = (round: RoundEntry, puts: RowPut[]): void => {
  const head = Buffer.allocUnsafeSlow(HEAD_BYTES + round.header.length);
  const blobBytes = round.blob.reduce((sum, part) => sum + part.length, 0);
  head.writeUInt32BE(round.epoch, 4);
  head.writeUInt16BE(round.blob.length, 8);
  head.writeDoubleBE(blobBytes, 10);
  head.set(round.header, HEAD_BYTES);
  head.writeUInt32BE(crc32(head.subarray(4)), 0);
  puts.push({ key: headerKey(round.task, round.seq), value: head });
  round.blob.forEach((part, index) => {
    const value = Buffer.allocUnsafeSlow(4 + part.length);
    value.writeUInt32BE(crc32(part), 0);
    value.set(part, 4);
    puts.push({ key: blobKey(round.task, round.seq, index), value });
  });
};

const readHeader = (task: string, key: Buffer, value: Buffer): HeaderRow => {
  const seq = seqOfHeaderKey(key);
  if (value.length < HEAD_BYTES || value.readUInt32BE(0) !== crc32(value.subarray(4))) {
    throw new HaltError(
      'HEADER_CORRUPT',
      `the header of ${task} round ${seq} is damaged on disk.`,
      {
        origin: `${task}/${seq}`,
      },
    );
  }
  return {
    seq,
    epoch: value.readUInt32BE(4),
    parts: value.readUInt16BE(8),
    blobBytes: value.readDoubleBE(10),
    header: value.subarray(HEAD_BYTES),
  };
};

/** The last committed round of a task, without its blob. */
export const lastRound = async (
  rows: RowStore,
  task: string,
): Promise<{ readonly seq: number; readonly header: Buffer } | null> => {
  const found = await rows.range({
    from: headerKey(task, 0),
    until: headerKey(task, Number.MAX_SAFE_INTEGER),
    reverse: true,
    limit: 1,
  });
  const row = found[0];
  return row === undefined ? null : readHeader(task, row[0], row[1]);
};

/**
 * Rounds of a task from `from` to `to` inclusive, all of which exist, oldest first; at most one page is
 * in memory. A header that is not there halts (HEADER_CORRUPT): rounds have no gaps.
 */
export async function* readRounds(
  rows: RowStore,
  task: string,
  from: number,
  to: number,
): AsyncGenerator<RoundEntry> {
  let next = Math.max(1, from);
  while (next <= to) {
    const found = await rows.range({
      from: headerKey(task, next),
      until: headerKey(task, to + 1),
      limit: HEADERS_PER_READ,
      bytesMax: 256 * 1024,
    });
    const headers = found.map(([key, value]) => readHeader(task, key, value));
    const page = headers.slice(0, gaplessLength(headers, next));
    for (let at = 0; at < page.length;) {
      const some = pageOf(page, at);
      yield* readBlobs(rows, task, some);
      at += some.length;
    }
    next += page.length;
    if (page.length < headers.length || headers.length === 0) {
      throw new HaltError('HEADER_CORRUPT', `the header of ${task} round ${next} is missing.`, {
        origin: `${task}/${next}`,
      });
    }
  }
}

const gaplessLength = (headers: readonly HeaderRow[], first: number): number => {
  const gap = headers.findIndex(({ seq }, at) => seq !== first + at);
  return gap < 0 ? headers.length : gap;
};

/** Headers from `at` whose blobs together stay near BLOB_BYTES_PER_READ; at least one. */
const pageOf = (headers: readonly HeaderRow[], at: number): readonly HeaderRow[] => {
  let bytes = 0;
  let until = at;
  while (until < headers.length && (until === at || bytes < BLOB_BYTES_PER_READ)) {
    bytes += headers[until]?.blobBytes ?? 0;
    until++;
  }
  return headers.slice(at, until);
};

async function* readBlobs(
  rows: RowStore,
  task: string,
  headers: readonly HeaderRow[],
): AsyncGenerator<RoundEntry> {
  const keys = headers.flatMap(({ seq, parts }) =>
    Array.from({ length: parts }, (_, part) => blobKey(task, seq, part)),
  );
  const values = keys.length === 0 ? [] : await rows.getMany(keys);
  let at = 0;
  for (const { seq, epoch, parts, header } of headers) {
    const found = values.slice(at, at + parts);
    at += parts;
    const blob = found.every((value) => value === undefined)
      ? []
      : found.map((value, part) => checkPart(value, `${task} round ${seq} part ${part}`));
    yield { task, epoch, seq, header, blob };
  }
}

const checkPart = (value: Buffer | undefined, where: string): Buffer => {
  if (value === undefined) {
    throw new HaltError('BLOB_CORRUPT', `the blob of ${where} is missing from the disk.`, {
      origin: where,
    });
  }
  const part = value.subarray(4);
  if (value.length < 4 || value.readUInt32BE(0) !== crc32(part)) {
    throw new HaltError('BLOB_CORRUPT', `the blob of ${where} is damaged on disk.`, {
      origin: where,
    });
  }
  return part;
};

/**
 * Deletes blob rows of rounds `from`..`through`, whole rounds per write and oldest first, so that a
 * crash in between leaves every round with all of its parts or none.
 */
export const deleteBlobs = async (
  rows: RowStore,
  task: string,
  from: number,
  through: number,
): Promise<void> => {
  for (let next = from; next <= through;) {
    const found = await rows.range({
      from: headerKey(task, next),
      until: headerKey(task, through + 1),
      limit: PURGE_ROUNDS,
      bytesMax: 256 * 1024,
    });
    if (found.length === 0) return;
    const headers = found.map(([key, value]) => readHeader(task, key, value));
    await rows.write(
      headers.flatMap(({ seq, parts }) =>
        Array.from({ length: parts }, (_, part) => ({
          key: blobKey(task, seq, part),
          value: null,
        })),
      ),
      false,
    );
    next = (headers[headers.length - 1]?.seq ?? through) + 1;
  }
};
