import { describe, expect, it } from 'vitest';
import { importLightgbm } from '../../../operators/model/import-lightgbm.js';
import { importXgboost } from '../../../operators/model/import-xgboost.js';
import { compileModel } from '../../../operators/model/scorer.js';
import { floatBelow } from '../../../operators/model/trees.js';
import { NODE_FLAGS } from '../../../operators/model/trees-model.js';
import { fixtureModel, fixtureText, ROWS, treeFixture } from './tree-fixture.js';

const NAMES = [
  'lightgbm-nan',
  'lightgbm-zero',
  'lightgbm-none',
  'lightgbm-forest',
  'xgboost-categorical',
  'xgboost-zero',
  'xgboost-parallel',
];

const largestGap = (got: Float64Array, wanted: Float64Array): number => {
  expect(got.length).toBe(wanted.length);
  return got.reduce((gap, value, at) => Math.max(gap, Math.abs(value - (wanted[at] ?? NaN))), 0);
};

const scoreAll = (name: string) => {
  const model = fixtureModel(name);
  const fixture = treeFixture(name, model.features.length);
  const scorer = compileModel(model);
  const margins = new Float64Array(ROWS);
  const probabilities = new Float64Array(ROWS);
  scorer.raw(fixture.rows, ROWS, margins);
  scorer.probability(fixture.rows, ROWS, probabilities);
  return { model, fixture, scorer, margins, probabilities };
};

describe('boosted trees against the libraries that grew them', () => {
  it.each(NAMES)('K1, C2. %s: 1,000 margins and probabilities within 1e-9', (name) => {
    const { fixture, margins, probabilities } = scoreAll(name);
    const gaps = [
      largestGap(margins, fixture.margins),
      largestGap(probabilities, fixture.probabilities),
    ];
    if (process.env['SHOW_GAPS'] !== undefined) console.log(name, gaps);
    expect(gaps.every((gap) => gap <= 1e-9)).toBe(true);
  });

  it('the fixtures hold missing values, categorical splits, defaults on both sides and all missing rules', () => {
    const flags = new Set(NAMES.flatMap((name) => fixtureModel(name).flags));
    const every = Object.values(NODE_FLAGS);
    for (const flag of every) expect([...flags].some((value) => (value & flag) !== 0)).toBe(true);
    const isNumeric = (value: number): boolean => (value & NODE_FLAGS.categorical) === 0;
    expect(
      [...flags].some((value) => isNumeric(value) && (value & NODE_FLAGS.defaultLeft) === 0),
    ).toBe(true);
    for (const name of NAMES) {
      const model = fixtureModel(name);
      const { rows } = treeFixture(name, model.features.length);
      expect(rows.some((value) => Number.isNaN(value))).toBe(true);
    }
  });

  it('I1. the text and the JSON dump of one LightGBM model import equal', () => {
    const text = fixtureModel('lightgbm-nan');
    const dump = importLightgbm(fixtureText('lightgbm-nan.dump.json'));
    expect(dump).toEqual(text);
  });

  it('I2. rounds cut an XGBoost model as iteration_range does', () => {
    const text = fixtureText('xgboost-parallel.json');
    expect(importXgboost(text, { rounds: 4 }).roots.length).toBe(12);
    expect(() => importXgboost(text, { rounds: 11 })).toThrow('11 rounds asked for; it has 10');
  });

  it.each([1e-45, -1e-45, 1, -1, 0.1, 3.4e38, -3.4e38])(
    'K2. floatBelow(%d) is the next smaller float',
    (value) => {
      const x = Math.fround(value);
      const below = floatBelow(x);
      expect(below).toBeLessThan(x);
      expect(Math.fround(below)).toBe(below);
      // Nothing lies between: the middle rounds to one of the two.
      expect([x, below]).toContain(Math.fround(below + (x - below) / 2));
    },
  );
});

const singleNode = (flags: number, threshold: number, sets: readonly (readonly number[])[]) =>
  compileModel({
    ...fixtureModel('lightgbm-nan'),
    features: ['x'],
    roots: [0],
    feature: [0],
    threshold: [threshold],
    flags: [flags],
    left: [-1],
    right: [-2],
    nodeCover: [2],
    leaf: [1, 2],
    leafCover: [1, 1],
    sets,
  });

const sides = (
  scorer: ReturnType<typeof singleNode>,
  values: readonly number[],
): readonly number[] => {
  const out = new Float64Array(values.length);
  scorer.raw(Float64Array.from(values), values.length, out);
  return [...out];
};

describe('one node (1 = left, 2 = right)', () => {
  const { categorical, defaultLeft, nanIsZero, zeroIsMissing } = NODE_FLAGS;
  // Source: NumericalDecision and CategoricalDecision in LightGBM's tree.h, read by hand.
  it.each([
    ['plain', 0, 5, [5, 5.1, NaN], [1, 2, 2]],
    ['default left', defaultLeft, 5, [NaN], [1]],
    ['NaN is zero, zero is left', nanIsZero, 5, [NaN], [1]],
    ['NaN is zero, zero is right', nanIsZero | defaultLeft, -5, [NaN], [2]],
    ['zero is missing', zeroIsMissing, 5, [0, 1e-36, 1e-34, NaN], [2, 2, 1, 2]],
    ['zero is missing, left', zeroIsMissing | defaultLeft, -5, [0, -0, NaN, 1], [1, 1, 1, 2]],
    ['set', categorical, 0, [3, 40, 4, -1, -0.5, NaN, 1e10], [1, 1, 2, 2, 1, 2, 2]],
  ])('T3, K3. %s', (_name, flags, threshold, values, wanted) => {
    expect(sides(singleNode(flags, threshold, [[0, 3, 40]]), values)).toEqual(wanted);
  });

  it('an empty set sends everything right', () => {
    expect(sides(singleNode(categorical, 0, [[]]), [0, 1])).toEqual([2, 2]);
  });
});

describe('importers refuse by name what is not scored', () => {
  const lightgbm = fixtureText('lightgbm-nan.txt');
  it.each([
    ['a cut file', lightgbm.slice(0, 5000), 'cut off'],
    [
      'another objective',
      lightgbm.replace('binary sigmoid:1', 'multiclass num_class:3'),
      '"multiclass num_class:3"',
    ],
    [
      'several classes',
      lightgbm.replace('num_tree_per_iteration=1', 'num_tree_per_iteration=3'),
      'several classes',
    ],
    ['linear leaves', lightgbm.replace('is_linear=0', 'is_linear=1'), 'linear leaves'],
    ['a lost number', lightgbm.replace(/leaf_value=\S+ /, 'leaf_value='), 'leaf_value should hold'],
    ['a circle', lightgbm.replace(/left_child=-?\d+ -?\d+/, 'left_child=1 0'), 'circle'],
    ['another file', 'hello', 'neither'],
  ])('LightGBM: %s', (_name, text, message) => {
    expect(() => importLightgbm(text)).toThrow(message);
  });

  const xgboost = fixtureText('xgboost-categorical.json');
  it.each([
    ['another objective', xgboost.replace('binary:logistic', 'rank:pairwise'), '"rank:pairwise"'],
    ['dart', xgboost.replace('"name":"gbtree"', '"name":"dart"'), '"dart"'],
    ['several classes', xgboost.replace('"num_class":"0"', '"num_class":"3"'), 'several classes'],
    ['a binary file', 'binf0000', 'no JSON'],
    ['an empty object', '{}', 'there is no learner'],
    [
      'a base score of a class list',
      xgboost.replace(/"base_score":"[^"]*"/, '"base_score":"[1E-1,2E-1]"'),
      'not one number',
    ],
  ])('XGBoost: %s', (_name, text, message) => {
    expect(() => importXgboost(text)).toThrow(message);
  });
});
