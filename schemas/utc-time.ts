/**
 * Times of the contract: RFC 3339, UTC, exactly 6 fraction digits, as a count of microseconds since
 * 1970. No Date: the same on every build, and an impossible date is refused instead of rolled over.
 *
 * Range: the counts a JS number holds exactly, years 1684 to 2255. Leap seconds have no count and are
 * refused.
 *
 * source: spec/platform.md 1.7; civil calendar by Howard Hinnant's days_from_civil.
 */

export const MICROS_PER_MS = 1000;
const MICROS_PER_SECOND = 1_000_000;
const SECONDS_PER_DAY = 86_400;
const DAYS_PER_ERA = 146_097;
const DAYS_TO_1970 = 719_468;
const UTC = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})\.(\d{6})Z$/;
const LOCAL = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})\.(\d{6})$/;
const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function daysOf(year: number, month: number, day: number): number {
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra =
    yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * DAYS_PER_ERA + dayOfEra - DAYS_TO_1970;
}

function monthDays(year: number, month: number): number {
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return month === 2 && leap ? 29 : (MONTH_DAYS[month - 1] ?? 0);
}

function microsOf(match: RegExpExecArray | null): number | undefined {
  if (match === null) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, fraction = 0] = match
    .slice(1)
    .map(Number);
  if (day < 1 || day > monthDays(year, month) || hour > 23 || minute > 59 || second > 59)
    return undefined;
  const seconds = daysOf(year, month, day) * SECONDS_PER_DAY + hour * 3600 + minute * 60 + second;
  const micros = seconds * MICROS_PER_SECOND + fraction;
  return Number.isSafeInteger(micros) ? micros : undefined;
}

/** Microseconds since 1970 of `2026-01-01T00:00:05.000123Z`; undefined when it is not such a time. */
export const parseUtcMicros = (text: string): number | undefined => microsOf(UTC.exec(text));

/** True for a local time with 6 fraction digits and no zone. */
export const isLocalTime = (text: string): boolean => microsOf(LOCAL.exec(text)) !== undefined;

const pad = (value: number, width: number): string => String(value).padStart(width, '0');

/** The text of a count of microseconds; the inverse of `parseUtcMicros`. Throws RangeError outside its range. */
export function formatUtcMicros(micros: number): string {
  if (!Number.isSafeInteger(micros)) throw new RangeError(`${micros} is no count of microseconds`);
  const seconds = Math.floor(micros / MICROS_PER_SECOND);
  const days = Math.floor(seconds / SECONDS_PER_DAY);
  const ofDay = seconds - days * SECONDS_PER_DAY;
  const time =
    `${pad(Math.floor(ofDay / 3600), 2)}:${pad(Math.floor(ofDay / 60) % 60, 2)}:${pad(ofDay % 60, 2)}` +
    `.${pad(micros - seconds * MICROS_PER_SECOND, 6)}Z`;
  return `${dateText(days)}T${time}`;
}

let lastDay = NaN;
let lastDate = '';
/** The date of a day; the last one is kept, since records come day by day. */
function dateText(days: number): string {
  if (days === lastDay) return lastDate;
  const shifted = days + DAYS_TO_1970;
  const era = Math.floor(shifted / DAYS_PER_ERA);
  const dayOfEra = shifted - era * DAYS_PER_ERA;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1;
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  lastDay = days;
  lastDate = `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}`;
  return lastDate;
}
