/**
 * `runner import transactions`: any CSV of transactions becomes the four engine outputs and a label
 * feed on a bus with a records clock, in order of event time.
 *
 * I1. Record times are event times; each batch ends with a progress marker in every partition of every
 *     source, the import with one 60 s after the last event.
 * I2. The caller's opening records (policy, bundle, registry) stand before the first event, at its time.
 * I3. Killed at any moment and run again with the same files and map, the bus ends as if nothing had
 *     happened (import-cursor.ts, appended-tail.ts); a finished import appends nothing.
 * I4. A bad row is reported with file, line and reason, and counted; the rest goes on.
 * fails: UsageError (wall clock, missing topic or file, records on the bus that are later than the
 * first event), RetryError IMPORT_FAILED, errors of the bus, the signal's reason.
 */
import { UsageError } from '../../schemas/errors.js';
import { sha256Hex32 } from '../../schemas/sha256.js';
import type { ImportOptions, ImportReport } from './import-options.js';
import { importPins } from './import-pins.js';
import { ImportRun } from './import-run.js';

export async function importTransactions(options: ImportOptions): Promise<ImportReport> {
  const { bus, map, file, labels = null } = options;
  if (bus.clock !== 'records') {
    throw new UsageError('an import needs a bus with a records clock; this one has a wall clock');
  }
  const { pins, labelsHash } = await importPins({
    file,
    labels,
    map,
    platformRunId: options.platformRunId,
  });
  const importId = sha256Hex32(
    `import|${pins.manifest_fingerprint}|${labelsHash}|${pins.parameter_hash}|${pins.platform_run_id}`,
  );
  const run = await ImportRun.open(options, importId, pins);
  return run.finished ? run.report() : run.go();
}
