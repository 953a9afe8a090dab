/**
 * Chooses where a score becomes an action, from scores whose truth is known.
 *
 * in: scores and truth that the model was not fitted to; a wanted precision per action. out: a staircase
 * (H1 of thresholds.ts): APPROVE from 0, then each action from the lowest score at which at least that
 * share of everything scored at or above it is positive. An action whose precision is reached nowhere,
 * or only below the milder one's start, is left out.
 */
import type { ThresholdStep, Thresholds } from '../../operators/policy/thresholds.js';

export interface PrecisionTarget {
  readonly action: ThresholdStep['action'];
  /** Least share of positives, 0..1. */
  readonly precision: number;
}

export function chooseThresholds(
  scores: ArrayLike<number>,
  truth: readonly boolean[],
  targets: readonly PrecisionTarget[],
): Thresholds {
  const steps: ThresholdStep[] = [{ from: 0, action: 'APPROVE' }];
  for (const { action, precision } of targets) {
    const from = lowestWith(scores, truth, precision);
    if (from !== undefined && from > (steps.at(-1)?.from ?? 0)) steps.push({ from, action });
  }
  return steps;
}

/** The lowest score above 0 with at least this precision at and above it. */
function lowestWith(
  scores: ArrayLike<number>,
  truth: readonly boolean[],
  precision: number,
): number | undefined {
  const order = truth.map((_, at) => at);
  order.sort((left, right) => (scores[right] ?? 0) - (scores[left] ?? 0));
  let positives = 0;
  let found: number | undefined;
  order.forEach((at, rank) => {
    if (truth[at] === true) positives += 1;
    const score = scores[at] ?? 0;
    const last = scores[order[rank + 1] ?? -1] !== score;
    if (last && score > 0 && positives >= precision * (rank + 1)) found = score;
  });
  return found;
}
