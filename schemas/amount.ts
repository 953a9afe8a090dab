/**
 * Money: a double on the wire, integer minor units from the inlet on.
 *
 * The amount is taken as it is spelled (the shortest text of the double, which is what a producer
 * wrote): 1.015 is 101.5 minor units, a tie, and goes to 102; the double below it is never seen by
 * anyone. Ties go to the even unit.
 *
 * source: ruling 8.
 */
import { DivertError } from './errors.js';

/** Below this size x * 100 is off by less than a millionth, so only values near a half need the text. */
const QUICK_MAX = 2 ** 25;
const NEAR_HALF = 1e-5;

/**
 * Minor units of an amount. Throws DivertError AMOUNT_RANGE when the amount is no finite number or the
 * result is not below 2^53 in size.
 */
export function amountMinor(amount: number): number {
  const size = Math.abs(amount);
  if (size < QUICK_MAX) {
    const scaled = size * 100;
    const below = Math.floor(scaled);
    const rest = scaled - below;
    if (Math.abs(rest - 0.5) > NEAR_HALF) return signed(amount, rest > 0.5 ? below + 1 : below);
  }
  if (!(size < 2 ** 53)) throw new DivertError('AMOUNT_RANGE', `amount ${amount} is out of range`);
  const minor = roundedText(size);
  if (minor >= 2n ** 53n) throw new DivertError('AMOUNT_RANGE', `amount ${amount} is out of range`);
  return signed(amount, Number(minor));
}

const signed = (amount: number, minor: number): number =>
  amount < 0 && minor > 0 ? -minor : minor;

/** `size` x 100, ties to even, exactly on the decimal digits. */
function roundedText(size: number): bigint {
  const [mantissa = '0', exponentText = '0'] = size.toExponential().split('e');
  const [whole = '0', fraction = ''] = mantissa.split('.');
  const digits = BigInt(whole + fraction);
  const exponent = Number(exponentText) - fraction.length + 2;
  if (exponent >= 0) return digits * 10n ** BigInt(exponent);
  const unit = 10n ** BigInt(-exponent);
  const floor = digits / unit;
  const twice = (digits % unit) * 2n;
  const up = twice > unit || (twice === unit && floor % 2n === 1n);
  return up ? floor + 1n : floor;
}
