/**
 * The heavy half of an import: files in, batches of encoded records out, the same on every run.
 *
 * A transaction gives four records (arrival, entities, anchor, AUTH_REQUEST), a label one; both are
 * *items*, numbered from 0 in order of (time, label before transaction). Batches end every
 * `batchItems` items, so item numbers are all a resumed import needs.
 * Runs in a thread (encode-worker.ts) or in the caller's; everything it needs is in the plan.
 * N1. Same files, map and pins: same items, records and bytes. No clock, no randomness.
 */
import { UsageError } from '../../schemas/errors.js';
import type { EncodedBatch, EncodePlan, EncodeTotals } from './encode-plan.js';
import { ItemEncoder } from './item-encoder.js';
import { orderedRows, type BadRow } from './ordered-rows.js';
import { labelReader, transactionReader, type LabelRow, type Transaction } from './row-reader.js';

export async function* encodeImport(
  plan: EncodePlan,
  onBad: (row: BadRow) => void,
): AsyncGenerator<EncodedBatch, EncodeTotals> {
  const encoder = new ItemEncoder(plan);
  const transactions = new Ahead(transactionRows(plan, onBad), (row) => row.atMicros);
  const labels = new Ahead(labelRows(plan, onBad), (row) => row.observedMicros);
  for (;;) {
    if (transactions.empty && !transactions.ended) await transactions.more();
    if (labels.empty && !labels.ended) await labels.more();
    if (transactions.empty && labels.empty) break;
    while (transactions.ready && labels.ready) {
      if (transactions.empty && labels.empty) break;
      if (labels.nextTime <= transactions.nextTime) encoder.label(labels.take());
      else encoder.transaction(transactions.take());
      if (encoder.full) yield encoder.batch();
    }
  }
  if (encoder.started) yield encoder.batch();
  return encoder.totals;
}

function transactionRows(
  plan: EncodePlan,
  onBad: (row: BadRow) => void,
): AsyncGenerator<readonly Transaction[]> {
  const { transactions } = plan.map;
  return orderedRows({
    file: plan.file,
    delimiter: transactions.delimiter,
    order: transactions.order,
    reader: (header) => transactionReader(transactions, header, plan.file),
    timeOf: (row) => row.atMicros,
    idOf: (row) => row.flowId,
    onBad,
  });
}

async function* labelRows(
  plan: EncodePlan,
  onBad: (row: BadRow) => void,
): AsyncGenerator<readonly LabelRow[]> {
  const { labels: file, map } = plan;
  if (file === null) return;
  const { labels } = map;
  if (labels === null) {
    throw new UsageError(
      `the map ${map.name} says nothing of labels; add its labels part or leave --labels out`,
    );
  }
  yield* orderedRows({
    file,
    delimiter: labels.delimiter,
    order: labels.order,
    reader: (header) => labelReader(labels, header, file),
    timeOf: (row) => row.observedMicros,
    idOf: (row) => row.flowId,
    onBad,
  });
}

/** The next rows of one source, looked at without waiting. */
class Ahead<T> {
  ended = false;
  private readonly source: AsyncGenerator<readonly T[]>;
  private readonly timeOf: (row: T) => number;
  private rows: readonly T[] = [];
  private at = 0;

  constructor(source: AsyncGenerator<readonly T[]>, timeOf: (row: T) => number) {
    this.source = source;
    this.timeOf = timeOf;
  }

  get empty(): boolean {
    return this.at >= this.rows.length;
  }

  /** True when `nextTime` is known: a row is there, or none will come. */
  get ready(): boolean {
    return this.ended || !this.empty;
  }

  get nextTime(): number {
    const row = this.rows[this.at];
    return row === undefined ? Number.POSITIVE_INFINITY : this.timeOf(row);
  }

  take(): T {
    const row = this.rows[this.at];
    if (row === undefined) throw new RangeError('no row is ahead');
    this.at++;
    return row;
  }

  async more(): Promise<void> {
    const next = await this.source.next();
    if (next.done === true) this.ended = true;
    else this.rows = next.value;
    this.at = 0;
    if (this.ended) this.rows = [];
  }
}
