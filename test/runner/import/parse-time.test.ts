/** Times of files: every format, every zone form, and nothing guessed. */
import { describe, expect, it } from 'vitest';
import type { TimeColumn } from '../../../runner/import/import-map.js';
import { timeParser } from '../../../runner/import/parse-time.js';

const iso = (text: string, offsetMinutes = 0): number =>
  timeParser({ column: 't', format: 'iso', offsetMinutes })(text);
const AT = Date.UTC(2018, 3, 1, 10, 17, 43) * 1000;

describe('timeParser', () => {
  it.each([
    ['2018-04-01T10:17:43Z', AT],
    ['2018-04-01 10:17:43', AT],
    ['2018-04-01T10:17:43.5', AT + 500_000],
    ['2018-04-01T10:17:43.000001Z', AT + 1],
    ['2018-04-01T12:17:43+02:00', AT],
    ['2018-04-01T07:47:43-0230', AT],
    ['2020-02-29T00:00:00Z', Date.UTC(2020, 1, 29) * 1000],
  ])('reads %s', (text, micros) => {
    expect(iso(text)).toBe(micros);
  });

  it('takes the zone of the map when the text has none, and only then', () => {
    expect(iso('2018-04-01 10:17:43', 330)).toBe(AT - 330 * 60_000_000);
    expect(iso('2018-04-01T10:17:43Z', 330)).toBe(AT);
  });

  it('keeps days apart when they alternate', () => {
    const parse = timeParser({ column: 't', format: 'iso', offsetMinutes: 0 });
    const days = ['2018-04-01T00:00:00Z', '2018-04-02T00:00:00Z', '2018-04-01T00:00:01Z'];
    expect(days.map(parse)).toEqual(days.map((day) => Date.parse(day) * 1000));
  });

  it.each([
    '2018-13-01T00:00:00Z',
    '2018-02-29T00:00:00Z',
    '2018-04-31T00:00:00Z',
    '2018-04-01T24:00:00Z',
    '2018-04-01T10:60:00Z',
    '2018-04-01',
    '01.04.2018 10:17:43',
    '2018-04-01T10:17:43.1234567Z',
    '1969-12-31T23:59:59Z',
    ' 2018-04-01T10:17:43Z',
    '',
  ])('refuses %j', (text) => {
    expect(iso(text)).toBeNaN();
  });

  it.each([
    ['epoch-seconds', '1522577863', 1_522_577_863_000_000],
    ['epoch-millis', '1522577863001', 1_522_577_863_001_000],
    ['epoch-micros', '1522577863000001', 1_522_577_863_000_001],
  ] as const)('reads %s', (format: TimeColumn['format'], text, micros) => {
    const parse = timeParser({ column: 't', format, offsetMinutes: 0 });
    expect(parse(text)).toBe(micros);
    expect(parse(`${text}.5`)).toBeNaN();
    expect(parse('-1')).toBeNaN();
    expect(parse('9999999999999999')).toBeNaN();
  });
});
