/**
 * Which records a round takes, and its clock (DESIGN section 3).
 *
 * P1. Records are taken in position order.
 * P2. Catch-up: a record is taken only when no source can still deliver a smaller position.
 * P3. The clock is fixed after the records are chosen and before they run; it never falls and never
 *     passes what a source could still deliver, except by `holdMs` in live mode.
 */
import type { QueuedRecord, Reader } from './reader.js';

export interface RoundLimits {
  readonly recordsMax: number;
  readonly bytesMax: number;
}

export const LIMITS: RoundLimits = { recordsMax: 1000, bytesMax: 512 * 1024 };

/** How long a live task waits for a silent source before its clock goes on without it. */
export const HOLD_MS = 300;
/** Broker time less this is what an idle partition may still deliver. */
export const SLACK_MS = 50;
/** Catch-up ends when everything is within this of broker time. */
export const CAUGHT_UP_MS = 1000;

export interface Planned {
  readonly reader: Reader;
  readonly queued: QueuedRecord;
  /** Stepping time: the record's, raised to the clock of the last committed round. */
  readonly timeMs: number;
}

export interface RoundPlan {
  readonly records: readonly Planned[];
  readonly mode: 'catch-up' | 'live';
  readonly clockMs: number;
  /** The minimum any source could still deliver, ms. */
  readonly progressMs: number;
  /** Records that came below the clock (live only). */
  readonly late: number;
}

export interface PlanInput {
  readonly readers: readonly Reader[];
  readonly mode: 'catch-up' | 'live';
  /** Clock of the last committed round. */
  readonly clockMs: number;
  /** Broker time, or undefined on a clock of records. */
  readonly nowMs: number | undefined;
  readonly limits: RoundLimits;
}

/** Takes the next round's records out of their readers. */
export function planRound(input: PlanInput): RoundPlan {
  const { readers, clockMs } = input;
  const records: Planned[] = [];
  let bytes = 0;
  let late = 0;
  while (records.length < input.limits.recordsMax && bytes < input.limits.bytesMax) {
    const reader = smallest(readers, clockMs);
    const queued = reader?.peek();
    if (!reader || !queued) break;
    // A marker steps nothing, so nothing that may still come can matter to it.
    if (!queued.marker && !mayStep(input, reader, queued)) break;
    reader.take();
    if (queued.timeMs < clockMs) late += 1;
    records.push({ reader, queued, timeMs: Math.max(queued.timeMs, clockMs) });
    bytes += queued.record.value?.byteLength ?? 0;
  }
  const progressMs = readers.reduce(
    (least, reader) => Math.min(least, reader.lowerBoundMs(SLACK_MS)),
    Number.MAX_SAFE_INTEGER,
  );
  const floorMs = input.mode === 'live' && input.nowMs !== undefined ? input.nowMs - HOLD_MS : 0;
  return {
    records,
    mode: input.mode,
    clockMs: Math.max(clockMs, progressMs, floorMs),
    progressMs,
    late,
  };
}

/** The reader whose head has the smallest position; heads below the clock count as at the clock. */
function smallest(readers: readonly Reader[], clockMs: number): Reader | undefined {
  let best: Reader | undefined;
  let bestHead: QueuedRecord | undefined;
  let bestTime = 0;
  for (const reader of readers) {
    const head = reader.peek();
    if (!head) continue;
    const time = Math.max(head.timeMs, clockMs);
    if (best && bestHead) {
      if (time > bestTime) continue;
      if (time === bestTime && follows({ reader, head }, { reader: best, head: bestHead }))
        continue;
    }
    best = reader;
    bestHead = head;
    bestTime = time;
  }
  return best;
}

interface Head {
  readonly reader: Reader;
  readonly head: QueuedRecord;
}

/** At equal times: rank, then append sequence, then partition. */
function follows(one: Head, other: Head): boolean {
  if (one.reader.rank !== other.reader.rank) return one.reader.rank > other.reader.rank;
  const sequence = one.head.record.sequence - other.head.record.sequence;
  return sequence === 0 ? one.reader.partition > other.reader.partition : sequence > 0;
}

/**
 * P2, and in live mode: no source has records that were appended but not pulled. An empty source may
 * deliver its lower bound next, at its own rank.
 */
function mayStep(input: PlanInput, from: Reader, head: QueuedRecord): boolean {
  const timeMs = Math.max(head.timeMs, input.clockMs);
  for (const reader of input.readers) {
    if (reader.queued > 0) continue;
    if (input.mode === 'live' && reader.atEnd) continue;
    const boundMs = Math.max(reader.lowerBoundMs(SLACK_MS), input.clockMs);
    if (timeMs > boundMs || (timeMs === boundMs && from.rank > reader.rank)) return false;
  }
  return true;
}

/** Orders planned records by their positions; what taking them one by one gives. */
export function byPosition(left: Planned, right: Planned): number {
  if (left.timeMs !== right.timeMs) return left.timeMs - right.timeMs;
  if (left.reader.rank !== right.reader.rank) return left.reader.rank - right.reader.rank;
  const one = left.queued.record;
  const other = right.queued.record;
  if (one.sequence !== other.sequence) return one.sequence - other.sequence;
  if (left.reader.partition !== right.reader.partition) {
    return left.reader.partition - right.reader.partition;
  }
  return one.offset < other.offset ? -1 : 1;
}
