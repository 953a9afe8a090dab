import { expect, test } from 'vitest';
import { MemoryBacking, type MemoryRows } from '../../state/backing.js';
import { openTaskState } from '../../state/task-state.js';
import { guardStore, keyedStore } from '../../state/store.js';

test('smoke', async () => {
  const rows: MemoryRows = new Map();
  const open = () =>
    openTaskState({
      stores: [
        keyedStore<{ n: number }>({ keysMax: 10 }),
        guardStore({ keepMs: 1000, keysMax: 10 }),
      ],
      backing: new MemoryBacking(rows),
      newLineage: new Uint8Array(16),
    });
  const state = await open();
  await state.ready();
  state.clockMs = 5;
  const k = state.keyed<{ n: number }>(0);
  state.mark();
  k.put('a', { n: 1 });
  k.put('b', { n: 2 });
  state.setTimer(1, 'a', 50, 's');
  expect(state.guard(1).admit(new Uint8Array(32).fill(7), new Uint8Array(8), 3)).toBe('new');
  state.release();
  state.mark();
  k.delete('a');
  state.setTimer(1, 'a', null, 's');
  state.rollback();
  expect(k.get('a')).toEqual({ n: 1 });
  const blob = state.seal(1);
  expect(blob.puts).toBe(5);
  const again = await open();
  again.apply(1, blob.parts);
  await again.ready();
  expect(again.nextTimer()?.dueMs).toBe(50);
  expect(await again.digest()).toBe(await state.digest());
  state.durable(1);
  expect(await state.checkpoint()).toBe(1);
  const third = await open();
  await third.ready();
  expect(third.checkpointSeq).toBe(1);
  expect(await third.digest()).toBe(await state.digest());
  expect(third.guard(1).admit(new Uint8Array(32).fill(7), new Uint8Array(8), 3)).toBe('same');
});
