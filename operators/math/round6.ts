/**
 * Scores are rounded to 1e-6 after the model and before any use (DESIGN R2), so that a last bit which
 * differs between two exact-to-1-ulp implementations can never tip a threshold.
 */

/** x to the nearest multiple of 1e-6, halves upward; NaN stays NaN, -0 becomes 0. */
export const round6 = (x: number): number => Math.round(x * 1e6) / 1e6 + 0;
