/**
 * x to the power y, the same bits on every machine (DESIGN R2; see exp.ts).
 *
 * W1. Error at most 1 unit in the last place (measured against test/fixtures/math/table.json: 0.71):
 *     the logarithm is carried in two doubles, so multiplying it by y keeps 12 spare bits.
 * W2. Special cases as IEEE 754 `pow` says: 1 to anything and anything to 0 are 1. A negative x needs
 *     an integer y, otherwise NaN.
 *
 * Source: the series log m = 2 artanh((m-1)/(m+1)), arithmetic in pairs (double-double.ts).
 */
import {
  addPairs,
  dividePairs,
  multiplyPairs,
  pairOf,
  sumError,
  type Pair,
} from './double-double.js';
import { expOfPair } from './exp.js';
import { exponentOf, significandOf } from './significand.js';

const LN2_HIGH = 6.9314718036912381649e-1;
/** ln 2 less LN2_HIGH, itself in two doubles. */
const LN2_REST: Pair = { head: 1.9082149292705877e-10, tail: 1.1612227229362532e-26 };
const SQRT2 = 1.4142135623730951;

const oddInverse = (n: number): Pair => dividePairs(pairOf(1, 0), pairOf(n, 0));
/** 1/3, 1/5, ... 1/13 in pairs; beyond, one double is precise enough. */
const PAIRED: readonly Pair[] = [3, 5, 7, 9, 11, 13].map(oddInverse);
const PLAIN: readonly number[] = [15, 17, 19, 21, 23, 25, 27, 29].map((n) => 1 / n);

/** log x in a pair, for finite x > 0. */
const logOfPositive = (x: number): Pair => {
  let k = exponentOf(x);
  let m = significandOf(x, k);
  if (m > SQRT2) {
    m /= 2;
    k += 1;
  }
  const below = m + 1;
  const s = dividePairs(pairOf(m - 1, 0), { head: below, tail: sumError(m, 1, below) });
  const z = multiplyPairs(s, s);
  const rest = PLAIN.reduceRight((sum, term) => sum * z.head + term, 0);
  const series = PAIRED.reduceRight(
    (sum, term) => addPairs(multiplyPairs(sum, z), term),
    pairOf(rest, 0),
  );
  const doubled = { head: 2 * s.head, tail: 2 * s.tail };
  const logOfM = addPairs(doubled, multiplyPairs(doubled, multiplyPairs(series, z)));
  const scaled = multiplyPairs(LN2_REST, pairOf(k, 0));
  return addPairs(addPairs(pairOf(k * LN2_HIGH, 0), scaled), logOfM);
};

const ofZero = (x: number, y: number, odd: boolean): number => {
  const negative = odd && Object.is(x, -0);
  if (y > 0) return negative ? -0 : 0;
  return negative ? -Infinity : Infinity;
};

const ofInfinity = (size: number, y: number): number => {
  if (size === 1) return 1;
  return size > 1 === y > 0 ? Infinity : 0;
};

/** x^y. */
export const pow = (x: number, y: number): number => {
  if (y === 0 || x === 1) return 1;
  if (x !== x || y !== y) return NaN;
  const size = x < 0 ? -x : x;
  if (y === Infinity || y === -Infinity) return ofInfinity(size, y);
  const whole = Math.floor(y) === y;
  const odd = whole && y % 2 !== 0;
  if (x === 0) return ofZero(x, y, odd);
  if (x < 0 && x !== -Infinity && !whole) return NaN;
  const sign = x < 0 && odd ? -1 : 1;
  if (size === Infinity) return y > 0 ? sign * Infinity : sign * 0;
  const logarithm = logOfPositive(size);
  // A product beyond this has left the range of exp on either side; splitting it would overflow.
  const rough = logarithm.head * y;
  if (rough > 800) return sign * Infinity;
  if (rough < -800) return sign * 0;
  const product = multiplyPairs(logarithm, pairOf(y, 0));
  return sign * expOfPair(product.head, product.tail);
};
