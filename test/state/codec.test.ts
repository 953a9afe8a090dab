import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';

import { packCodec } from '../../state/codec.js';
import { distinctId } from '../../state/distinct-id.js';
import { keyedStore, ttlStore } from '../../state/store.js';

const codec = packCodec<unknown>();
const bytesOf = (value: unknown): Buffer => Buffer.from(codec.encode(value));

test.each([
  null,
  true,
  0,
  -1,
  0.1,
  2 ** 53 - 1,
  -(2 ** 53 - 1),
  2n ** 64n - 1n,
  2n ** 80n,
  '',
  'é\u{1f600}\x00',
  [1, [2, 'x']],
  { a: 1, b: { c: [null] } },
  new Set([1, 'two']),
])('packCodec gives back what it was given: %o', (value) => {
  expect(codec.decode(bytesOf(value), 1)).toEqual(value);
});

test('packCodec refuses a Map, which would come back as an object', () => {
  expect(() => codec.encode({ a: [{ b: new Map() }] })).toThrow(/Map/);
  expect(() => codec.encode(new Set([new Map()]))).toThrow(/Map/);
});

test('packCodec gives back bytes of their own, not a view of the row', () => {
  const stored = bytesOf({ bytes: Buffer.from([1, 2, 3]) });
  const value = codec.decode(stored, 1) as { bytes: Uint8Array };
  stored.fill(0);
  expect([...value.bytes]).toEqual([1, 2, 3]);
});

test('bytes depend on the value only, not on what was encoded before', () => {
  const value = { account: 'a', amount: 12, at: 1_700_000_000_000 };
  const first = bytesOf(value);
  for (let at = 0; at < 100; at += 1) codec.encode({ [`field${at}`]: at, account: at });
  expect(bytesOf({ ...value })).toEqual(first);
  expect(Buffer.from(packCodec<unknown>().encode(value))).toEqual(first);
});

test('stores refuse bounds that are none', () => {
  expect(() => keyedStore({ keysMax: 0 })).toThrow(/keysMax/);
  expect(() => keyedStore({ keysMax: 1, version: 256 })).toThrow(/version/);
  expect(() => ttlStore({ keysMax: 1, keepMs: -1 })).toThrow(/keepMs/);
  expect(ttlStore({ keysMax: 1, keepMs: 10 }).expiresMs?.({ atMs: 5 })).toBe(15);
});

test('an id is its own number below 2^53, else the beginning of its sha256', () => {
  expect(distinctId('0')).toBe(0);
  expect(distinctId('9007199254740991')).toBe(2 ** 53 - 1);
  for (const id of ['9007199254740992', '18446744073709551615', '007', 'device-1', '']) {
    const hex = createHash('sha256').update(id).digest('hex').slice(0, 16);
    expect(distinctId(id)).toBe(Number(BigInt(`0x${hex}`) >> 11n));
    expect(Number.isSafeInteger(distinctId(id))).toBe(true);
  }
});
