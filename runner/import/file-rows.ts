/**
 * A CSV file, gzip or plain (told by its first bytes, not its name), as rows in batches.
 *
 * Owns the open file; it is closed when the iteration ends, however it ends.
 * fails: UsageError when the file cannot be read, is empty, or its gzip is damaged; the message
 * says where it stopped.
 */
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { UsageError } from '../../schemas/errors.js';
import { CsvSplitter, type CsvRow } from './csv-splitter.js';

const CHUNK_BYTES = 256 * 1024;

async function isGzip(file: string): Promise<boolean> {
  const handle = await open(file, 'r');
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(2), 0, 2, 0);
    return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b;
  } finally {
    await handle.close();
  }
}

async function openText(file: string): Promise<Readable> {
  if (!(await isGzip(file))) return createReadStream(file, { highWaterMark: CHUNK_BYTES });
  const raw = createReadStream(file, { highWaterMark: CHUNK_BYTES });
  const plain = createGunzip({ chunkSize: CHUNK_BYTES });
  raw.on('error', (cause) => plain.destroy(cause));
  plain.on('close', () => raw.destroy());
  return raw.pipe(plain);
}

/** The header first, then batches of rows as the chunks of the file give them. */
export async function* fileRows(
  file: string,
  delimiter: string,
): AsyncGenerator<readonly CsvRow[]> {
  const splitter = new CsvSplitter(delimiter);
  const decoder = new TextDecoder('utf-8');
  let rows = 0;
  try {
    const chunks: AsyncIterable<Buffer> = await openText(file);
    for await (const chunk of chunks) {
      const batch = splitter.push(decoder.decode(chunk, { stream: true }));
      rows += batch.length;
      if (batch.length > 0) yield batch;
    }
    const last = [...splitter.push(decoder.decode()), ...splitter.end()];
    rows += last.length;
    if (last.length > 0) yield last;
  } catch (cause) {
    throw readFailure(file, rows, cause);
  }
  if (rows === 0) throw new UsageError(`${file} is empty; a CSV file starts with its column names`);
}

function readFailure(file: string, rows: number, cause: unknown): unknown {
  if (!(cause instanceof Error) || !('code' in cause)) return cause;
  if (cause.code === 'ENOENT') return new UsageError(`there is no file ${file}`, { cause });
  if (typeof cause.code === 'string' && /^(Z_|E[A-Z]+$)/.test(cause.code)) {
    return new UsageError(`${file} cannot be read past row ${rows}: ${cause.message}`, { cause });
  }
  return cause;
}
