/**
 * The thread of an import: runs `encodeImport` and hands its batches over, a few ahead of the append.
 *
 * The messages are encode-protocol.ts.
 * in: an EncodePlan as workerData; the message `more` for each batch the other side took.
 * out: {batch}, {bad}, {done}, or {failed}; buffers are transferred, never copied.
 * bound: `CREDITS` batches on their way, so a slow disk stops the reading.
 */
import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { UsageError } from '../../schemas/errors.js';
import { encodeImport } from './encode-import.js';
import type { EncodePlan } from './encode-plan.js';
import { CREDITS, type WorkerMessage } from './encode-protocol.js';
import type { BadRow } from './ordered-rows.js';

const BAD_ROWS_PER_MESSAGE = 500;

async function run(port: MessagePort, plan: EncodePlan): Promise<void> {
  let credits = CREDITS;
  let wake: (() => void) | null = null;
  port.on('message', () => {
    credits++;
    wake?.();
  });
  const post = (message: WorkerMessage, transfer: readonly ArrayBuffer[] = []): void => {
    port.postMessage(message, [...transfer]);
  };
  let bad: BadRow[] = [];
  const flushBad = (): void => {
    if (bad.length > 0) post({ kind: 'bad', rows: bad });
    bad = [];
  };
  const onBad = (row: BadRow): void => {
    bad.push(row);
    if (bad.length >= BAD_ROWS_PER_MESSAGE) flushBad();
  };
  const batches = encodeImport(plan, onBad);
  let step = await batches.next();
  for (; step.done !== true; step = await batches.next()) {
    const batch = step.value;
    while (credits === 0) await new Promise<void>((resolve) => (wake = resolve));
    credits--;
    flushBad();
    const { index, times, bytes } = batch.packed;
    post({ kind: 'batch', batch }, [bufferOf(index), bufferOf(times), bufferOf(bytes)]);
  }
  flushBad();
  post({ kind: 'done', totals: step.value });
}

/** The whole buffer behind a view; the packer made each for this batch alone. */
function bufferOf(view: Int32Array | Float64Array | Uint8Array): ArrayBuffer {
  if (!(view.buffer instanceof ArrayBuffer)) throw new RangeError('a shared buffer in a batch');
  return view.buffer;
}

if (parentPort !== null) {
  const port = parentPort;
  run(port, workerData as EncodePlan)
    .catch((cause: unknown) => {
      const failed: WorkerMessage = {
        kind: 'failed',
        usage: cause instanceof UsageError,
        message: cause instanceof Error ? cause.message : String(cause),
        stack: cause instanceof Error ? (cause.stack ?? '') : '',
      };
      port.postMessage(failed);
    })
    .finally(() => {
      port.close();
    });
}
