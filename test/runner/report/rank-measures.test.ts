/** Ranks against a count of all pairs, and against sums done by hand. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { quantilesOf } from '../../../runner/report/quantiles.js';
import { rankMeasures } from '../../../runner/report/rank-measures.js';

/** Share of pairs (positive, negative) ranked rightly; a tie counts half. */
function areaByPairs(scores: readonly number[], truth: readonly boolean[]): number {
  let won = 0;
  let pairs = 0;
  scores.forEach((high, at) => {
    if (!truth[at]) return;
    scores.forEach((low, other) => {
      if (truth[other]) return;
      pairs += 1;
      won += high > low ? 1 : high === low ? 0.5 : 0;
    });
  });
  return won / pairs;
}

describe('rankMeasures', () => {
  it.each([
    ['all right', [0.9, 0.8, 0.2, 0.1], [true, true, false, false], 1, 1],
    ['all wrong', [0.1, 0.2, 0.8, 0.9], [true, true, false, false], 0, (1 / 3 + 2 / 4) / 2],
    ['all equal', [1, 1, 1, 1], [true, false, false, false], 0.5, 0.25],
    ['one between', [0.9, 0.5, 0.4], [true, false, true], 0.5, (1 + 2 / 3) / 2],
  ])('%s', (_name, scores, truth, area, averagePrecision) => {
    const measures = rankMeasures(scores, truth);
    expect(measures?.area).toBeCloseTo(area, 12);
    expect(measures?.averagePrecision).toBeCloseTo(averagePrecision, 12);
  });

  it('equals the share of pairs ranked rightly, with ties, in any order', () => {
    const item = fc.record({ score: fc.integer({ min: 0, max: 6 }), positive: fc.boolean() });
    fc.assert(
      fc.property(fc.array(item, { minLength: 2, maxLength: 40 }), (items) => {
        const truth = items.map(({ positive }) => positive);
        const scores = items.map(({ score }) => score);
        const measures = rankMeasures(scores, truth);
        if (truth.every((one) => one === truth[0])) expect(measures).toBeNull();
        else {
          expect(measures?.area).toBeCloseTo(areaByPairs(scores, truth), 12);
          expect(rankMeasures(scores.toReversed(), truth.toReversed())).toEqual(measures);
        }
      }),
    );
  });
});

describe('quantilesOf', () => {
  it('is the least value that so many lie at or below', () => {
    const values = Array.from({ length: 200 }, (_, at) => 200 - at);
    expect(quantilesOf(values)).toEqual({ count: 200, p50: 100, p95: 190, p99: 198, max: 200 });
    expect(quantilesOf([7])).toEqual({ count: 1, p50: 7, p95: 7, p99: 7, max: 7 });
    expect(quantilesOf([])).toBeNull();
  });
});
