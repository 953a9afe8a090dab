import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';

import { Guard } from '../../state/guard.js';
import { Savepoint } from '../../state/savepoint.js';
import { guardStore } from '../../state/store.js';
import { seededRandom } from './random.js';

const payload = (value: number): Uint8Array => Buffer.alloc(8, value);
const id = (value: number): Uint8Array => createHash('sha256').update(`id ${value}`).digest();

function newGuard(keepMs: number, keysMax: number): { guard: Guard; savepoint: Savepoint } {
  const savepoint = new Savepoint();
  return { guard: new Guard(guardStore({ keepMs, keysMax }), savepoint), savepoint };
}

test('an id is new once, then the same or, with another payload, other', () => {
  const { guard } = newGuard(1000, 100);
  expect(guard.admit(id(1), payload(1), 5)).toBe('new');
  expect(guard.admit(id(1), payload(1), 6)).toBe('same');
  expect(guard.admit(id(1), payload(2), 6)).toBe('other');
  expect(guard.admit(id(1), payload(1), 6)).toBe('same');
});

test('ids that share slot and tag are told apart', () => {
  const { guard } = newGuard(1000, 100);
  const left = Buffer.alloc(32, 1);
  const right = Buffer.from(left);
  right[15] = 2;
  expect(guard.admit(left, payload(1), 0)).toBe('new');
  expect(guard.admit(right, payload(1), 0)).toBe('new');
  expect(guard.admit(left, payload(1), 0)).toBe('same');
});

test('G1: an id is remembered for keepMs of given time, and forgotten with its bucket', () => {
  const { guard } = newGuard(700, 10_000);
  guard.admit(id(1), payload(1), 99);
  guard.admit(id(2), payload(1), 799);
  expect(guard.admit(id(1), payload(1), 799)).toBe('same');
  guard.admit(id(3), payload(1), 800);
  expect(guard.admit(id(1), payload(1), 800)).toBe('new');
  expect(guard.admit(id(2), payload(1), 800)).toBe('same');
});

test('there are never more than eight buckets, whatever the times', () => {
  const { guard } = newGuard(700, 100_000);
  const random = seededRandom(5);
  let newest = 0;
  for (let at = 0; at < 20_000; at += 1) {
    newest += random.whole(10);
    guard.admit(id(at), payload(1), random.once(3) ? random.whole(newest + 1) : newest);
    expect(guard.set.buckets.length).toBeLessThanOrEqual(8);
  }
});

test('the bound of keys: the oldest bucket goes and is counted, also when it is the only one', () => {
  const { guard } = newGuard(700, 10);
  for (let at = 0; at < 8; at += 1) guard.admit(id(at), payload(1), 0);
  for (let at = 8; at < 12; at += 1) guard.admit(id(at), payload(1), 300);
  expect(guard.size).toBe(4);
  expect(guard.set.dropped).toBe(8);
  expect(guard.admit(id(8), payload(1), 300)).toBe('same');
  expect(guard.admit(id(0), payload(1), 300)).toBe('new');
  const lone = newGuard(700, 3).guard;
  for (let at = 0; at < 4; at += 1) lone.admit(id(at), payload(1), 0);
  expect(lone.size).toBe(1);
  expect(lone.set.dropped).toBe(3);
});

test('V1: a rollback takes back entries, new buckets and dropped buckets, across growth', () => {
  const { guard, savepoint } = newGuard(700, 5000);
  for (let at = 0; at < 3000; at += 1) guard.admit(id(at), payload(1), at % 400);
  const before = guard.set;
  const sizes = before.buckets.map((bucket) => bucket.size);
  savepoint.mark();
  for (let at = 3000; at < 7500; at += 1) guard.admit(id(at), payload(1), at % 900);
  expect(guard.set).not.toBe(before);
  guard.rollback();
  savepoint.rollback();
  expect(guard.set).toBe(before);
  expect(guard.set.buckets.map((bucket) => bucket.size)).toEqual(sizes);
  for (let at = 0; at < 3000; at += 1) expect(guard.admit(id(at), payload(1), 0)).toBe('same');
  expect(guard.admit(id(7000), payload(1), 0)).toBe('new');
});

test('a guard refuses what it cannot hold', () => {
  const { guard } = newGuard(700, 10);
  expect(() => guard.admit(Buffer.alloc(15), payload(1), 0)).toThrow(/16 bytes/);
  expect(() => guard.admit(id(1), payload(1), NaN)).toThrow(/time/);
  expect(() => guardStore({ keepMs: 1, keysMax: 2 ** 24 })).toThrow(/keysMax/);
  expect(() => guardStore({ keepMs: 0, keysMax: 1 })).toThrow(/keepMs/);
});
