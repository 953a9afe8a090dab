/**
 * Values an event has by itself: functions of its event time (UTC) and amount, nothing else.
 * Source: data/handbook README for weekend and night (night is 00:00:00 to 06:59:59).
 */

export const EVENT_VALUES = [
  'amount_minor',
  'amount',
  'hour',
  'weekday',
  'weekend',
  'night',
] as const;
export type EventValue = (typeof EVENT_VALUES)[number];

const HOUR_MICROS = 3_600_000_000;
const DAY_MICROS = 24 * HOUR_MICROS;
/** 1970-01-01 was a Thursday; Monday is 0. */
const FIRST_WEEKDAY = 3;
const SATURDAY = 5;
const NIGHT_HOUR_LAST = 6;

/** 0 to 23. `tsMicros` before 1970 counts backwards. */
const hourOf = (tsMicros: number): number =>
  Math.floor((tsMicros - Math.floor(tsMicros / DAY_MICROS) * DAY_MICROS) / HOUR_MICROS);

/** 0 (Monday) to 6 (Sunday). */
const weekdayOf = (tsMicros: number): number =>
  (((Math.floor(tsMicros / DAY_MICROS) + FIRST_WEEKDAY) % 7) + 7) % 7;

/** `tsMicros` since 1970; `amountMinor` in whole minor units. */
export function eventValue(derive: EventValue, tsMicros: number, amountMinor: number): number {
  switch (derive) {
    case 'amount_minor':
      return amountMinor;
    case 'amount':
      return amountMinor / 100;
    case 'hour':
      return hourOf(tsMicros);
    case 'weekday':
      return weekdayOf(tsMicros);
    case 'weekend':
      return weekdayOf(tsMicros) >= SATURDAY ? 1 : 0;
    case 'night':
      return hourOf(tsMicros) <= NIGHT_HOUR_LAST ? 1 : 0;
  }
}
