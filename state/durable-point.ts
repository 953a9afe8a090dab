/**
 * Where the durable state stands: sequence, clock, chain and counts of the last durable round. A
 * checkpoint's mark is written from it, never from what the running round sees.
 */
import type { BlobHead } from './blob.js';
import { LiveCount } from './live-count.js';
import type { Mark } from './mark.js';

export class DurablePoint {
  seq = 0;
  clockMs = 0;
  chain: Uint8Array | undefined = undefined;
  /** Per store; guards have one that stays empty. */
  readonly counts: readonly LiveCount[];
  private readonly pending: BlobHead[] = [];

  constructor(stores: number) {
    this.counts = Array.from({ length: stores }, () => new LiveCount());
  }

  sealed(head: BlobHead): void {
    this.pending.push(head);
  }

  durable(seq: number, chain: Uint8Array | undefined): void {
    for (
      let head = this.pending[0];
      head !== undefined && head.seq <= seq;
      head = this.pending[0]
    ) {
      this.apply(head);
      this.pending.shift();
    }
    this.chain = chain;
  }

  /** Moves on to a durable round. */
  apply(head: BlobHead): void {
    for (const count of this.counts) count.advance(head.clockMs);
    for (const [store, change] of head.counts) this.counts[store]?.apply(change);
    this.seq = head.seq;
    this.clockMs = head.clockMs;
  }

  restore(mark: Mark): void {
    this.apply(mark);
    this.chain = mark.chain;
  }

  mark(lineage: string): Mark {
    const counts = this.counts
      .map((count, store) => [store, count.whole()] as const)
      .filter(([, whole]) => whole.standing !== 0);
    return { lineage, seq: this.seq, clockMs: this.clockMs, chain: this.chain, counts };
  }
}
