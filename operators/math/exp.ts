/**
 * The exponential and the logistic function, the same bits on every machine.
 *
 * `Math.exp` is left to the engine by ECMAScript, so two Node builds may differ in the last bit and a
 * replayed decision with them (DESIGN R2). These use only + - * / and powers of two.
 *
 * X1. Error of `exp` and `sigmoid` is at most 1 unit in the last place over the whole range (measured
 *     against test/fixtures/math/table.json: 0.70 and 0.61).
 * X2. No state between calls; NaN in gives NaN out; nothing throws.
 *
 * Source: the reduction and the five coefficients are those of fdlibm's e_exp.c (Sun Microsystems,
 * 1993, freely granted); the pair (value, remainder) and the logistic function are ours.
 */
import { powerOfTwo } from './power-of-two.js';
import { productError } from './double-double.js';

const LN2_INVERSE = 1.4426950408889634;
/** ln 2 in two parts; the first has 32 trailing zero bits, so k times it is exact. */
const LN2_HIGH = 6.9314718036912381649e-1;
const LN2_LOW = 1.90821492927058770002e-10;
const P1 = 1.66666666666666019037e-1;
const P2 = -2.77777777770155933842e-3;
const P3 = 6.61375632143793436117e-5;
const P4 = -1.6533902205465251539e-6;
const P5 = 4.13813679705723846039e-8;

/** Above this e^x is infinite, below the other it is zero. */
const OVERFLOW = 709.782712893384;
const UNDERFLOW = -745.1332191019412;

/** e^r for the reduced argument, as 1 + z; the caller splits the sum. */
const reducedMinusOne = (x: number, k: number): number => {
  const high = x - k * LN2_HIGH;
  const low = k * LN2_LOW;
  const r = high - low;
  const t = r * r;
  const c = r - t * (P1 + t * (P2 + t * (P3 + t * (P4 + t * P5))));
  return high - (low - (r * c) / (2 - c));
};

/** y * 2^k without an intermediate overflow or a double rounding of normal results. */
const scale = (y: number, k: number): number => {
  if (k > 1023) return y * 2 * powerOfTwo(k - 1);
  if (k < -1021) return y * powerOfTwo(k + 1000) * powerOfTwo(-1000);
  return y * powerOfTwo(k);
};

const nearest = (x: number): number => Math.floor(x * LN2_INVERSE + 0.5);

/** e^x. */
export const exp = (x: number): number => {
  if (!(x <= OVERFLOW)) return x > OVERFLOW ? Infinity : x;
  if (x < UNDERFLOW) return 0;
  const k = nearest(x);
  return scale(1 + reducedMinusOne(x, k), k);
};

/**
 * e^(x + tail) where |tail| is below half a unit of x: the last step of `pow`, which carries its
 * logarithm in two doubles.
 */
export const expOfPair = (x: number, tail: number): number => {
  if (!(x <= OVERFLOW)) return x > OVERFLOW ? Infinity : x;
  if (x < UNDERFLOW) return 0;
  const k = nearest(x);
  const z = reducedMinusOne(x, k);
  const y = 1 + z;
  return scale(y + (1 - y + z + y * tail), k);
};

/** 1 / (1 + e^-x), in [0, 1]. */
export const sigmoid = (x: number): number => {
  // Beyond 2^-57 the 1 of the denominator swallows the rest (and the split of a product would lose
  // subnormal bits).
  if (x < -40) return exp(x);
  if (x > 40) return 1;
  if (x !== x) return x;
  const negative = x < 0 ? x : -x;
  const k = nearest(negative);
  const z = reducedMinusOne(negative, k);
  const unit = powerOfTwo(k);
  const y = 1 + z;
  const e = y * unit;
  const eTail = (1 - y + z) * unit;
  const sum = 1 + e;
  const sumTail = 1 - sum + e + eTail;
  // Long division with one correction: the top is e for a negative x and 1 otherwise.
  const top = x < 0 ? e : 1;
  const topTail = x < 0 ? eTail : 0;
  const quotient = top / sum;
  const product = quotient * sum;
  const rest = top - product - productError(quotient, sum, product) + topTail - quotient * sumTail;
  return quotient + rest / sum;
};
