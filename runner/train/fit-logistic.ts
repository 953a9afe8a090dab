/**
 * Fits a logistic regression: standardised columns, ridge penalty, Newton's method.
 *
 * in: rows (one value per feature, null is missing) and the truth. out: a `LogisticModel`.
 * Deterministic: the same rows in the same order give the same bits (own exp and log; sums in row order).
 * fails: RangeError when there is nothing to learn (no rows, one class only, no column that varies).
 *
 * F1. A missing value counts as the mean, and the log-odds of its being missing is fitted beside it.
 * F2. A column that never varies gets no coefficient and is left out of the model.
 * F3. The intercept is not penalised.
 * Source: iteratively reweighted least squares, e.g. Hastie, Tibshirani, Friedman, section 4.4.1.
 */
import { log, logit } from '../../operators/math/log.js';
import { sigmoid } from '../../operators/math/exp.js';
import type { LogisticModel } from '../../operators/model/logistic.js';
import { solveSymmetric } from './solve-symmetric.js';

export interface FitColumn {
  readonly name: string;
  /** Place in a row. */
  readonly place: number;
}

export interface FitOptions {
  readonly columns: readonly FitColumn[];
  /** Penalty on squared standardised coefficients; in units of rows. */
  readonly ridge: number;
}

type Row = readonly (number | null)[];

const STEPS_MAX = 50;
/** Mean loss that a step must gain to be worth another. */
const GAIN_MIN = 1e-10;

interface Column extends FitColumn {
  readonly mean: number;
  readonly scale: number;
  /** Whether some rows lack it. */
  readonly gaps: boolean;
}

export function fitLogistic(
  rows: readonly Row[],
  truth: readonly boolean[],
  options: FitOptions,
): LogisticModel {
  const positives = truth.filter(Boolean).length;
  if (positives === 0 || positives === rows.length) {
    throw new RangeError(
      `${positives} of ${rows.length} rows are positive; both classes are needed`,
    );
  }
  const columns = options.columns
    .map((column) => standard(rows, column))
    .filter(({ scale }) => scale > 0);
  if (columns.length === 0) throw new RangeError('no column varies');
  const design = designOf(rows, columns);
  const start = new Float64Array(design.width);
  start[0] = logit(positives / rows.length);
  const weights = newton(design, truth, { ridge: options.ridge, start });
  const gapAt = new Map(design.gapColumns.map((column, at) => [column, 1 + columns.length + at]));
  return {
    kind: 'logistic',
    features: columns.map(({ name }) => name),
    intercept: weights[0] ?? 0,
    coefficients: columns.map((_, at) => weights[1 + at] ?? 0),
    mean: columns.map(({ mean }) => mean),
    scale: columns.map(({ scale }) => scale),
    missing: columns.map((column) => weights[gapAt.get(column) ?? -1] ?? 0),
  };
}

function standard(rows: readonly Row[], column: FitColumn): Column {
  let count = 0;
  let mean = 0;
  let squares = 0;
  for (const row of rows) {
    const value = row[column.place] ?? null;
    if (value === null) continue;
    count += 1;
    // Welford: plain sums of squares of money would lose the variance.
    const gap = value - mean;
    mean += gap / count;
    squares += gap * (value - mean);
  }
  const scale = count > 0 ? Math.sqrt(squares / count) : 0;
  return { ...column, mean, scale, gaps: count < rows.length };
}

/** Rows of 1, standardised values, and 1 where a value is missing (F1). */
interface Design {
  readonly values: Float64Array;
  readonly width: number;
  readonly count: number;
  readonly gapColumns: readonly Column[];
}

function designOf(rows: readonly Row[], columns: readonly Column[]): Design {
  const gapColumns = columns.filter(({ gaps }) => gaps);
  const width = 1 + columns.length + gapColumns.length;
  const values = new Float64Array(rows.length * width);
  rows.forEach((row, at) => {
    const from = at * width;
    values[from] = 1;
    columns.forEach(({ place, mean, scale }, column) => {
      const value = row[place] ?? null;
      if (value !== null) values[from + 1 + column] = (value - mean) / scale;
    });
    gapColumns.forEach(({ place }, gap) => {
      if ((row[place] ?? null) === null) values[from + 1 + columns.length + gap] = 1;
    });
  });
  return { values, width, count: rows.length, gapColumns };
}

interface NewtonOptions {
  readonly ridge: number;
  readonly start: Float64Array;
}

function newton(design: Design, truth: readonly boolean[], options: NewtonOptions): Float64Array {
  let weights = options.start;
  let loss = lossOf(design, truth, weights, options.ridge);
  for (let step = 0; step < STEPS_MAX; step += 1) {
    const direction = directionOf(design, truth, weights, options.ridge);
    let next = weights;
    let nextLoss = Infinity;
    // Halved until it gains: far from the optimum a whole step may overshoot.
    for (let size = 1; size > 1e-6 && !(nextLoss < loss); size /= 2) {
      const length = size;
      next = weights.map((weight, at) => weight - length * (direction[at] ?? 0));
      nextLoss = lossOf(design, truth, next, options.ridge);
    }
    const gain = (loss - nextLoss) / design.count;
    if (!(gain > 0)) break;
    weights = next;
    loss = nextLoss;
    if (gain < GAIN_MIN) break;
  }
  return weights;
}

function marginOf(design: Design, row: number, weights: Float64Array): number {
  const { values, width } = design;
  let sum = 0;
  for (let at = 0, from = row * width; at < width; at += 1) {
    sum += (values[from + at] ?? 0) * (weights[at] ?? 0);
  }
  return sum;
}

/** Penalised negative log-likelihood. */
function lossOf(
  design: Design,
  truth: readonly boolean[],
  weights: Float64Array,
  ridge: number,
): number {
  let loss = 0;
  for (let row = 0; row < design.count; row += 1) {
    const margin = marginOf(design, row, weights);
    // -log sigmoid(m), without overflow on either side.
    const toward = truth[row] === true ? margin : -margin;
    loss += toward > 0 ? -log(sigmoid(toward)) : -log(sigmoid(-toward)) - toward;
  }
  for (let at = 1; at < weights.length; at += 1) loss += (ridge / 2) * (weights[at] ?? 0) ** 2;
  return loss;
}

/** Hessian^-1 x gradient. */
function directionOf(
  design: Design,
  truth: readonly boolean[],
  weights: Float64Array,
  ridge: number,
): Float64Array {
  const { values, width, count } = design;
  const gradient = new Float64Array(width);
  const hessian = new Float64Array(width * width);
  for (let row = 0; row < count; row += 1) {
    const from = row * width;
    const p = sigmoid(marginOf(design, row, weights));
    const error = p - (truth[row] === true ? 1 : 0);
    const curve = p * (1 - p);
    for (let a = 0; a < width; a += 1) {
      const x = values[from + a] ?? 0;
      if (x === 0) continue;
      gradient[a] = (gradient[a] ?? 0) + error * x;
      const scaled = curve * x;
      for (let b = 0; b <= a; b += 1) {
        hessian[a * width + b] = (hessian[a * width + b] ?? 0) + scaled * (values[from + b] ?? 0);
      }
    }
  }
  for (let a = 1; a < width; a += 1) {
    gradient[a] = (gradient[a] ?? 0) + ridge * (weights[a] ?? 0);
    hessian[a * width + a] = (hessian[a * width + a] ?? 0) + ridge;
  }
  return solveSymmetric(hessian, gradient);
}
