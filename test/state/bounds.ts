/** Bounds, expiry and digests of a task state: second part of the suite. */
import { afterEach, describe, expect, test } from 'vitest';

import { DivertError, HaltError } from '../../schemas/errors.js';
import type { TaskState } from '../../state/port.js';
import { keyedStore, ttlStore } from '../../state/store.js';
import { openOn } from './suite.js';
import type { Disk } from './disk.js';

interface Row {
  readonly atMs: number;
  readonly text: string;
}

const row = (atMs: number, text = 'x'): Row => ({ atMs, text });
/** Ends an expiry bucket: 2^18 ms. */
const BUCKET_MS = 262_144;

function code(run: () => unknown): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    return error instanceof DivertError || error instanceof HaltError ? error.code : String(error);
  }
}

export function boundsSuite(name: string, newDisk: () => Disk): void {
  describe(`bounds and expiry on ${name}`, () => {
    const disks: Disk[] = [];
    const fresh = (made: Disk = newDisk()): Disk => {
      disks.push(made);
      return made;
    };
    afterEach(async () => {
      for (const used of disks.splice(0)) await used.remove();
    });
    const stores = [keyedStore<Row>({ keysMax: 3 }), ttlStore<Row>({ keepMs: 1000, keysMax: 3 })];
    const ready = async (disk = fresh()): Promise<TaskState> => {
      const state = await openOn(disk, { stores });
      await state.ready();
      return state;
    };

    test('a full store diverts a new key with STORE_FULL and still takes known ones', async () => {
      const state = await ready();
      const store = state.keyed<Row>(0);
      for (const key of ['a', 'b', 'c']) store.put(key, row(1));
      expect(
        code(() => {
          store.put('d', row(1));
        }),
      ).toBe('STORE_FULL');
      store.put('a', row(2));
      expect(store.get('d')).toBeUndefined();
      store.delete('b');
      store.put('d', row(1));
      expect(state.sizes().keys[0]).toBe(3);
    });

    test('a record that filled the store and failed leaves room again', async () => {
      const state = await ready();
      const store = state.keyed<Row>(0);
      store.put('a', row(1));
      state.mark();
      store.put('b', row(1));
      store.put('c', row(1));
      store.delete('a');
      store.put('d', row(1));
      expect(
        code(() => {
          store.put('e', row(1));
        }),
      ).toBe('STORE_FULL');
      state.rollback();
      expect(state.sizes().keys[0]).toBe(1);
      expect(store.get('a')).toEqual(row(1));
      expect(store.get('d')).toBeUndefined();
    });

    test('a value reads as absent from its expiry on, before any sweep', async () => {
      const state = await ready();
      const store = state.keyed<Row>(1);
      store.put('a', row(500));
      state.clockMs = 1499;
      expect(store.get('a')).toEqual(row(500));
      state.clockMs = 1500;
      expect(store.get('a')).toBeUndefined();
    });

    test('STORE_FULL falls on the same record whether or not the sweeper came by (L1)', async () => {
      const verdicts = async (sweeps: boolean): Promise<unknown> => {
        const state = await ready();
        const store = state.keyed<Row>(1);
        const found: unknown[] = [];
        const blobs: string[] = [];
        for (let seq = 1; seq <= 12; seq += 1) {
          state.clockMs = seq * 90_000;
          for (const key of [`k${seq}`, `k${seq - 2}`, 'same']) {
            found.push(
              code(() => {
                store.put(key, row(state.clockMs));
              }),
            );
          }
          if (seq % 3 === 0) store.delete(`k${seq - 1}`);
          blobs.push(Buffer.from(state.seal(seq).digest).toString('hex'));
          state.durable(seq);
          if (sweeps) {
            await state.checkpoint();
            await state.sweep(100);
          }
          found.push(state.sizes().keys[1]);
        }
        expect(found).toContain('STORE_FULL');
        return { found, blobs };
      };
      expect(await verdicts(true)).toEqual(await verdicts(false));
    });

    test('the sweeper removes rows for good, only after their round is durable, in no digest', async () => {
      const disk = fresh();
      const state = await ready(disk);
      const store = state.keyed<Row>(1);
      store.put('a', row(0));
      state.seal(1);
      state.durable(1);
      await state.checkpoint();
      state.clockMs = 2 * BUCKET_MS;
      const before = await state.digest();
      expect(await state.sweep(10)).toBe(0);
      state.seal(2);
      expect(await state.sweep(10)).toBe(0);
      state.durable(2);
      expect(await state.sweep(10)).toBe(1);
      expect(await state.sweep(10)).toBe(0);
      expect(await state.digest()).toBe(before);
      expect(store.get('a')).toBeUndefined();
      await state.checkpoint();
      const again = await openOn(fresh(disk.photo()), { stores });
      await again.ready();
      expect(again.sizes().keys[1]).toBe(0);
      expect(await again.digest()).toBe(before);
    });

    test('the sweeper looks at no more rows than it is told and goes on where it stopped', async () => {
      const state = await openOn(fresh(), { stores: [ttlStore<Row>({ keepMs: 1, keysMax: 500 })] });
      await state.ready();
      const store = state.keyed<Row>(0);
      for (let at = 0; at < 300; at += 1) store.put(`k${at}`, row(0));
      state.seal(1);
      state.durable(1);
      await state.checkpoint();
      state.clockMs = BUCKET_MS;
      state.seal(2);
      state.durable(2);
      expect(await state.sweep(100)).toBe(100);
      expect(await state.sweep(150)).toBe(150);
      expect((await state.sweep(150)) + (await state.sweep(150))).toBe(50);
    });

    test('the digest depends on what lives, not on how it came about (D1)', async () => {
      const left = await ready();
      const right = await ready();
      const direct = left.keyed<Row>(0);
      direct.put('a', row(1));
      direct.put('b', row(2));
      left.setTimer(1, 'a', 9, 's');
      const winding = right.keyed<Row>(0);
      winding.put('c', row(3));
      winding.put('b', row(1));
      right.seal(1);
      right.durable(1);
      await right.checkpoint();
      winding.delete('c');
      winding.put('b', row(2));
      right.setTimer(1, 'b', 4, 's');
      right.seal(2);
      winding.put('a', row(1));
      right.setTimer(1, 'b', null, 's');
      right.setTimer(1, 'a', 9, 's');
      expect(await right.digest()).toBe(await left.digest());
      winding.put('a', row(2));
      expect(await right.digest()).not.toBe(await left.digest());
    });
  });
}
