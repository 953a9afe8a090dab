/**
 * Errors of a double addition or product, exactly: the base of arithmetic in two doubles.
 *
 * Source: T. J. Dekker, "A floating-point technique for extending the available precision" (1971);
 * D. E. Knuth, TAOCP 2, 4.2.2. Exact as long as nothing overflows or becomes subnormal.
 */

/** 2^27 + 1: splits a 53-bit number into two of 26. */
const SPLITTER = 134217729;

const upperHalf = (a: number): number => {
  const shifted = a * SPLITTER;
  return shifted - (shifted - a);
};

/** a * b - product, where product is the rounded a * b. */
export const productError = (a: number, b: number, product: number): number => {
  const aHigh = upperHalf(a);
  const aLow = a - aHigh;
  const bHigh = upperHalf(b);
  const bLow = b - bHigh;
  return aLow * bLow - (product - aHigh * bHigh - aLow * bHigh - aHigh * bLow);
};

/** a + b - sum, where sum is the rounded a + b. */
export const sumError = (a: number, b: number, sum: number): number => {
  const bSeen = sum - a;
  return a - (sum - bSeen) + (b - bSeen);
};

/** An unevaluated sum of two doubles, |tail| at most half a unit of `head`. */
export interface Pair {
  readonly head: number;
  readonly tail: number;
}

export const pairOf = (head: number, tail: number): Pair => {
  const sum = head + tail;
  return { head: sum, tail: head - sum + tail };
};

export const addPairs = (a: Pair, b: Pair): Pair => {
  const sum = a.head + b.head;
  return pairOf(sum, sumError(a.head, b.head, sum) + (a.tail + b.tail));
};

export const multiplyPairs = (a: Pair, b: Pair): Pair => {
  const product = a.head * b.head;
  const error = productError(a.head, b.head, product);
  return pairOf(product, error + (a.head * b.tail + a.tail * b.head));
};

/** a / b. */
export const dividePairs = (a: Pair, b: Pair): Pair => {
  const quotient = a.head / b.head;
  const product = quotient * b.head;
  const rest =
    a.head - product - productError(quotient, b.head, product) + a.tail - quotient * b.tail;
  return pairOf(quotient, rest / b.head);
};
