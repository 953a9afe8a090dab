/** Rounds, blobs, checkpoints, versions and order of use of a task state: third part of the suite. */
import { afterEach, describe, expect, test } from 'vitest';

import { DivertError, HaltError } from '../../schemas/errors.js';
import { PART_BYTES_MAX } from '../../state/blob.js';
import type { SealedBlob, TaskState } from '../../state/port.js';
import { packCodec } from '../../state/codec.js';
import { guardStore, keyedStore, ttlStore } from '../../state/store.js';
import { openOn } from './suite.js';
import type { Disk } from './disk.js';

interface Row {
  readonly atMs: number;
  readonly text: string;
}

const row = (atMs: number, text = 'x'): Row => ({ atMs, text });

function code(run: () => unknown): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    return error instanceof DivertError || error instanceof HaltError ? error.code : String(error);
  }
}

export function roundsSuite(name: string, newDisk: () => Disk): void {
  describe(`rounds and their bytes on ${name}`, () => {
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

    test('what is made and removed within a round leaves nothing in its blob', async () => {
      const state = await ready();
      const store = state.keyed<Row>(0);
      const empty = state.seal(1);
      store.put('a', row(1));
      state.setTimer(1, 'a', 5, 's');
      store.delete('a');
      state.setTimer(1, 'a', null, 's');
      const blob = state.seal(2);
      expect([blob.puts, blob.deletes, blob.bytes]).toEqual([0, 0, empty.bytes]);
    });

    test('a checkpoint never holds a round that is not durable (P1)', async () => {
      const disk = fresh();
      const state = await ready(disk);
      const store = state.keyed<Row>(0);
      store.put('a', row(1));
      state.seal(1);
      state.durable(1, Buffer.from('chain one'));
      store.put('a', row(2));
      store.put('b', row(2));
      state.seal(2);
      store.put('a', row(3));
      expect(await state.checkpoint()).toBe(1);
      expect(Buffer.from(state.checkpointChain ?? []).toString()).toBe('chain one');
      const again = await ready(fresh(disk.photo()));
      expect(again.checkpointSeq).toBe(1);
      expect(Buffer.from(again.checkpointChain ?? []).toString()).toBe('chain one');
      expect(again.keyed<Row>(0).get('a')).toEqual(row(1));
      expect(again.keyed<Row>(0).get('b')).toBeUndefined();
      expect(store.get('a')).toEqual(row(3));
      expect(again.lineage).toBe(state.lineage);
    });

    test('a checkpoint is due at its bound of rows or bytes, overdue at twice that', async () => {
      const fill = async (limits: { loggedEntriesMax?: number; loggedBytesMax?: number }) => {
        const state = await openOn(fresh(), {
          stores: [keyedStore<Row>({ keysMax: 1000 }), guardStore({ keepMs: 9, keysMax: 1000 })],
          limits,
        });
        await state.ready();
        const seen: string[] = [];
        for (let seq = 1; seq <= 4; seq += 1) {
          for (let at = 0; at < 10; at += 1)
            state.keyed<Row>(0).put(`${seq}/${at}`, row(1, 'y'.repeat(100)));
          state.seal(seq);
          state.durable(seq);
          seen.push(state.checkpointOverdue() ? 'over' : state.checkpointDue() ? 'due' : 'no');
        }
        await state.checkpoint();
        expect(state.checkpointDue()).toBe(false);
        expect(state.sizes()).toMatchObject({ loggedEntries: 0, loggedBytes: 0 });
        return seen;
      };
      expect(await fill({ loggedEntriesMax: 20 })).toEqual(['no', 'due', 'due', 'over']);
      // Ten rows of 100 bytes of text and less than 30 of everything else.
      expect(await fill({ loggedBytesMax: 2000 })).toEqual(['no', 'due', 'due', 'over']);
    });

    test('a large round is cut into parts of at most 512 KiB and read whole again', async () => {
      const big = [keyedStore<Row>({ keysMax: 10 })];
      const state = await openOn(fresh(), { stores: big });
      await state.ready();
      for (const key of ['a', 'b', 'c']) {
        state.keyed<Row>(0).put(key, row(1, key.repeat(700_000)));
      }
      const blob: SealedBlob = state.seal(1);
      expect(blob.parts.map((part) => part.length <= PART_BYTES_MAX)).not.toContain(false);
      expect(blob.parts.length).toBeGreaterThan(3);
      const again = await openOn(fresh(), { stores: big });
      again.apply(1, blob.parts);
      await again.ready();
      expect(await again.digest()).toBe(await state.digest());
    });

    test('values of an older version are upgraded on read; a newer one halts', async () => {
      const disk = fresh();
      const first = await openOn(disk, { stores: [keyedStore<Row>({ keysMax: 10 })] });
      await first.ready();
      first.keyed<Row>(0).put('a', row(1));
      first.seal(1);
      first.durable(1);
      await first.checkpoint();
      const codec = packCodec<Row & { more: number }>((value, version) => ({
        ...(value as Row),
        more: version,
      }));
      const stores2 = [keyedStore<Row & { more: number }>({ keysMax: 10, version: 2, codec })];
      const second = await openOn(fresh(disk.photo()), { stores: stores2 });
      await second.ready();
      expect(second.keyed<unknown>(0).get('a')).toEqual({ ...row(1), more: 1 });
      second.keyed<unknown>(0).put('b', { ...row(1), more: 5 });
      const blob = second.seal(2);
      const third = await openOn(fresh(disk.photo()), {
        stores: [keyedStore<Row>({ keysMax: 10 })],
      });
      third.apply(2, blob.parts);
      await third.ready();
      expect(code(() => third.keyed<Row>(0).get('b'))).toBe('STATE_FORMAT');
    });

    test('driving it out of order halts', async () => {
      const state = await openOn(fresh(), { stores });
      expect(
        code(() => {
          state.mark();
        }),
      ).toBe('STATE_MISUSE');
      expect(code(() => state.seal(1))).toBe('STATE_MISUSE');
      await state.ready();
      expect(
        code(() => {
          state.release();
        }),
      ).toBe('STATE_MISUSE');
      state.mark();
      expect(
        code(() => {
          state.mark();
        }),
      ).toBe('STATE_MISUSE');
      expect(code(() => state.seal(1))).toBe('STATE_MISUSE');
      state.release();
      expect(code(() => state.seal(2))).toBe('STATE_MISUSE');
      const blob = state.seal(1);
      expect(
        code(() => {
          state.durable(2);
        }),
      ).toBe('STATE_MISUSE');
      expect(
        code(() => {
          state.apply(2, blob.parts);
        }),
      ).toBe('STATE_MISUSE');
      state.clockMs = 10;
      expect(
        code(() => {
          state.clockMs = 9;
        }),
      ).toBe('STATE_MISUSE');
      expect(code(() => state.keyed(2))).toBe('STATE_MISUSE');
      expect(code(() => state.guard(0))).toBe('STATE_MISUSE');
    });

    test('a blob that is cut, or not the next one, halts BLOB_CORRUPT', async () => {
      const state = await ready();
      state.keyed<Row>(0).put('a', row(1, 'a long enough text'));
      const [part] = state.seal(1).parts;
      const bytes = part ?? new Uint8Array();
      for (let size = 0; size < bytes.length; size += 1) {
        const other = await openOn(fresh(), { stores });
        const cut = code(() => {
          other.apply(1, [bytes.subarray(0, size)]);
        });
        // Cut exactly between two rows a blob is well formed; its digest tells (the engine's check).
        if (cut === undefined) expect(size).toBeGreaterThan(10);
        else expect(cut).toBe('BLOB_CORRUPT');
      }
      const other = await openOn(fresh(), { stores });
      expect(
        code(() => {
          other.apply(2, [bytes]);
        }),
      ).toBe('BLOB_CORRUPT');
    }, 60_000);

    test('rows for people are found by prefix, logged or on disk, without expired ones', async () => {
      const state = await openOn(fresh(), {
        stores: [ttlStore<Row>({ keepMs: 100, keysMax: 50 })],
      });
      await state.ready();
      const store = state.keyed<Row>(0);
      for (const [at, key] of ['p/a', 'p/b', 'p/c', 'q/a'].entries()) store.put(key, row(at * 40));
      state.seal(1);
      state.durable(1);
      await state.checkpoint();
      store.put('p/bb', row(500));
      store.delete('p/b');
      state.clockMs = 110;
      expect(await state.scan(0, 'p/', 10)).toEqual([
        ['p/bb', row(500)],
        ['p/c', row(80)],
      ]);
      expect(await state.scan(0, 'p/', 1)).toHaveLength(1);
    });

    test('prefetched keys are read without a miss, absent ones too', async () => {
      const disk = fresh();
      const first = await ready(disk);
      first.keyed<Row>(0).put('a', row(1));
      first.seal(1);
      first.durable(1);
      await first.checkpoint();
      const state = await ready(fresh(disk.photo()));
      await state.prefetch([
        { store: 0, key: 'a' },
        { store: 0, key: 'none' },
        { store: 1, key: 'a' },
      ]);
      expect(state.keyed<Row>(0).get('a')).toEqual(row(1));
      expect(state.keyed<Row>(0).get('none')).toBeUndefined();
      expect(state.keyed<Row>(1).get('a')).toBeUndefined();
      expect(state.sizes()).toMatchObject({ misses: 0, hits: 3 });
    });
  });
}
