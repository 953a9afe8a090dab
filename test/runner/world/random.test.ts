/** The published algorithms, number for number, and the draws built on them. */
import { describe, expect, it } from 'vitest';
import { Random, splitmix64, weighted } from '../../../runner/world/random.js';

describe('random', () => {
  it('is xoshiro128**: the first numbers of state 1, 2, 3, 4 (from a C program of the paper)', () => {
    const random = new Random([1, 2, 3, 4]);
    const numbers = Array.from({ length: 10 }, () => random.uint32());
    expect(numbers).toEqual([
      11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597,
      4258142804,
    ]);
  });

  it('is splitmix64: the first numbers of state 1234567 (from a C program of the paper)', () => {
    const expected = [
      6457827717110365317n,
      3203168211198807973n,
      9817491932198370423n,
      4593380528125082431n,
    ];
    let state = 1234567n;
    for (const value of expected) {
      const step = splitmix64(state);
      expect(step.value).toBe(value);
      state = step.state;
    }
  });

  it('tells streams apart by seed and by name, and repeats the same one', () => {
    const first = (seed: bigint, name: string): number => Random.of(seed, name).uint32();
    expect(first(1n, 'people')).toBe(first(1n, 'people'));
    expect(first(1n, 'people')).not.toBe(first(2n, 'people'));
    expect(first(1n, 'people')).not.toBe(first(1n, 'plan'));
    expect(first(-1n, 'people')).toBe(first(2n ** 64n - 1n, 'people'));
  });

  it('stays inside the bounds of between, unit and uint64', () => {
    const random = Random.of(9n, 'bounds');
    for (let at = 0; at < 2000; at++) {
      const die = random.between(1, 6);
      expect(die >= 1 && die <= 6 && Number.isInteger(die)).toBe(true);
      const unit = random.unit();
      expect(unit >= 0 && unit < 1).toBe(true);
      const id = random.uint64();
      expect(id > 0n && id < 2n ** 64n).toBe(true);
    }
  });

  it('draws by weight and never what weighs nothing', () => {
    const random = Random.of(9n, 'weights');
    const draw = weighted([0, 3, 0, 1, 0]);
    const counts = [0, 0, 0, 0, 0];
    for (let at = 0; at < 8000; at++) {
      const index = draw(random);
      counts[index] = (counts[index] ?? 0) + 1;
    }
    expect([counts[0], counts[2], counts[4]]).toEqual([0, 0, 0]);
    expect((counts[1] ?? 0) / (counts[3] ?? 1)).toBeGreaterThan(2.6);
    expect((counts[1] ?? 0) / (counts[3] ?? 1)).toBeLessThan(3.4);
    expect(() => weighted([0, 0])).toThrow(RangeError);
  });
});
