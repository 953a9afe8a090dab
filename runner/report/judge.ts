/**
 * Decisions against the truth: how many of each action were fraudulent, and how well scores rank them.
 *
 * in: decided events with their outcome and what is known of them. out: counts by action and measures.
 * J1. The producer's truth counts where any event has one; else what labels confirmed.
 */
import { rankMeasures, type RankMeasures } from './rank-measures.js';

export interface Outcome {
  readonly action: string;
  readonly score: number | null;
}

/** One decided event beside its truths. */
export interface Judged {
  readonly outcome: Outcome;
  readonly amount: number;
  readonly flagged: boolean;
  readonly labelled: boolean;
}

export interface ActionCount {
  readonly decisions: number;
  /** Of them, of events that are fraudulent in truth. */
  readonly fraudulent: number;
}

export interface Ranks extends RankMeasures {
  readonly scored: number;
  readonly fraudulent: number;
  readonly truth: 'fraud_flag' | 'labels';
  /** The same measure for the amount alone. */
  readonly amountArea: number;
}

export interface Judgement {
  readonly byAction: ReadonlyMap<string, ActionCount>;
  /** null without scores, or when all are of one kind. */
  readonly ranks: Ranks | null;
}

/** J1. */
export function judge(judged: readonly Judged[]): Judgement {
  const truth = judged.some(({ flagged }) => flagged) ? 'fraud_flag' : 'labels';
  const isFraud = (one: Judged): boolean => (truth === 'labels' ? one.labelled : one.flagged);
  return { byAction: actionsOf(judged, isFraud), ranks: ranksOf(judged, isFraud, truth) };
}

function actionsOf(
  judged: readonly Judged[],
  isFraud: (one: Judged) => boolean,
): ReadonlyMap<string, ActionCount> {
  const found = new Map<string, ActionCount>();
  for (const one of judged) {
    const { action } = one.outcome;
    const { decisions, fraudulent } = found.get(action) ?? { decisions: 0, fraudulent: 0 };
    found.set(action, {
      decisions: decisions + 1,
      fraudulent: fraudulent + (isFraud(one) ? 1 : 0),
    });
  }
  return found;
}

function ranksOf(
  judged: readonly Judged[],
  isFraud: (one: Judged) => boolean,
  truth: Ranks['truth'],
): Ranks | null {
  const scored = judged.filter(({ outcome }) => outcome.score !== null);
  const fraud = scored.map(isFraud);
  const byScore = rankMeasures(
    scored.map(({ outcome }) => outcome.score ?? 0),
    fraud,
  );
  const byAmount = rankMeasures(
    scored.map(({ amount }) => amount),
    fraud,
  );
  if (byScore === null || byAmount === null) return null;
  return {
    ...byScore,
    scored: scored.length,
    fraudulent: fraud.filter(Boolean).length,
    truth,
    // A small amount may tell as much as a large one.
    amountArea: Math.max(byAmount.area, 1 - byAmount.area),
  };
}
