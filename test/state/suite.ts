/** What every backing must make true of a task state; called once per backing. */
import { afterEach, describe, expect, test } from 'vitest';

import type { SealedBlob, StoreSpec, TaskState } from '../../state/port.js';
import { openTaskState, type TaskStateLimits } from '../../state/task-state.js';
import { watchedBacking, type Disk } from './disk.js';
import { seededRandom } from './random.js';
import {
  copyModel,
  emptyModel,
  expectModel,
  runRound,
  scriptStores,
  type Model,
} from './script.js';

const SEEDS = [1, 2, 3, 4, 5, 6];

export async function openOn(
  disk: Disk,
  options: { limits?: TaskStateLimits; stores?: readonly StoreSpec[]; before?: () => void } = {},
): Promise<TaskState> {
  const inner = await disk.open();
  const { before } = options;
  return openTaskState({
    stores: options.stores ?? scriptStores(),
    backing: before === undefined ? inner : watchedBacking(inner, before),
    newLineage: Buffer.alloc(16, 9),
    ...options.limits,
  });
}

/** Opens a disk and brings it up to round `through` from the blobs of a bus. */
export async function recover(
  disk: Disk,
  blobs: readonly SealedBlob[],
  options: { through: number; limits?: TaskStateLimits } = { through: blobs.length },
): Promise<TaskState> {
  const state = await openOn(disk, options.limits === undefined ? {} : { limits: options.limits });
  for (let seq = state.checkpointSeq + 1; seq <= options.through; seq += 1) {
    state.apply(seq, blobs[seq - 1]?.parts ?? []);
  }
  await state.ready();
  return state;
}

/** The life of a seed without a crash: blobs, digests and models after each round (index 0: none). */
async function undisturbed(disk: Disk, seed: number, rounds: number) {
  const state = await openOn(disk);
  await state.ready();
  const model = emptyModel();
  const blobs: SealedBlob[] = [];
  const models: Model[] = [copyModel(model)];
  const digests: string[] = [await state.digest()];
  for (let seq = 1; seq <= rounds; seq += 1) {
    blobs.push(runRound(state, model, seed, seq));
    models.push(copyModel(model));
    digests.push(await state.digest());
  }
  return { blobs, models, digests };
}

export function stateSuite(name: string, newDisk: () => Disk): void {
  describe(`task state on ${name}`, () => {
    const disks: Disk[] = [];
    const disk = (made: Disk = newDisk()): Disk => {
      disks.push(made);
      return made;
    };
    afterEach(async () => {
      for (const used of disks.splice(0)) await used.remove();
    });

    test.each(SEEDS)('holds what a plain model holds, seed %i', async (seed) => {
      const state = await openOn(disk());
      await state.ready();
      const model = emptyModel();
      for (let seq = 1; seq <= 25; seq += 1) {
        runRound(state, model, seed, seq);
        state.durable(seq);
        expectModel(state, model);
        if (seq % 4 === 0) await state.checkpoint();
      }
    });

    test.each(SEEDS)(
      'evicts only clean entries: a tiny cache reads the same while rounds overtake commits, seed %i',
      async (seed) => {
        const rounds = 30;
        const plain = await undisturbed(disk(), seed, rounds);
        const state = await openOn(disk(), { limits: { cacheBytes: 4000 } });
        await state.ready();
        const model = emptyModel();
        const random = seededRandom(seed);
        const checkpoints: Promise<number>[] = [];
        let durable = 0;
        for (let seq = 1; seq <= rounds; seq += 1) {
          expect(runRound(state, model, seed, seq).digest).toEqual(plain.blobs[seq - 1]?.digest);
          expectModel(state, model);
          while (durable < seq - random.whole(3)) state.durable((durable += 1));
          if (random.once(3)) checkpoints.push(state.checkpoint());
          if (random.once(3)) await Promise.all(checkpoints);
          if (random.once(3)) await state.sweep(random.whole(40));
          if (random.once(2)) await state.prefetch([{ store: 0, key: `run/${random.whole(60)}` }]);
          expect(await state.digest()).toBe(plain.digests[seq]);
        }
        await Promise.all(checkpoints);
      },
    );

    test.each(SEEDS)(
      'recovers to the last round from any moment of a checkpoint, seed %i',
      async (seed) => {
        const rounds = 18;
        const plain = await undisturbed(disk(), seed, rounds);
        const photos: { readonly photo: Disk; readonly durable: number }[] = [];
        const origin = disk();
        let durable = 0;
        const state = await openOn(origin, {
          before: () => photos.push({ photo: disk(origin.photo()), durable }),
          limits: { cacheBytes: 20_000 },
        });
        await state.ready();
        const model = emptyModel();
        const random = seededRandom(seed + 100);
        let running: Promise<unknown> = Promise.resolve();
        for (let seq = 1; seq <= rounds; seq += 1) {
          runRound(state, model, seed, seq);
          while (durable < seq - random.whole(2)) state.durable((durable += 1));
          if (random.once(4)) await running;
          if (random.once(3)) running = Promise.all([running, state.checkpoint()]);
          if (random.once(5)) await state.sweep(25);
        }
        await running;
        photos.push({ photo: disk(origin.photo()), durable });
        expect(photos.length).toBeGreaterThan(3);
        for (const { photo, durable: known } of photos) {
          // The bus may hold one round more than the state was told of.
          for (const through of [known, Math.min(rounds, known + 1)]) {
            const again = await recover(disk(photo.photo()), plain.blobs, { through });
            expect(again.checkpointSeq).toBeLessThanOrEqual(known);
            expect(await again.digest()).toBe(plain.digests[through]);
            const copy = copyModel(plain.models[through] ?? emptyModel());
            expectModel(again, copy);
            if (through === rounds) continue;
            const redone = runRound(again, copy, seed, through + 1);
            expect(redone.digest).toEqual(plain.blobs[through]?.digest);
          }
        }
      },
    );

    test('lives through crash after crash: recover, run, checkpoint, crash', async () => {
      const rounds = 40;
      const plain = await undisturbed(disk(), 77, rounds);
      const random = seededRandom(77);
      let current = disk();
      let durable = 0;
      while (durable < rounds) {
        const state = await recover(current, plain.blobs, { through: durable });
        expect(await state.digest()).toBe(plain.digests[durable]);
        const model = copyModel(plain.models[durable] ?? emptyModel());
        const until = Math.min(rounds, durable + 1 + random.whole(5));
        while (durable < until) {
          const blob = runRound(state, model, 77, durable + 1);
          expect(blob.digest).toEqual(plain.blobs[durable]?.digest);
          durable += 1;
          state.durable(durable);
        }
        if (random.once(2)) await state.sweep(1000);
        if (!random.once(3)) await state.checkpoint();
        current = disk(current.photo());
      }
    });
  });
}
