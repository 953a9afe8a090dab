/**
 * What the thread of an import says; the other side says only `more`, once per batch it took.
 */
import type { EncodedBatch, EncodeTotals } from './encode-plan.js';
import type { BadRow } from './ordered-rows.js';

/** Batches that may be on their way. */
export const CREDITS = 2;

export type WorkerMessage =
  | { readonly kind: 'batch'; readonly batch: EncodedBatch }
  | { readonly kind: 'bad'; readonly rows: readonly BadRow[] }
  | { readonly kind: 'done'; readonly totals: EncodeTotals }
  | {
      readonly kind: 'failed';
      readonly usage: boolean;
      readonly message: string;
      readonly stack: string;
    };
