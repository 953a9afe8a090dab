/**
 * How well scores rank the truth: area under the ROC curve and average precision.
 *
 * in: a score per item and whether it is positive, in any order. out: 0..1, or null when one of the two
 * classes is empty. Equal scores share their rank, so the order of the input never matters.
 * Source: area by ranks is the Mann-Whitney statistic; average precision is the sum over score levels of
 * precision times the recall gained at that level.
 */
export interface RankMeasures {
  readonly area: number;
  readonly averagePrecision: number;
}

export function rankMeasures(
  scores: ArrayLike<number>,
  truth: ArrayLike<boolean | number>,
): RankMeasures | null {
  const total = scores.length;
  const order = Uint32Array.from({ length: total }, (_, at) => at);
  order.sort((left, right) => (scores[right] ?? 0) - (scores[left] ?? 0));
  let positives = 0;
  for (let at = 0; at < total; at += 1) if (truth[at]) positives += 1;
  if (positives === 0 || positives === total) return null;
  let found = 0;
  let pairsWon = 0;
  let precisionSum = 0;
  for (let from = 0; from < total;) {
    const level = scores[order[from] ?? 0];
    let here = 0;
    let to = from;
    for (; to < total && scores[order[to] ?? 0] === level; to += 1) {
      if (truth[order[to] ?? 0]) here += 1;
    }
    const negativesHere = to - from - here;
    const negativesBelow = total - positives - (from - found) - negativesHere;
    pairsWon += here * (negativesBelow + negativesHere / 2);
    found += here;
    precisionSum += here * (found / to);
    from = to;
  }
  return {
    area: pairsWon / (positives * (total - positives)),
    averagePrecision: precisionSum / positives,
  };
}
