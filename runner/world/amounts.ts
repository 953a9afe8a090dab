/**
 * Amounts of ordinary purchases, in cents: eight price points and what people make of them.
 *
 * Six in ten pay a price point exactly; the rest buy several, get a discount or pay delivery.
 * Source: platform contract report, section 3 (eight points from 1.99 to 99.99, mean 28.99).
 */
import type { Random } from './random.js';

export const PRICE_POINTS: readonly number[] = [199, 499, 999, 1499, 1999, 2999, 4999, 9999];

/** A price point; `taste` (0..7) names the one an account prefers. */
export function pricePoint(random: Random, taste: number): number {
  const at = random.chance(0.3) ? taste : random.below(PRICE_POINTS.length);
  return PRICE_POINTS[at] ?? 999;
}

export function ordinaryAmount(random: Random, taste: number): number {
  const price = pricePoint(random, taste);
  const kind = random.below(100);
  if (kind < 60) return price;
  if (kind < 72) return price * random.between(2, 3);
  if (kind < 86) return Math.max(1, Math.round((price * random.between(60, 95)) / 100));
  return price + random.between(50, 900);
}
