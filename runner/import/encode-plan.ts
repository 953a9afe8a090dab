/**
 * What the encoding half of an import is asked, and what it answers: plain values, so that it can run
 * in a thread.
 */
import type { Pins } from '../../schemas/generated/label-assertion.js';
import type { ImportMap } from './import-map.js';
import type { PackedRecords } from './packed-batch.js';

/** A plain value: it crosses to a thread as it is. */
export interface EncodePlan {
  readonly file: string;
  readonly labels: string | null;
  readonly map: ImportMap;
  readonly pins: Pins;
  /** Writer schema ids, in the order of PRODUCED_TOPICS. */
  readonly schemaIds: readonly number[];
  /** Partition counts, in the order of PRODUCED_TOPICS. */
  readonly partitions: readonly number[];
  /** Items already appended by an earlier run. */
  readonly skipItems: number;
  readonly batchItems: number;
}

/** What the files held in all, rows set aside not counted. */
export interface EncodeTotals {
  readonly items: number;
  readonly transactions: number;
  readonly labels: number;
  /** Time of the last item, skipped or not; 0 when there was none. */
  readonly lastTimeMs: number;
}

export interface EncodedBatch {
  /** Items up to and including this batch, skipped ones counted. */
  readonly items: number;
  readonly transactions: number;
  readonly labels: number;
  readonly firstTimeMs: number;
  readonly lastTimeMs: number;
  readonly packed: PackedRecords;
}
