import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { amountMinor } from '../../schemas/amount.js';

/** Minor units of a spelled decimal with up to 6 places, by integers alone. */
function byDigits(units: bigint, places: number): number {
  const scale = 10n ** BigInt(places);
  const hundred = units * 100n;
  const floor = hundred / scale;
  const twice = (hundred % scale) * 2n;
  return Number(twice > scale || (twice === scale && floor % 2n === 1n) ? floor + 1n : floor);
}

describe('minor units of an amount (ruling 8)', () => {
  it('are those of the spelled decimal, ties to even', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: 10n ** 12n }),
        fc.integer({ min: 0, max: 6 }),
        (units, places) => {
          const amount = Number(`${units}e-${places}`);
          expect(amountMinor(amount)).toBe(byDigits(units, places));
          expect(amountMinor(-amount) + byDigits(units, places)).toBe(0);
        },
      ),
      { numRuns: 3000 },
    );
  });

  it('round every half of the first 200 to the even side', () => {
    for (let minor = 0; minor < 20_000; minor += 1) {
      const half = Number(`${minor}.5e-2`);
      expect(amountMinor(half)).toBe(minor % 2 === 0 ? minor : minor + 1);
    }
  });

  it.each([NaN, Infinity, -Infinity, 2 ** 53, -(2 ** 53), 90071992547409.92, 1e300])(
    'refuses %d',
    (amount) => {
      expect(() => amountMinor(amount)).toThrow(/out of range/);
    },
  );

  it('takes the last amount below 2^53 minor units', () => {
    expect(amountMinor(90071992547409.9)).toBe(9007199254740990);
    expect(Object.is(amountMinor(-0.001), 0)).toBe(true);
  });
});
