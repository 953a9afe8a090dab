/** What crosses between a task state and its disk: rows never written, answers that come late. */
import { createHash } from 'node:crypto';

import { afterEach, describe, expect, test } from 'vitest';

import type { Backing } from '../../state/backing.js';
import { MARK_KEY, guardRunPrefix, prefixEnd, readBigEndian } from '../../state/keys.js';
import type { SealedBlob, TaskState } from '../../state/port.js';
import { guardStore, keyedStore } from '../../state/store.js';
import { openTaskState } from '../../state/task-state.js';
import type { Disk } from './disk.js';
import { seededRandom } from './random.js';

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

    test('a guard answers the same across crashes, and buckets that went leave the disk (G3)', async () => {
      const guards = [guardStore({ keepMs: 700, keysMax: 150 })];
      const rounds = 60;
      const open = async (disk: Disk): Promise<TaskState> =>
        openTaskState({ stores: guards, backing: await disk.open(), newLineage: Buffer.alloc(16) });
      const run = (state: TaskState, seq: number): { verdicts: string; blob: SealedBlob } => {
        const random = seededRandom(seq);
        let verdicts = '';
        for (let at = 0; at < 20; at += 1) {
          const id = createHash('sha256')
            .update(`id ${random.whole(400)}`)
            .digest();
          const payload = Buffer.alloc(8, random.whole(2));
          const atMs = Math.max(0, seq * 40 - random.whole(300));
          state.mark();
          verdicts += state.guard(0).admit(id, payload, atMs).charAt(0);
          if (random.once(5)) state.rollback();
          else state.release();
        }
        return { verdicts, blob: state.seal(seq) };
      };
      const plain = await open(fresh());
      await plain.ready();
      const blobs: SealedBlob[] = [];
      let disk = fresh();
      let state = await open(disk);
      await state.ready();
      for (let seq = 1; seq <= rounds; seq += 1) {
        const want = run(plain, seq);
        blobs.push(want.blob);
        const got = run(state, seq);
        expect(got.verdicts).toBe(want.verdicts);
        expect(got.blob.digest).toEqual(want.blob.digest);
        state.durable(seq);
        if (seq % 3 === 0) await state.checkpoint();
        if (seq % 5 !== 0) continue;
        disk = disk.photo();
        disks.push(disk);
        state = await open(disk);
        for (let next = state.checkpointSeq + 1; next <= seq; next += 1) {
          state.apply(next, blobs[next - 1]?.parts ?? []);
        }
        await state.ready();
        expect(await state.digest()).toBe(await plain.digest());
      }
      expect(state.sizes().dropped[0]).toBe(plain.sizes().dropped[0]);
      expect(state.sizes().dropped[0]).toBeGreaterThan(0);
      await state.checkpoint();
      await state.close();
      const serials = new Set<number>();
      let entries = 0;
      const prefix = guardRunPrefix(0);
      for await (const page of (await disk.open()).scan(prefix, prefixEnd(prefix))) {
        for (const [key, run] of page) {
          serials.add(readBigEndian(key, 2, 8));
          entries += (run.length - 1) / 24;
        }
      }
      expect(entries).toBe(state.sizes().keys[0]);
      expect(serials.size).toBeLessThanOrEqual(8);
    });
  });
}
