/**
 * Restart after a kill: a task's state of a million keys, checkpointed, with a tail of blobs behind it,
 * opened by a new process as if the last one had ended without warning.
 *
 *   node dist/bench/restart.bench.js [keys]
 *
 * baseline: opening the same LevelDB and reading its mark only.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { openLevelBacking } from '../state/level-backing.js';
import { scopedKey } from '../state/keys.js';
import { keyedStore } from '../state/store.js';
import { openTaskState } from '../state/task-state.js';

const keys = Number(process.argv[2] ?? 1_000_000);
const TAIL = 60_000;
const ROUND = 2000;
const dir = await mkdtemp(join(tmpdir(), 'weir-restart-'));
const spec = keyedStore<{ readonly n: number; readonly text: string }>({ keysMax: keys * 2 });
const open = async () =>
  openTaskState({
    stores: [spec],
    backing: await openLevelBacking(join(dir, 'state')),
    newLineage: Buffer.alloc(16, 1),
  });

const blobs: { readonly seq: number; readonly parts: readonly Uint8Array[] }[] = [];
const state = await open();
await state.ready();
const rows = state.keyed<{ readonly n: number; readonly text: string }>(0);
let seq = 0;
const round = (from: number, to: number): void => {
  for (let n = from; n < to; n += 1) {
    rows.put(scopedKey('platform_20260101T000000Z', `account:${n}`), { n, text: 'x'.repeat(120) });
  }
  seq += 1;
  const sealed = state.seal(seq);
  blobs.push({ seq, parts: sealed.parts.map((part) => Buffer.from(part)) });
  state.durable(seq);
};
for (let n = 0; n < keys; n += ROUND) {
  round(n, Math.min(keys, n + ROUND));
  if (!state.checkpointDue()) continue;
  blobs.length = 0;
  await state.checkpoint();
}
await state.checkpoint();
blobs.length = 0;
for (let n = 0; n < TAIL; n += ROUND) round(n, n + ROUND);
// The process "ends" here: what was not checkpointed is only in the blobs.
await state.close();

const openMs = await timed(async () => {
  const opened = await openLevelBacking(join(dir, 'state'));
  opened.getSync('\0mark');
  await opened.close();
});
let applied = 0;
const restartMs = await timed(async () => {
  const again = await open();
  for (const blob of blobs) {
    if (blob.seq <= again.checkpointSeq) continue;
    again.apply(blob.seq, blob.parts);
    again.durable(blob.seq);
    applied += 1;
  }
  await again.ready();
  const found = again
    .keyed<{ readonly n: number }>(0)
    .get(scopedKey('platform_20260101T000000Z', 'account:7'));
  if (found?.n !== 7) throw new Error('the state did not come back');
  await again.close();
});
process.stdout.write(
  `restart with ${keys} keys and ${applied} blobs of ${ROUND} entries: ${restartMs.toFixed(0)} ms (baseline, opening only: ${openMs.toFixed(0)} ms)\n`,
);
await rm(dir, { recursive: true });

async function timed(work: () => Promise<void>): Promise<number> {
  const startMs = performance.now();
  await work();
  return performance.now() - startMs;
}
