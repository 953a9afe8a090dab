/**
 * A number for an id, for `distinct` windows, which keep numbers.
 *
 * Decimal ids below 2^53 are themselves; any other text is the first 53 bits of its sha256, so that two
 * ids of one window are taken for one with a chance of about 1 in 2^53 per pair.
 */
import { createHash } from 'node:crypto';

const DECIMAL = /^(0|[1-9][0-9]{0,15})$/;

export function distinctId(id: string): number {
  if (DECIMAL.test(id)) {
    const value = Number(id);
    if (Number.isSafeInteger(value)) return value;
  }
  const digest = createHash('sha256').update(id).digest();
  return digest.readUInt32BE(0) * 2 ** 21 + (digest.readUInt32BE(4) >>> 11);
}
