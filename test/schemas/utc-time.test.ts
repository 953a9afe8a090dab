import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatUtcMicros, isLocalTime, parseUtcMicros } from '../../schemas/utc-time.js';

const MICROS_MAX = Number.MAX_SAFE_INTEGER;

describe('UTC times with microseconds', () => {
  it.each([
    ['1970-01-01T00:00:00.000000Z', 0],
    ['2026-01-01T00:00:05.000123Z', 1_767_225_605_000_123],
    ['2000-02-29T12:00:00.000001Z', 951_825_600_000_001],
    ['1969-12-31T23:59:59.999999Z', -1],
  ])('%s', (text, micros) => {
    expect(parseUtcMicros(text)).toBe(micros);
    expect(formatUtcMicros(micros)).toBe(text);
  });

  it('agrees with the calendar of Date over its whole range, and reads back what it writes', () => {
    fc.assert(
      fc.property(fc.integer({ min: -MICROS_MAX, max: MICROS_MAX }), (micros) => {
        const text = formatUtcMicros(micros);
        expect(parseUtcMicros(text)).toBe(micros);
        const fraction = ((micros % 1000) + 1000) % 1000;
        const date = new Date((micros - fraction) / 1000).toISOString();
        expect(text).toBe(`${date.slice(0, -1)}${String(fraction).padStart(3, '0')}Z`);
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    '2026-02-29T00:00:00.000000Z',
    '2100-02-29T00:00:00.000000Z',
    '2026-13-01T00:00:00.000000Z',
    '2026-00-01T00:00:00.000000Z',
    '2026-01-00T00:00:00.000000Z',
    '2026-01-01T24:00:00.000000Z',
    '2026-01-01T00:60:00.000000Z',
    '2016-12-31T23:59:60.000000Z',
    '2026-01-01T00:00:00.00000Z',
    '2026-01-01T00:00:00.000000z',
    '2026-01-01T00:00:00.000000Z\n',
    '2026-01-01 00:00:00.000000Z',
    '9999-12-31T23:59:59.999999Z',
  ])('refuses %j', (text) => {
    expect(parseUtcMicros(text)).toBeUndefined();
  });

  it('refuses to write what is no count', () => {
    expect(() => formatUtcMicros(0.5)).toThrow(RangeError);
    expect(() => formatUtcMicros(2 ** 53)).toThrow(RangeError);
  });

  it('knows a local time by its missing zone', () => {
    expect(isLocalTime('2026-01-01T00:00:00.000000')).toBe(true);
    expect(isLocalTime('2026-01-01T00:00:00.000000Z')).toBe(false);
    expect(isLocalTime('2026-02-30T00:00:00.000000')).toBe(false);
  });
});
