/** What crosses between a task state and its disk: rows never written, answers that come late. */
import { afterEach, describe, expect, test } from 'vitest';

import type { Backing } from '../../state/backing.js';
import { MARK_KEY } from '../../state/keys.js';
import { keyedStore } from '../../state/store.js';
import { openTaskState } from '../../state/task-state.js';
import type { Disk } from './disk.js';

interface Row {
  readonly atMs: number;
  readonly text: string;
}

const row = (atMs: number, text = 'x'): Row => ({ atMs, text });
const stores = [keyedStore<Row>({ keysMax: 1000 })];

export function trafficSuite(name: string, newDisk: () => Disk): void {
  describe(`traffic with the disk on ${name}`, () => {
    const disks: Disk[] = [];
    const fresh = (): Disk => {
      const made = newDisk();
      disks.push(made);
      return made;
    };
    afterEach(async () => {
      for (const used of disks.splice(0)) await used.remove();
    });

    test('a row made and removed before it reached the disk is not written at all (P4)', async () => {
      const written: string[] = [];
      const inner = await fresh().open();
      const backing: Backing = {
        getSync: (key) => inner.getSync(key),
        getMany: (keys) => inner.getMany(keys),
        scan: (from, to) => inner.scan(from, to),
        close: () => inner.close(),
        batch: () => {
          const batch = inner.batch();
          return {
            put: (key, value) => {
              written.push(`put ${key.slice(2)}`);
              batch.put(key, value);
            },
            delete: (key) => {
              written.push(`delete ${key.slice(2)}`);
              batch.delete(key);
            },
            write: (sync) => batch.write(sync),
          };
        },
      };
      const state = await openTaskState({ stores, backing, newLineage: Buffer.alloc(16) });
      await state.ready();
      const store = state.keyed<Row>(0);
      written.length = 0;
      store.put('a', row(1));
      store.put('b', row(1));
      state.seal(1);
      store.delete('a');
      expect(state.seal(2).deletes).toBe(1);
      state.durable(2);
      await state.checkpoint();
      expect(written).toEqual(['put b', `put ${MARK_KEY.slice(2)}`]);
      expect(state.sizes().loggedEntries).toBe(0);
      store.delete('b');
      state.seal(3);
      state.durable(3);
      await state.checkpoint();
      expect(written.slice(2)).toEqual(['delete b', `put ${MARK_KEY.slice(2)}`]);
    });

    test('a prefetch that answers late does not bring an old row back (C2)', async () => {
      const inner = await fresh().open();
      let answer: () => void = () => undefined;
      const held = new Promise<void>((resolve) => {
        answer = resolve;
      });
      const backing: Backing = {
        getSync: (key) => inner.getSync(key),
        getMany: async (keys) => {
          const rows = await inner.getMany(keys);
          await held;
          return rows;
        },
        scan: (from, to) => inner.scan(from, to),
        close: () => inner.close(),
        batch: () => inner.batch(),
      };
      const state = await openTaskState({
        stores,
        backing,
        newLineage: Buffer.alloc(16),
        cacheBytes: 2000,
      });
      await state.ready();
      const store = state.keyed<Row>(0);
      const round = async (seq: number, text: string): Promise<void> => {
        store.put('a', row(1, text));
        state.seal(seq);
        state.durable(seq);
        await state.checkpoint();
      };
      // Reading many others pushes a clean entry out.
      const push = (): void => {
        for (let at = 0; at < 100; at += 1) store.get(`other ${at}`);
      };
      await round(1, 'old');
      push();
      const fetched = state.prefetch([{ store: 0, key: 'a' }]);
      await new Promise((resolve) => setImmediate(resolve));
      await round(2, 'new');
      push();
      answer();
      await fetched;
      expect(store.get('a')?.text).toBe('new');
      // Nothing was evicted while the read was under way; now the budget holds again, give or take one.
      for (let at = 0; at < 100; at += 1) store.get(`later ${at}`);
      expect(state.sizes().cacheBytes).toBeLessThan(2000 + 400);
    });
  });
}
