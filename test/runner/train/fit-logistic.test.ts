/** The trainer finds what is there, and only that. */
import { describe, expect, it } from 'vitest';
import { sigmoid } from '../../../operators/math/exp.js';
import { compileModel } from '../../../operators/model/scorer.js';
import { seededRandom } from '../../../runner/seeded-random.js';
import { chooseThresholds } from '../../../runner/train/choose-thresholds.js';
import { fitLogistic } from '../../../runner/train/fit-logistic.js';
import { solveSymmetric } from '../../../runner/train/solve-symmetric.js';

const columns = ['a', 'b', 'constant'].map((name, place) => ({ name, place }));

/** Rows drawn from known log-odds: -1 + 2a - 3b, b missing in one of ten, then +1.5 instead. */
function sample(count: number) {
  const random = seededRandom(11);
  const rows: (number | null)[][] = [];
  const truth: boolean[] = [];
  for (let at = 0; at < count; at += 1) {
    const a = random() * 4 - 2;
    const b = random() < 0.1 ? null : random() * 2 - 1;
    rows.push([a, b, 7]);
    truth.push(random() < sigmoid(-1 + 2 * a + (b === null ? 1.5 : -3 * b)));
  }
  return { rows, truth };
}

describe('fitLogistic', () => {
  const { rows, truth } = sample(20_000);
  const model = fitLogistic(rows, truth, { columns, ridge: 1 });

  it('finds the log-odds that the truth was drawn from, missing values included (F1)', () => {
    const scorer = compileModel(model);
    const at = [0, 0, 1, 0, 0, 1, 0, NaN];
    const out = new Float64Array(4);
    scorer.raw(Float64Array.from(at), 4, out);
    const wanted = [-1, 1, -4, 0.5];
    wanted.forEach((margin, row) => {
      expect(Math.abs((out[row] ?? NaN) - margin)).toBeLessThan(0.15);
    });
  });

  it('leaves out a column that never varies (F2)', () => {
    expect(model.features).toEqual(['a', 'b']);
  });

  it('gives the same bits again', () => {
    expect(fitLogistic(rows, truth, { columns, ridge: 1 })).toEqual(model);
  });

  it('expects as many positives as there are: the intercept is free of the penalty (F3)', () => {
    const heavy = fitLogistic(rows, truth, { columns, ridge: 1e5 });
    const flat = Float64Array.from(rows.flatMap(([a, b]) => [a ?? NaN, b ?? NaN]));
    const out = new Float64Array(rows.length);
    compileModel(heavy).probability(flat, rows.length, out);
    const expected = out.reduce((sum, p) => sum + p, 0);
    expect(expected).toBeCloseTo(truth.filter(Boolean).length, 3);
  });

  it('refuses what teaches nothing', () => {
    const fit = (some: readonly boolean[]) => () =>
      fitLogistic([[1], [2]], some, { columns: [{ name: 'a', place: 0 }], ridge: 1 });
    expect(fit([true, true])).toThrow(/both classes/);
    expect(() =>
      fitLogistic([[1], [1]], [true, false], { columns: [{ name: 'a', place: 0 }], ridge: 1 }),
    ).toThrow(/no column varies/);
  });
});

describe('solveSymmetric', () => {
  it('solves by hand: 4x + 2y = 2, 2x + 3y = 5', () => {
    const [x, y] = solveSymmetric(Float64Array.from([4, NaN, 2, 3]), Float64Array.from([2, 5]));
    expect(x).toBeCloseTo(-0.5, 12);
    expect(y).toBeCloseTo(2, 12);
  });

  it('refuses a matrix that is not positive definite', () => {
    const solve = () => solveSymmetric(Float64Array.from([1, 0, 2, 1]), Float64Array.from([1, 1]));
    expect(solve).toThrow(RangeError);
  });
});

describe('chooseThresholds', () => {
  const scores = [0.9, 0.8, 0.7, 0.6, 0.5, 0.4];
  const truth = [true, true, false, true, false, false];

  it('takes the lowest score with the wanted precision at and above it', () => {
    expect(
      chooseThresholds(scores, truth, [
        { action: 'STEP_UP', precision: 0.5 },
        { action: 'QUEUE', precision: 0.7 },
        { action: 'DECLINE', precision: 1 },
      ]),
    ).toEqual([
      { from: 0, action: 'APPROVE' },
      { from: 0.4, action: 'STEP_UP' },
      { from: 0.6, action: 'QUEUE' },
      { from: 0.8, action: 'DECLINE' },
    ]);
  });

  it('leaves out what is never reached, and never splits equal scores', () => {
    const tied = [0.9, 0.9, 0.1];
    expect(
      chooseThresholds(
        tied,
        [true, false, false],
        [
          { action: 'QUEUE', precision: 0.5 },
          { action: 'DECLINE', precision: 0.9 },
        ],
      ),
    ).toEqual([
      { from: 0, action: 'APPROVE' },
      { from: 0.9, action: 'QUEUE' },
    ]);
  });
});
