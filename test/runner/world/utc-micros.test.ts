/** Times as text, held against the platform's own calendar. */
import { describe, expect, it } from 'vitest';
import { dayNumberOf, microsFormatter, utcText } from '../../../runner/world/utc-micros.js';

describe('utc-micros', () => {
  it('agrees with the calendar of Date over four centuries, leap days included', () => {
    for (let day = -100_000; day < 100_000; day += 13) {
      const millis = day * 86_400_000 + 45_296_789;
      expect(utcText(millis * 1000 + 12)).toBe(new Date(millis).toISOString().replace('Z', '012Z'));
    }
    expect(utcText(1_709_210_096_000_001)).toBe('2024-02-29T12:34:56.000001Z');
  });

  it('keeps six digits and survives going back in time', () => {
    const format = microsFormatter();
    expect(format(1_000_000)).toBe('1970-01-01T00:00:01.000000');
    expect(format(86_400_000_000_000)).toBe('1972-09-27T00:00:00.000000');
    expect(format(5)).toBe('1970-01-01T00:00:00.000005');
  });

  it('counts days as the formatter spells them', () => {
    expect(dayNumberOf(1970, 1, 1)).toBe(0);
    expect(dayNumberOf(2018, 4, 1)).toBe(Date.UTC(2018, 3, 1) / 86_400_000);
    expect(dayNumberOf(2000, 2, 29)).toBe(Date.UTC(2000, 1, 29) / 86_400_000);
  });
});
