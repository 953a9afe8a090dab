/**
 * The batches of an import made in a thread of their own, so that parsing, hashing and encoding run
 * beside the append.
 *
 * Owns the thread: it ends with the iteration, however that ends.
 * Node 20 cannot load TypeScript in a thread, so running from source needs a build (`dist/`).
 * fails: UsageError as the thread reports it; RetryError IMPORT_FAILED when the thread dies.
 */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { RetryError, UsageError } from '../../schemas/errors.js';
import type { EncodedBatch, EncodePlan, EncodeTotals } from './encode-plan.js';
import type { WorkerMessage } from './encode-protocol.js';
import type { BadRow } from './ordered-rows.js';

/** Enough for a million rows waiting to be put in order; beyond it the thread dies and says so. */
const OLD_SPACE_MB = 1024;

function workerFile(): string {
  const beside = fileURLToPath(new URL('./encode-worker.js', import.meta.url));
  if (existsSync(beside)) return beside;
  const built = fileURLToPath(
    new URL('../../dist/runner/import/encode-worker.js', import.meta.url),
  );
  if (existsSync(built)) return built;
  throw new UsageError('the import thread is not built; run npm run build first');
}

export async function* threadBatches(
  plan: EncodePlan,
  onBad: (row: BadRow) => void,
): AsyncGenerator<EncodedBatch, EncodeTotals> {
  const messages: WorkerMessage[] = [];
  const thread: { died: Error | null; wake: () => void } = { died: null, wake: () => undefined };
  const worker = new Worker(workerFile(), {
    workerData: plan,
    resourceLimits: { maxOldGenerationSizeMb: OLD_SPACE_MB, maxYoungGenerationSizeMb: 16 },
  });
  worker.on('message', (message: WorkerMessage) => {
    messages.push(message);
    thread.wake();
  });
  worker.on('error', (cause) => {
    thread.died = cause;
    thread.wake();
  });
  worker.on('exit', (code) => {
    thread.died ??= new Error(`exit code ${code}`);
    thread.wake();
  });
  try {
    for (;;) {
      const message = messages.shift();
      if (message === undefined) {
        if (thread.died !== null) throw lost(thread.died);
        await new Promise<void>((resolve) => (thread.wake = resolve));
        continue;
      }
      switch (message.kind) {
        case 'batch':
          yield message.batch;
          worker.postMessage('more');
          break;
        case 'bad':
          message.rows.forEach(onBad);
          break;
        case 'done':
          return message.totals;
        case 'failed':
          if (message.usage) throw new UsageError(message.message);
          throw lost(new Error(message.message, { cause: message.stack }));
      }
    }
  } finally {
    await worker.terminate();
  }
}

const lost = (cause: Error): RetryError =>
  new RetryError(
    'IMPORT_FAILED',
    `the thread of the import stopped (${cause.message}); run the import again, it goes on where it was`,
    { cause },
  );
