/**
 * How many rows of a store stand, as a function of data only.
 *
 * A row that expires stops being counted when the time bucket of its expiry (262 s) has passed on the
 * task's clock, whether or not the sweeper has removed it; so STORE_FULL falls on the same record in
 * every execution. L1: `standing` never depends on the cache, the sweeper or a checkpoint.
 */

/** Width of an expiry bucket: 2^18 ms. */
const BUCKET_MS = 262_144;

/** A row that never expires. */
export const NEVER_MS = Infinity;

/** What a round changed, absolute: the count, and [bucket, rows] pairs. */
export interface CountChange {
  readonly standing: number;
  readonly buckets: readonly (readonly [bucket: number, rows: number])[];
}

export class LiveCount {
  standing = 0;
  private readonly buckets = new Map<number, number>();
  /** Rows per bucket as the last seal left them, for those touched since. */
  private readonly before = new Map<number, number>();
  /** `standing` at the last seal. */
  private sealed = 0;
  /** Every bucket below it has passed. */
  private floor = 0;

  /** Is a row that expires at `expiresMs` still counted? */
  stands(expiresMs: number): boolean {
    return !(expiresMs < this.floor * BUCKET_MS);
  }

  /** Counts one row more (`step` 1) or less (-1) that expires then. */
  change(expiresMs: number, step: 1 | -1): void {
    this.standing += step;
    if (!Number.isFinite(expiresMs)) return;
    const bucket = Math.floor(expiresMs / BUCKET_MS);
    const rows = this.buckets.get(bucket) ?? 0;
    if (!this.before.has(bucket)) this.before.set(bucket, rows);
    this.set(bucket, rows + step);
  }

  /** Moves the clock: rows of the buckets that passed are no longer counted. */
  advance(clockMs: number): void {
    const floor = Math.floor(clockMs / BUCKET_MS);
    if (floor <= this.floor) return;
    if (floor - this.floor <= this.buckets.size) {
      for (let bucket = this.floor; bucket < floor; bucket += 1) this.pass(bucket);
    } else {
      for (const bucket of [...this.buckets.keys()]) if (bucket < floor) this.pass(bucket);
    }
    this.floor = floor;
  }

  private pass(bucket: number): void {
    this.standing -= this.buckets.get(bucket) ?? 0;
    this.buckets.delete(bucket);
  }

  private set(bucket: number, rows: number): void {
    if (rows === 0) this.buckets.delete(bucket);
    else this.buckets.set(bucket, rows);
  }

  /** What changed since the last call, in bucket order; undefined when nothing did. */
  seal(): CountChange | undefined {
    const buckets: (readonly [number, number])[] = [];
    for (const [bucket, rows] of this.before) {
      const now = this.buckets.get(bucket) ?? 0;
      if (now !== rows) buckets.push([bucket, now]);
    }
    this.before.clear();
    if (buckets.length === 0 && this.standing === this.sealed) return undefined;
    this.sealed = this.standing;
    buckets.sort((left, right) => left[0] - right[0]);
    return { standing: this.standing, buckets };
  }

  /** Takes over what a sealed round changed, after `advance` to its clock. */
  apply(change: CountChange): void {
    for (const [bucket, rows] of change.buckets) this.set(bucket, rows);
    this.standing = change.standing;
    this.sealed = change.standing;
  }

  /** Everything, for a checkpoint's mark. */
  whole(): CountChange {
    const buckets = [...this.buckets].sort((left, right) => left[0] - right[0]);
    return { standing: this.standing, buckets };
  }
}
