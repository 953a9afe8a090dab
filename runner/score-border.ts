/**
 * The `score` border: rows of a round, grouped by model, scored by the worker pool in batches.
 *
 * in: `ScoreAsk`, one per decision. out: one outcome each, in order: the score, or why it was skipped.
 * Executing again: recorded skips are taken as they are, the rest is scored again without a deadline,
 * so that replay proves the model too.
 */
import type { BorderOutcome } from '../operators/wiring.js';
import type { Border } from './engine/execution.js';
import type { ModelPool } from './workers/model-pool.js';

/** What a decision asks of the pool. */
export interface ScoreAsk {
  /** hex64 of the bundle's bytes. */
  readonly sha256: string;
  readonly model: 'primary' | 'stage2';
  /** Feature values in the model's order; NaN is missing. */
  readonly row: readonly number[];
  readonly timeoutMs: number;
}

interface Batch {
  readonly first: ScoreAsk;
  readonly at: number[];
  readonly rows: (readonly number[])[];
}

const REPLAY_TIMEOUT_MS = 60_000;

export const scoreBorder =
  (pool: ModelPool): Border =>
  async (requests, recorded) => {
    const outcomes: BorderOutcome[] = requests.map(
      (_, at) => recorded?.[at] ?? { ok: true, numbers: [], reason: '' },
    );
    const batches = new Map<string, Batch>();
    requests.forEach((request, at) => {
      if (recorded && !recorded[at]?.ok) return;
      const ask = request as ScoreAsk;
      const kind = `${ask.sha256} ${ask.model}`;
      const batch = batches.get(kind) ?? { first: ask, at: [], rows: [] };
      batch.at.push(at);
      batch.rows.push(ask.row);
      batches.set(kind, batch);
    });
    // Batches of one round run beside each other; each has its own budget.
    await Promise.all(
      [...batches.values()].map(async (batch) => {
        const answer = await scoreBatch(pool, batch, recorded ? REPLAY_TIMEOUT_MS : undefined);
        batch.at.forEach((place, row) => {
          outcomes[place] =
            answer.outcome === 'ok'
              ? { ok: true, numbers: [answer.scores[row] ?? NaN], reason: '' }
              : { ok: false, numbers: [], reason: answer.reason };
        });
      }),
    );
    return outcomes;
  };

async function scoreBatch(pool: ModelPool, batch: Batch, timeoutMs: number | undefined) {
  const { first, rows } = batch;
  const width = first.row.length;
  const flat = new Float64Array(rows.length * width);
  rows.forEach((row, at) => {
    flat.set(row, at * width);
  });
  return pool.score({
    sha: first.sha256,
    model: first.model,
    rows: flat,
    count: rows.length,
    timeoutMs: timeoutMs ?? first.timeoutMs,
  });
}
