/**
 * 2^k for k in -1022..1023, exact.
 *
 * The table is filled by doubling and halving, which never rounds in this range; no bit pattern of a
 * double is assumed, so byte order does not matter.
 */
const SMALLEST = -1022;
const LARGEST = 1023;

const powers = new Float64Array(LARGEST - SMALLEST + 1);
powers[-SMALLEST] = 1;
for (let k = 1; k <= LARGEST; k++) powers[k - SMALLEST] = (powers[k - 1 - SMALLEST] ?? 0) * 2;
for (let k = -1; k >= SMALLEST; k--) powers[k - SMALLEST] = (powers[k + 1 - SMALLEST] ?? 0) / 2;

/** 2^k; NaN when k is no integer of -1022..1023. */
export const powerOfTwo = (k: number): number => powers[k - SMALLEST] ?? NaN;
