/**
 * The newest batches of every partition in memory, so that whoever reads along does not touch the disk.
 *
 * Bound: `bytesMax` over all partitions (16 MiB by default); beyond it the oldest batch written goes
 * first. Each partition's part is a gapless suffix of its log, because batches leave in the order in
 * which they came.
 */
import type { Batch } from './batch-format.js';

/** The suffix of one partition that is in memory. */
export class RecentSuffix {
  readonly #batches: Batch[] = [];
  #head = 0;

  /** Offset from which on everything is in memory; `end` of the log when nothing is. */
  baseOr(end: number): number {
    return this.#batches[this.#head]?.base ?? end;
  }

  add(batch: Batch): void {
    this.#batches.push(batch);
  }

  /** Index of the batch that holds `offset`, which must lie in the suffix. */
  indexOf(offset: number): number {
    let low = this.#head;
    let high = this.#batches.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((this.#batches[middle]?.base ?? Infinity) <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  at(index: number): Batch | undefined {
    return this.#batches[index];
  }

  /** Removes the oldest batch and returns its bytes. */
  dropFirst(): number {
    const bytes = this.#batches[this.#head]?.bytes.length ?? 0;
    this.#head++;
    if (this.#head > 64 && this.#head * 2 > this.#batches.length) {
      this.#batches.splice(0, this.#head);
      this.#head = 0;
    }
    return bytes;
  }
}

export class RecentBatches {
  readonly #bytesMax: number;
  /** Whose batch came when, oldest first. */
  #order: RecentSuffix[] = [];
  #head = 0;
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get bytes(): number {
    return this.#bytes;
  }

  add(suffix: RecentSuffix, batch: Batch): void {
    suffix.add(batch);
    this.#order.push(suffix);
    this.#bytes += batch.bytes.length;
    while (this.#bytes > this.#bytesMax) {
      const oldest = this.#order[this.#head++];
      if (oldest === undefined) break;
      this.#bytes -= oldest.dropFirst();
    }
    if (this.#head > 1024 && this.#head * 2 > this.#order.length) {
      this.#order = this.#order.slice(this.#head);
      this.#head = 0;
    }
  }
}
