/**
 * Rows of one file in order of time: parsed, put in order within a bound, problems set aside.
 *
 * B1. Rows leave in order of (time, id, line); a row further behind the newest than the bound is
 *     reported, never slipped in late, and so is one that leaps further ahead than `jumpSeconds`.
 * B2. At most `rowsMax` rows wait; beyond that the earliest leaves early, which can only turn later
 *     disorder into reported rows.
 * Ids beyond 2^53 order by their leading digits, then by line.
 */
import { TimeHeap } from '../world/time-heap.js';
import type { CsvRow } from './csv-splitter.js';
import { fileRows } from './file-rows.js';
import type { Order } from './import-map.js';
import { RowProblem, type RowReader } from './row-reader.js';

export interface BadRow {
  readonly file: string;
  /** From 1, the header included. */
  readonly line: number;
  readonly reason: string;
}

export interface OrderedRowsOptions<T> {
  readonly file: string;
  readonly delimiter: string;
  readonly order: Order;
  /** Made once the header is known. Throws UsageError when a column is missing. */
  readonly reader: (header: readonly string[]) => RowReader<T>;
  readonly timeOf: (row: T) => number;
  readonly idOf: (row: T) => string;
  readonly onBad: (row: BadRow) => void;
}

/** Batches of rows; the time of the last row of a batch is at most that of the next one's first. */
export async function* orderedRows<T>(
  options: OrderedRowsOptions<T>,
): AsyncGenerator<readonly T[]> {
  const { file, order, timeOf, idOf, onBad } = options;
  const waiting = new TimeHeap<T>();
  const boundMicros = order.boundSeconds * 1_000_000;
  let newest = Number.NEGATIVE_INFINITY;
  let left = Number.NEGATIVE_INFINITY;
  let read: RowReader<T> | null = null;

  const take = (row: CsvRow): void => {
    if (read === null) {
      read = options.reader(row.fields ?? []);
      return;
    }
    const parsed =
      row.fields === null ? new RowProblem(row.reason ?? '') : read(row.line, row.fields);
    if (parsed instanceof RowProblem) {
      onBad({ file, line: row.line, reason: parsed.reason });
      return;
    }
    const time = timeOf(parsed);
    if (time < Math.max(left, newest - boundMicros)) {
      onBad({ file, line: row.line, reason: outOfOrder(order, newest - time) });
      return;
    }
    if (newest > 0 && time > newest + order.jumpSeconds * 1_000_000) {
      onBad({ file, line: row.line, reason: farAhead(order, time - newest) });
      return;
    }
    newest = Math.max(newest, time);
    waiting.push(time, Number(idOf(parsed)), parsed);
  };
  const release = (ready: T[], until: number, keep: number): void => {
    while (waiting.nextTime < until || waiting.size > keep) {
      const row = waiting.pop();
      if (row === undefined) return;
      left = timeOf(row);
      ready.push(row);
    }
  };

  for await (const rows of fileRows(file, options.delimiter)) {
    const ready: T[] = [];
    for (const row of rows) {
      take(row);
      // What is older than the bound can have no earlier row to come; equal times wait for their ids.
      release(ready, newest - boundMicros, order.rowsMax);
    }
    if (ready.length > 0) yield ready;
  }
  const rest: T[] = [];
  release(rest, Number.POSITIVE_INFINITY, 0);
  if (rest.length > 0) yield rest;
}

const outOfOrder = (order: Order, micros: number): string =>
  `${(micros / 1_000_000).toFixed(3)} s behind the newest row; order.bound_seconds is ${order.boundSeconds}`;

const farAhead = (order: Order, micros: number): string =>
  `${(micros / 1_000_000).toFixed(3)} s ahead of the newest row; order.jump_seconds is ${order.jumpSeconds}`;
