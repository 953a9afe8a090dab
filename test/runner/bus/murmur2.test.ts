import { describe, expect, it } from 'vitest';
import { murmur2, murmur2Text, partitionOfKey } from '../../../runner/bus/murmur2.js';

describe('murmur2', () => {
  // Expected values: Apache Kafka, UtilsTest.testMurmur2.
  it.each([
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ['abc', 479470107],
  ])('hashes %s as the Java client does', (text, expected) => {
    expect(murmur2(Buffer.from(text))).toBe(expected);
    expect(murmur2Text(text)).toBe(expected);
  });

  it('hashes a text as its UTF-8 bytes, ASCII or not, of any length', () => {
    for (const text of [
      '',
      'a',
      'ab',
      'abc\u0000',
      'häuser',
      '€uro',
      '\u{1f600}x',
      'x'.repeat(63),
    ]) {
      expect(murmur2Text(text)).toBe(murmur2(Buffer.from(text)));
    }
  });

  it('drops the sign before it takes the partition', () => {
    expect(partitionOfKey(Buffer.from('21'), 8)).toBe((-973932308 & 0x7fffffff) % 8);
    expect(partitionOfKey(Buffer.from('21'), 1)).toBe(0);
  });
});
