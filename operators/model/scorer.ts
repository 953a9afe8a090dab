/**
 * One face for every kind of model: rows in, margins, probabilities or rounded scores out.
 *
 * in: rows (count x features, row by row, NaN = missing). out: one number per row. state: none.
 * fails: never after `compileModel`.
 *
 * C1. `score` is the probability (or the margin, for an identity link) rounded to 1e-6: the only form
 *     decisions use (DESIGN R2).
 * C2. `probability` is what the library predicts, to 1e-9. XGBoost squashes in floats; so do we.
 *
 * source: XGBoost src/common/math.h (Sigmoid); DESIGN section 9.
 */
import { exp, sigmoid } from '../math/exp.js';
import { round6 } from '../math/round6.js';
import { compileLogistic, type LogisticModel } from './logistic.js';
import { flattenTrees, rawTrees } from './trees.js';
import type { TreesModel } from './trees-model.js';
import { treeContributions } from './tree-contributions.js';

export type Model = LogisticModel | TreesModel;

export interface Scorer {
  /** Column order of the rows. */
  readonly features: readonly string[];
  /** Writes `count` margins (log-odds). */
  raw(rows: Float64Array, count: number, out: Float64Array): void;
  /** Writes `count` probabilities, not rounded. */
  probability(rows: Float64Array, count: number, out: Float64Array): void;
  /** C1. Writes `count` scores. */
  score(rows: Float64Array, count: number, out: Float64Array): void;
  /** Adds each feature's share of one row's margin to `out` (one place per column). */
  contributions(row: Float64Array, out: Float64Array): void;
}

type Link = (margin: number) => number;

/** C2. XGBoost cuts at 88.7, where e^x leaves the floats. */
const floatSigmoid: Link = (margin) => {
  const e = Math.fround(exp(Math.min(-margin, Math.fround(88.7))));
  const below = Math.fround(Math.fround(e + 1) + Math.fround(1e-16));
  return Math.fround(1 / below);
};

const linkOf = (model: Model): Link => {
  if (model.kind === 'logistic') return sigmoid;
  const { slope, divisor } = model;
  if (model.link === 'identity') return (margin) => margin / divisor;
  if (model.compare === 'lt32') return floatSigmoid;
  return (margin) => sigmoid(slope * (margin / divisor));
};

type Margins = Pick<Scorer, 'raw' | 'contributions'>;

const marginsOf = (model: Model): Margins => {
  if (model.kind === 'logistic') return compileLogistic(model);
  const trees = flattenTrees(model);
  return {
    raw(rows, count, out) {
      rawTrees(trees, rows, count, out);
    },
    contributions: treeContributions(model, trees),
  };
};

export const compileModel = (model: Model): Scorer => {
  const { raw, contributions } = marginsOf(model);
  const link = linkOf(model);
  return {
    features: model.features,
    raw,
    contributions,
    probability(rows, count, out) {
      raw(rows, count, out);
      for (let at = 0; at < count; at++) out[at] = link(out[at] ?? NaN);
    },
    score(rows, count, out) {
      raw(rows, count, out);
      for (let at = 0; at < count; at++) out[at] = round6(link(out[at] ?? NaN));
    },
  };
};
