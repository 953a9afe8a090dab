/**
 * Microseconds since 1970 as the platform's times: RFC 3339, UTC, exactly six fraction digits.
 *
 * Days are turned into dates by the civil-calendar algorithm (Hinnant, "chrono-compatible low-level
 * date algorithms"), so no Date object and no locale is involved. A number holds microseconds
 * exactly until the year 2255.
 */
const DAY_SECONDS = 86_400;

const two = (value: number): string => (value < 10 ? `0${value}` : String(value));

function civilDate(dayNumber: number): string {
  const shifted = dayNumber + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1;
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  return `${String(year).padStart(4, '0')}-${two(month)}-${two(day)}`;
}

/** Days since 1970-01-01 of a proleptic Gregorian date; the inverse of what the formatter does. */
export function dayNumberOf(year: number, month: number, day: number): number {
  const shiftedYear = month <= 2 ? year - 1 : year;
  const era = Math.floor(shiftedYear / 400);
  const yearOfEra = shiftedYear - era * 400;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  const dayOfEra =
    yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

/** `2026-01-05T09:08:07`, remembered for the last second and day: times come almost in order. */
class SecondText {
  private second = Number.NaN;
  private day = Number.NaN;
  private dateText = '';
  private text = '';

  of(second: number): string {
    if (second === this.second) return this.text;
    const day = Math.floor(second / DAY_SECONDS);
    if (day !== this.day) {
      this.day = day;
      this.dateText = civilDate(day);
    }
    const inDay = second - day * DAY_SECONDS;
    const hour = Math.floor(inDay / 3600);
    const minute = Math.floor((inDay - hour * 3600) / 60);
    this.second = second;
    this.text = `${this.dateText}T${two(hour)}:${two(minute)}:${two(inDay - hour * 3600 - minute * 60)}`;
    return this.text;
  }
}

/** A formatter with its own small memory; make one per stream of nearly ordered times. */
export function microsFormatter(): (micros: number) => string {
  const seconds = new SecondText();
  return (micros) => {
    const second = Math.floor(micros / 1_000_000);
    const rest = micros - second * 1_000_000;
    return `${seconds.of(second)}.${String(rest + 1_000_000).slice(1)}`;
  };
}

/** One time as text with a Z; for hot paths keep a `microsFormatter`. */
export function utcText(micros: number): string {
  return `${microsFormatter()(micros)}Z`;
}
