/** A double taken apart: x = significand * 2^exponent with the significand in [1, 2). */
import { powerOfTwo } from './power-of-two.js';

const bits = new DataView(new ArrayBuffer(8));

const biasedExponent = (x: number): number => {
  bits.setFloat64(0, x);
  return (bits.getUint32(0) >>> 20) & 0x7ff;
};

/** The largest k with 2^k <= x, for finite x > 0; subnormal numbers included (-1074..1023). */
export const exponentOf = (x: number): number => {
  const biased = biasedExponent(x);
  // A subnormal number has no exponent of its own: lift it by 2^54 first.
  return biased === 0 ? biasedExponent(x * 18014398509481984) - 1077 : biased - 1023;
};

/** x / 2^exponent, exact; in two steps where 2^-exponent leaves the range. */
export const significandOf = (x: number, exponent: number): number => {
  if (exponent === 1023) return (x * powerOfTwo(-1022)) / 2;
  if (exponent < -1000) return x * powerOfTwo(1000) * powerOfTwo(-exponent - 1000);
  return x * powerOfTwo(-exponent);
};
