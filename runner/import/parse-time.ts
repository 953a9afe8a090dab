/**
 * Times of CSV files as microseconds since 1970, without Date and without a locale.
 *
 * `iso` takes YYYY-MM-DD, T or a space, HH:MM:SS, up to six fraction digits, and Z or an offset;
 * without one the map's zone counts. The epoch formats take whole numbers of their unit.
 * Answers NaN for what it cannot read: the row is reported, nothing is guessed.
 */
import { dayNumberOf } from '../world/utc-micros.js';
import type { TimeColumn } from './import-map.js';

const ISO =
  /^(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,6}))?(?:(Z)|([+-])(\d{2}):?(\d{2}))?$/;
const DIGITS = /^\d{1,16}$/;
const UNIT_MICROS = {
  'epoch-seconds': 1_000_000,
  'epoch-millis': 1000,
  'epoch-micros': 1,
} as const;
const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function daysIn(year: number, month: number): number {
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return month === 2 && leap ? 29 : (MONTH_DAYS[month - 1] ?? 0);
}

/** A parser for one column, which remembers the last day it saw. */
export function timeParser({ format, offsetMinutes }: TimeColumn): (text: string) => number {
  if (format !== 'iso') {
    const unit = UNIT_MICROS[format];
    return (text) => {
      const micros = DIGITS.test(text) ? Number(text) * unit : Number.NaN;
      return Number.isSafeInteger(micros) ? micros : Number.NaN;
    };
  }
  let dateText = '';
  let dayMicros = Number.NaN;
  const dayOf = (text: string, parts: RegExpExecArray): number => {
    if (!text.startsWith(dateText) || dateText === '') {
      const year = Number(parts[1]);
      const month = Number(parts[2]);
      const day = Number(parts[3]);
      if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return Number.NaN;
      dateText = text.slice(0, 10);
      dayMicros = dayNumberOf(year, month, day) * 86_400_000_000;
    }
    return dayMicros;
  };
  return (text) => {
    const parts = ISO.exec(text);
    if (parts === null) return Number.NaN;
    const hour = Number(parts[4]);
    const minute = Number(parts[5]);
    const second = Number(parts[6]);
    if (hour > 23 || minute > 59 || second > 59) return Number.NaN;
    let offset = offsetMinutes;
    if (parts[8] !== undefined) offset = 0;
    else if (parts[9] !== undefined) {
      offset = (Number(parts[10]) * 60 + Number(parts[11])) * (parts[9] === '-' ? -1 : 1);
    }
    const fraction = parts[7] === undefined ? 0 : Number(parts[7].padEnd(6, '0'));
    const seconds = hour * 3600 + minute * 60 + second - offset * 60;
    const micros = dayOf(text, parts) + seconds * 1_000_000 + fraction;
    return micros >= 0 ? micros : Number.NaN;
  };
}
