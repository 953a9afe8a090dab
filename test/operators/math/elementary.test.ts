import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { exp, sigmoid } from '../../../operators/math/exp.js';
import { log, logit } from '../../../operators/math/log.js';
import { pow } from '../../../operators/math/pow.js';
import { round6 } from '../../../operators/math/round6.js';

// Source of the numbers: mpmath at 300 bits, scripts/make-math-fixtures.py.
type Name = 'exp' | 'sigmoid' | 'log' | 'pow';
const table = JSON.parse(
  readFileSync(new URL('../../fixtures/math/table.json', import.meta.url), 'utf8'),
) as Readonly<Record<Name, readonly (readonly string[])[]>>;

const double = (hex: string | undefined): number => Buffer.from(hex ?? '', 'hex').readDoubleBE(0);

/** Distance from `head` to the next double away from zero. */
const unitOf = (head: number): number => {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(Math.abs(head));
  bytes.writeBigUInt64BE(bytes.readBigUInt64BE() + 1n);
  return bytes.readDoubleBE() - Math.abs(head);
};

const worst = (name: Name, at: (args: readonly number[]) => number): number => {
  let error = 0;
  for (const row of table[name]) {
    const args = row.slice(0, -2).map(double);
    const [head, tail] = row.slice(-2).map(double) as [number, number];
    const got = at(args);
    const off = got === head && tail === 0 ? 0 : Math.abs((got - head - tail) / unitOf(head));
    // NaN and infinities must not pass as "no error".
    error = Math.max(error, Number.isNaN(off) ? Infinity : off);
  }
  return error;
};

describe('elementary functions against 300 bits', () => {
  it.each([
    ['exp', 0.7, ([x = NaN]: readonly number[]) => exp(x)],
    ['sigmoid', 0.61, ([x = NaN]: readonly number[]) => sigmoid(x)],
    ['log', 0.67, ([x = NaN]: readonly number[]) => log(x)],
    ['pow', 0.71, ([x = NaN, y = NaN]: readonly number[]) => pow(x, y)],
  ] as const)('X1, L1, W1. %s errs by at most %d units in the last place', (name, unitsMax, at) => {
    expect(table[name].length).toBeGreaterThan(200);
    const error = worst(name, at);
    if (process.env['SHOW_ULP'] !== undefined) console.log(name, error);
    expect(error).toBeLessThanOrEqual(unitsMax);
  });

  it('the measure sees an error of two units', () => {
    expect(worst('exp', ([x = NaN]) => exp(x) * (1 + 2 ** -51))).toBeGreaterThan(1);
  });

  it.each([
    ['exp(0)', exp(0), 1],
    ['exp(1000)', exp(1000), Infinity],
    ['exp(-1000)', exp(-1000), 0],
    ['exp(-745.13)', exp(-745.13), 5e-324],
    ['exp(NaN)', exp(NaN), NaN],
    ['sigmoid(0)', sigmoid(0), 0.5],
    ['sigmoid(Infinity)', sigmoid(Infinity), 1],
    ['sigmoid(-Infinity)', sigmoid(-Infinity), 0],
    ['sigmoid(NaN)', sigmoid(NaN), NaN],
    ['log(0)', log(0), -Infinity],
    ['log(-1)', log(-1), NaN],
    ['log(Infinity)', log(Infinity), Infinity],
    ['logit(0.5)', logit(0.5), 0],
    ['pow(0, 0)', pow(0, 0), 1],
    ['pow(-2, 3)', pow(-2, 3), -8],
    ['pow(-2, 0.5)', pow(-2, 0.5), NaN],
    ['pow(-0, -3)', pow(-0, -3), -Infinity],
    ['pow(2, 1024)', pow(2, 1024), Infinity],
    ['pow(2, -1074)', pow(2, -1074), 5e-324],
    ['pow(-Infinity, 3)', pow(-Infinity, 3), -Infinity],
    ['pow(0.5, Infinity)', pow(0.5, Infinity), 0],
    ['round6(0.1234565)', round6(0.1234565), 0.123457],
    ['round6(-1e-9)', round6(-1e-9), 0],
  ])('%s has the value of IEEE 754', (_text, got, wanted) => {
    expect(got).toBe(wanted);
  });

  it('sigmoid never falls as its argument grows', () => {
    let before = 0;
    for (let x = -50; x <= 50; x += 0.0078125) {
      const at = sigmoid(x);
      expect(at).toBeGreaterThanOrEqual(before);
      before = at;
    }
  });
});
