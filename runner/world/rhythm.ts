/**
 * When people shop: shares of the hours of a local day and of the days of a week.
 *
 * Integer weights of our own, with a quiet night, a lunch hump and an evening peak.
 */
import { type Random, weighted } from './random.js';

export const HOUR_MICROS = 3_600_000_000;
export const DAY_MICROS = 24 * HOUR_MICROS;
export const MINUTE_MICROS = 60_000_000;

const HOURS = [
  9, 5, 3, 2, 2, 4, 10, 22, 38, 50, 56, 62, 70, 64, 55, 52, 56, 66, 78, 84, 76, 58, 36, 19,
];
/** Monday first. */
const WEEKDAYS = [95, 92, 96, 100, 118, 126, 104];

const drawHour = weighted(HOURS);

/** Microseconds into a local day. */
export function timeOfDay(random: Random): number {
  const hour = drawHour(random);
  return hour * HOUR_MICROS + Math.floor(random.unit() * HOUR_MICROS);
}

/** 1970-01-01 was a Thursday; `dayNumber` counts days since then. */
function weekday(dayNumber: number): number {
  return (((dayNumber + 3) % 7) + 7) % 7;
}

/** Draws the day, 0..days-1, of an ordinary flow in a world starting at `startMicros`. */
export function dayDraw(startMicros: number, days: number): (random: Random) => number {
  const first = Math.floor(startMicros / DAY_MICROS);
  const weights = Array.from({ length: days }, (_, day) => WEEKDAYS[weekday(first + day)] ?? 100);
  return weighted(weights);
}
