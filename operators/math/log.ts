/**
 * The natural logarithm and the logit, the same bits on every machine (DESIGN R2; see exp.ts for why
 * `Math.log` is not used).
 *
 * L1. Error of `log` is at most 1 unit in the last place (measured against
 *     test/fixtures/math/table.json: 0.67).
 * L2. log(0) is -Infinity, a negative argument or NaN gives NaN; nothing throws.
 *
 * Source: the reduction and the seven coefficients are those of fdlibm's e_log.c (Sun Microsystems,
 * 1993, freely granted).
 */
import { exponentOf, significandOf } from './significand.js';

const LN2_HIGH = 6.9314718036912381649e-1;
const LN2_LOW = 1.90821492927058770002e-10;
const LG1 = 6.66666666666673513e-1;
const LG2 = 3.999999999940941908e-1;
const LG3 = 2.857142874366239149e-1;
const LG4 = 2.222219843214978396e-1;
const LG5 = 1.818357216161805012e-1;
const LG6 = 1.531383769920937332e-1;
const LG7 = 1.479819860511658591e-1;
const SQRT2 = 1.4142135623730951;

/** Natural logarithm of x. */
export const log = (x: number): number => {
  if (!(x > 0)) return x === 0 ? -Infinity : NaN;
  if (x === Infinity) return x;
  let k = exponentOf(x);
  let m = significandOf(x, k);
  if (m > SQRT2) {
    m /= 2;
    k += 1;
  }
  const f = m - 1;
  if (f === 0) return k === 0 ? 0 : k * LN2_HIGH + k * LN2_LOW;
  const s = f / (2 + f);
  const z = s * s;
  const w = z * z;
  const even = w * (LG2 + w * (LG4 + w * LG6));
  const odd = z * (LG1 + w * (LG3 + w * (LG5 + w * LG7)));
  const halfSquare = 0.5 * f * f;
  const tail = s * (halfSquare + (even + odd));
  if (k === 0) return f - (halfSquare - tail);
  return k * LN2_HIGH - (halfSquare - (tail + k * LN2_LOW) - f);
};

/** log(p / (1 - p)): the inverse of `sigmoid`, for p in (0, 1). */
export const logit = (p: number): number => log(p / (1 - p));
