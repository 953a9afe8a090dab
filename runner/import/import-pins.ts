/**
 * The pins of an imported run: fingerprints of file and map, and a run id from the data itself, so
 * that importing the same file twice is the same run (ruling 1).
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { UsageError } from '../../schemas/errors.js';
import type { Pins } from '../../schemas/generated/label-assertion.js';
import { sha256Hex32 } from '../../schemas/sha256.js';
import { utcText } from '../world/utc-micros.js';
import { fileRows } from './file-rows.js';
import type { ImportMap } from './import-map.js';
import { RowProblem, transactionReader, type RowReader, type Transaction } from './row-reader.js';

interface PinsOptions {
  readonly file: string;
  readonly labels: string | null;
  readonly map: ImportMap;
  readonly platformRunId: string | undefined;
}

const PLATFORM_RUN_ID = /^platform_[0-9]{8}T[0-9]{6}Z$/;

export async function importPins(
  options: PinsOptions,
): Promise<{ readonly pins: Pins; readonly labelsHash: string }> {
  const { file, labels, map } = options;
  const fingerprint = await fileHash(file);
  const labelsHash = labels === null ? '' : await fileHash(labels);
  const platformRunId = options.platformRunId ?? (await runIdOf(file, map));
  if (!PLATFORM_RUN_ID.test(platformRunId)) {
    throw new UsageError(`${platformRunId} is no run id; it looks like platform_20260105T000000Z`);
  }
  return {
    pins: {
      platform_run_id: platformRunId,
      scenario_run_id: sha256Hex32(`sr_run|${platformRunId}|${fingerprint}|${map.hash}`),
      scenario_id: `import_${map.name}`,
      manifest_fingerprint: fingerprint,
      parameter_hash: map.hash,
      seed: '0',
    },
    labelsHash,
  };
}

async function fileHash(file: string): Promise<string> {
  try {
    if (!(await stat(file)).isFile()) throw new UsageError(`${file} is not a file`);
  } catch (cause) {
    if (cause instanceof UsageError) throw cause;
    throw new UsageError(`there is no file ${file}`, { cause });
  }
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file, { highWaterMark: 1024 * 1024 })) {
    hash.update(chunk as Buffer);
  }
  return hash.digest('hex');
}

/** From the time of the first good row in file order. */
async function runIdOf(file: string, map: ImportMap): Promise<string> {
  let read: RowReader<Transaction> | null = null;
  for await (const rows of fileRows(file, map.transactions.delimiter)) {
    for (const { line, fields } of rows) {
      if (read === null) {
        read = transactionReader(map.transactions, fields ?? [], file);
        continue;
      }
      const row = fields === null ? null : read(line, fields);
      if (row === null || row instanceof RowProblem) continue;
      const stamp = utcText(row.atMicros).slice(0, 19).replaceAll('-', '').replaceAll(':', '');
      return `platform_${stamp}Z`;
    }
  }
  throw new UsageError(`${file} holds no usable transaction`);
}
