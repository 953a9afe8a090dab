import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import {
  bigEndian,
  chunkKey,
  describeKey,
  keyOf,
  keyParts,
  prefixEnd,
  readBigEndian,
  scopedKey,
  type KeyPart,
} from '../../state/keys.js';

const part = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('', '\x00', '\x00\xff', 'a\x00', 'é', '\u{1f600}'),
  fc.nat(),
  fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
);
const parts = fc.array(part, { maxLength: 5 });

const asRead = (list: readonly KeyPart[]) =>
  list.map((one) => (typeof one === 'number' ? BigInt(one) : one));

function order(left: string | bigint, right: string | bigint): number {
  if (typeof left === 'bigint' && typeof right === 'bigint') return left < right ? -1 : 1;
  return Buffer.compare(Buffer.from(String(left), 'utf8'), Buffer.from(String(right), 'utf8'));
}

describe('keys', () => {
  test('K1: parts are read back as they were, so different parts never make equal keys', () => {
    fc.assert(
      fc.property(parts, (list) => {
        expect(keyParts(keyOf(...list))).toEqual(asRead(list));
      }),
    );
    expect(keyOf('a', 'bc')).not.toBe(keyOf('ab', 'c'));
    expect(keyOf('1')).not.toBe(keyOf(1));
  });

  test('a key is bytes: no char above ff', () => {
    fc.assert(
      fc.property(parts, (list) => {
        expect(Buffer.from(keyOf(...list), 'latin1').toString('latin1')).toBe(keyOf(...list));
      }),
    );
  });

  test('K2: one key of text or number sorts as its bytes or value', () => {
    const alike = fc.oneof(
      fc.tuple(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' })),
      fc.tuple(
        fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
        fc.bigInt({ min: 0n, max: 1n << 60n }),
      ),
    );
    fc.assert(
      fc.property(alike, ([left, right]) => {
        fc.pre(left !== right);
        expect(keyOf(left) < keyOf(right)).toBe(order(left, right) < 0);
      }),
    );
    expect(keyOf('a') < keyOf('a', 0)).toBe(true);
  });

  test('K3: keys of one run never begin as those of another', () => {
    expect(scopedKey('run1', 'x').startsWith(keyOf('run1'))).toBe(true);
    expect(scopedKey('run12', 'x').startsWith(keyOf('run1'))).toBe(false);
  });

  test('numbers out of range are refused', () => {
    for (const bad of [-1, 1.5, 2 ** 53, NaN]) expect(() => keyOf(bad)).toThrow(/whole number/);
    for (const bad of [-1n, 1n << 64n]) expect(() => keyOf(bad)).toThrow(/uint64/);
    expect(() => bigEndian(256, 1)).toThrow();
    expect(() => bigEndian(2 ** 32, 4)).toThrow();
    expect(readBigEndian(bigEndian(2 ** 53 - 1, 8), 0, 8)).toBe(2 ** 53 - 1);
  });

  test('keys are described in words, or in hex when they were not made here', () => {
    expect(describeKey(scopedKey('run', 'é', 7))).toBe('run / é / 7');
    expect(describeKey(chunkKey(keyOf('e'), 70_000))).toBe('e / 70000');
    expect(describeKey('\x09a')).toBe('0x0961');
    expect(describeKey('\x01open')).toBe('0x016f70656e');
  });

  test('the end of a prefix lies above every key that begins with it', () => {
    expect(prefixEnd('a')).toBe('b');
    expect(prefixEnd('a\xff\xff')).toBe('b');
    expect(prefixEnd('\xff')).toBeUndefined();
  });
});
