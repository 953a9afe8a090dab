/**
 * Logistic regression over rows of doubles: standardise, fill what is missing, add up, squash.
 *
 * in: rows (count x features, row by row, NaN = missing). out: log-odds, and probability by `sigmoid`.
 * state: none. time: none. fails: never; the bundle parser has checked every number.
 *
 * G1. log-odds = intercept + sum over features, in column order, of
 *     (x - mean) / scale * coefficient, or of `missing` where x is NaN.
 *     `missing` is the log-odds an absent value stands for; 0 means "like the mean".
 * G2. The order of summation is the column order, always: the bits do not depend on the batch.
 *
 * source: spec platform section 13 (primary model).
 */
export interface LogisticModel {
  readonly kind: 'logistic';
  /** Column order of the rows. */
  readonly features: readonly string[];
  readonly intercept: number;
  readonly coefficients: readonly number[];
  readonly mean: readonly number[];
  /** Above 0. */
  readonly scale: readonly number[];
  /** Log-odds added when the feature is missing. */
  readonly missing: readonly number[];
}

export interface CompiledLogistic {
  /** Writes `count` log-odds. */
  raw(rows: Float64Array, count: number, out: Float64Array): void;
  /** Adds each feature's share of the log-odds of one row to `out` (one place per column). */
  contributions(row: Float64Array, out: Float64Array): void;
}

export const compileLogistic = (model: LogisticModel): CompiledLogistic => {
  const width = model.features.length;
  const { intercept } = model;
  const mean = Float64Array.from(model.mean);
  const missing = Float64Array.from(model.missing);
  const weight = Float64Array.from(
    model.coefficients,
    (coefficient, at) => coefficient / (model.scale[at] ?? NaN),
  );
  const share = (x: number, at: number): number =>
    x === x ? (x - (mean[at] ?? NaN)) * (weight[at] ?? NaN) : (missing[at] ?? NaN);
  return {
    raw(rows, count, out) {
      for (let row = 0, from = 0; row < count; row++, from += width) {
        let sum = intercept;
        for (let at = 0; at < width; at++) sum += share(rows[from + at] ?? NaN, at);
        out[row] = sum;
      }
    },
    contributions(row, out) {
      for (let at = 0; at < width; at++) out[at] = (out[at] ?? 0) + share(row[at] ?? NaN, at);
    },
  };
};
