/**
 * An id as a whole number of 53 bits, so that windows keep numbers and never text.
 *
 * N1. Decimal digits without leading zero, below 2^52, are the number they say: such ids never collide.
 * N2. Every other text is hashed into 2^52 .. 2^53 - 1 by two multiply-and-mix lanes over its UTF-16
 *     units. Two ids of one entity's window that collide (about n^2 / 2^53 for n of them) count as one.
 */
const DIGITS_MAX = 15;
const HALF = 2 ** 52;
const ZERO = 48;
const NINE = 57;

/** `id` as a whole number from 0 to 2^53 - 1. */
export function idNumber(id: string): number {
  const length = id.length;
  if (length > 0 && length <= DIGITS_MAX && (length === 1 || id.charCodeAt(0) !== ZERO)) {
    let value = 0;
    let at = 0;
    for (; at < length; at += 1) {
      const unit = id.charCodeAt(at);
      if (unit < ZERO || unit > NINE) break;
      value = value * 10 + unit - ZERO;
    }
    if (at === length) return value;
  }
  return hashed(id);
}

function hashed(id: string): number {
  let high = 0xdeadbeef;
  let low = 0x41c6ce57;
  for (let at = 0; at < id.length; at += 1) {
    const unit = id.charCodeAt(at);
    high = Math.imul(high ^ unit, 2654435761);
    low = Math.imul(low ^ unit, 1597334677);
  }
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909);
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909);
  return HALF + (high & 0xfffff) * 4294967296 + (low >>> 0);
}
