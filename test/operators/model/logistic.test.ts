import { describe, expect, it } from 'vitest';
import { explain } from '../../../operators/model/explain.js';
import { compileModel } from '../../../operators/model/scorer.js';
import { fixtureModel, ROWS, treeFixture } from './tree-fixture.js';

const logistic = compileModel({
  kind: 'logistic',
  features: ['a', 'b', 'c'],
  intercept: 0.5,
  coefficients: [2, -3, 4],
  mean: [10, 0, 1],
  scale: [5, 2, 4],
  missing: [0.25, 0, -1],
});

const margins = (rows: readonly number[]): readonly number[] => {
  const out = new Float64Array(rows.length / 3);
  logistic.raw(Float64Array.from(rows), out.length, out);
  return [...out];
};

describe('logistic', () => {
  // By hand: 0.5 + (x-10)/5*2 - x/2*3 + (x-1)/4*4.
  it.each([
    ['G1. all present', [15, 2, 3], 0.5 + 2 - 3 + 2],
    ['G1. the mean adds nothing', [10, 0, 1], 0.5],
    ['G1. missing values add their own weight', [NaN, NaN, NaN], 0.5 + 0.25 + 0 - 1],
  ])('%s', (_name, row, wanted) => {
    expect(margins(row)[0]).toBe(wanted);
  });

  it('G2. a row has the same bits alone and in a batch', () => {
    const rows = Array.from({ length: 300 }, (_, at) => (at % 11 === 0 ? NaN : at * 0.37));
    const batch = margins(rows);
    batch.forEach((margin, at) => {
      expect(margins(rows.slice(at * 3, at * 3 + 3))[0]).toBe(margin);
    });
  });

  it('C1. scores are probabilities rounded to 1e-6', () => {
    const out = new Float64Array(1);
    logistic.score(Float64Array.from([10, 0, 1]), 1, out);
    // 1 / (1 + e^-0.5) = 0.62245933...
    expect(out[0]).toBe(0.622459);
  });
});

describe('reasons', () => {
  const names = { a: 'AMOUNT', b: 'BALANCE' };
  it('N1, N2. names what raises the score, strongest first, and nothing that lowers it', () => {
    // Shares: a +2, b +3, c -1.
    const row = Float64Array.from([15, -2, 0]);
    expect(explain(logistic, row, { names, limit: 5 })).toEqual(['BALANCE', 'AMOUNT']);
    expect(explain(logistic, row, { names, limit: 1 })).toEqual(['BALANCE']);
    expect(explain(logistic, row, { names, limit: 0 })).toEqual([]);
  });

  it('N2. equal shares keep the column order', () => {
    // Shares: a +2, c +2.
    expect(explain(logistic, Float64Array.from([15, 0, 3]), { names, limit: 5 })).toEqual([
      'AMOUNT',
      'c',
    ]);
    // A difference below 1e-6 is no difference.
    const close = Float64Array.from([15, 0, 3 + 1e-9]);
    expect(explain(logistic, close, { names, limit: 5 })).toEqual(['AMOUNT', 'c']);
  });

  it('N3. features of one name are one reason', () => {
    // Shares: a +2, b +3, c +2: together a and c outweigh b.
    const shared = { a: 'SPEND', c: 'SPEND', b: 'BALANCE' };
    const row = Float64Array.from([15, -2, 3]);
    expect(explain(logistic, row, { names: shared, limit: 5 })).toEqual(['SPEND', 'BALANCE']);
  });

  it.each(['lightgbm-nan', 'xgboost-categorical'])(
    'E1. the shares of %s add up to the margin',
    (name) => {
      const model = fixtureModel(name);
      const scorer = compileModel(model);
      const width = model.features.length;
      const { rows, margins: wanted } = treeFixture(name, width);
      const sumOf = (at: number): number => {
        const shares = new Float64Array(width);
        scorer.contributions(rows.subarray(at * width, (at + 1) * width), shares);
        return shares.reduce((sum, share) => sum + share, 0);
      };
      // What is left is the same for every row: base plus what the roots are worth.
      const rest = (wanted[0] ?? NaN) - sumOf(0);
      for (let at = 1; at < ROWS; at += 7) {
        expect(Math.abs((wanted[at] ?? NaN) - sumOf(at) - rest)).toBeLessThan(1e-5);
      }
    },
  );

  it('E1. a split credits its own feature with the step it makes', () => {
    const scorer = compileModel({
      ...fixtureModel('lightgbm-nan'),
      features: ['x', 'y'],
      roots: [0],
      feature: [0, 1],
      threshold: [5, 1],
      flags: [0, 0],
      left: [-1, -2],
      right: [1, -3],
      nodeCover: [100, 40],
      leaf: [0, 1, 3],
      leafCover: [60, 30, 10],
      sets: [],
    });
    // Node y is worth (30*1 + 10*3)/40 = 1.5, the root (60*0 + 40*1.5)/100 = 0.6.
    const shares = new Float64Array(2);
    scorer.contributions(Float64Array.from([9, 2]), shares);
    expect([...shares]).toEqual([0.9, 1.5]);
  });
});
