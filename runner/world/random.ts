/**
 * Seeded random numbers of the world: xoshiro128** seeded through splitmix64.
 *
 * Everything is 32-bit integer arithmetic, so a seed gives the same numbers on every machine and
 * Node version. A named stream per use keeps one part of the world from shifting another's draws.
 * Source: Blackman and Vigna, "Scrambled linear pseudorandom number generators" (2021);
 * Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (2014).
 */
const MASK_64 = (1n << 64n) - 1n;
const TWO_32 = 4_294_967_296;

/** One step of splitmix64: the next state and its output, both in 0..2^64-1. */
export function splitmix64(state: bigint): { readonly state: bigint; readonly value: bigint } {
  const next = (state + 0x9e3779b97f4a7c15n) & MASK_64;
  let mixed = next;
  mixed = ((mixed ^ (mixed >> 30n)) * 0xbf58476d1ce4e5b9n) & MASK_64;
  mixed = ((mixed ^ (mixed >> 27n)) * 0x94d049bb133111ebn) & MASK_64;
  return { state: next, value: mixed ^ (mixed >> 31n) };
}

/** FNV-1a over UTF-16 code units, widened to 64 bits: only tells stream names apart. */
function nameHash(name: string): bigint {
  let hash = 0xcbf29ce484222325n;
  for (let at = 0; at < name.length; at++) {
    hash = ((hash ^ BigInt(name.charCodeAt(at))) * 0x100000001b3n) & MASK_64;
  }
  return hash;
}

const rotateLeft = (value: number, by: number): number => (value << by) | (value >>> (32 - by));

export class Random {
  private s0: number;
  private s1: number;
  private s2: number;
  private s3: number;

  constructor(state: readonly [number, number, number, number]) {
    this.s0 = state[0] | 0;
    this.s1 = state[1] | 0;
    this.s2 = state[2] | 0;
    this.s3 = state[3] | 0;
    if ((this.s0 | this.s1 | this.s2 | this.s3) === 0) this.s0 = 1; // the one state it never leaves
  }

  /** The stream called `name` of a seed (any integer; taken modulo 2^64). */
  static of(seed: bigint, name: string): Random {
    const first = splitmix64(BigInt.asUintN(64, seed) ^ nameHash(name));
    const second = splitmix64(first.state);
    return new Random([
      Number(first.value & 0xffffffffn),
      Number(first.value >> 32n),
      Number(second.value & 0xffffffffn),
      Number(second.value >> 32n),
    ]);
  }

  /** An integer in 0..2^32-1. */
  uint32(): number {
    const result = Math.imul(rotateLeft(Math.imul(this.s1, 5), 7), 9) >>> 0;
    const shifted = this.s1 << 9;
    this.s2 ^= this.s0;
    this.s3 ^= this.s1;
    this.s1 ^= this.s2;
    this.s0 ^= this.s3;
    this.s2 ^= shifted;
    this.s3 = rotateLeft(this.s3, 11);
    return result;
  }

  /** A multiple of 2^-53 in [0, 1). */
  unit(): number {
    const high = this.uint32() >>> 5;
    const low = this.uint32() >>> 6;
    return (high * 67_108_864 + low) / 9_007_199_254_740_992;
  }

  /** An integer in 0..bound-1 for bound up to 2^32; the bias is below 2^-20 for bounds below 4096. */
  below(bound: number): number {
    return Math.floor((this.uint32() / TWO_32) * bound);
  }

  /** An integer in low..high, both included. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  chance(probability: number): boolean {
    return this.uint32() < probability * TWO_32;
  }

  /** About normal(0, 1): twelve uniforms less six; never beyond +-6, no logarithm needed. */
  normal(): number {
    let sum = -6;
    for (let at = 0; at < 12; at++) sum += this.uint32() / TWO_32;
    return sum;
  }

  /** An integer in 1..2^64-1. */
  uint64(): bigint {
    const value = (BigInt(this.uint32()) << 32n) | BigInt(this.uint32());
    return value === 0n ? 1n : value;
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new RangeError('pick from an empty list');
    return item;
  }
}

/** Draws an index with probability proportional to its weight: binary search over running sums. */
export function weighted(weights: readonly number[]): (random: Random) => number {
  const sums = new Float64Array(weights.length);
  let total = 0;
  weights.forEach((weight, at) => {
    total += weight;
    sums[at] = total;
  });
  if (!(total > 0)) throw new RangeError('weights must have a positive sum');
  return (random) => {
    const target = random.unit() * total;
    let low = 0;
    let high = sums.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((sums[middle] ?? 0) > target) high = middle;
      else low = middle + 1;
    }
    return low;
  };
}
