import { afterEach, describe, expect, it } from 'vitest';
import { bundleBytes, makeBundle } from '../../../operators/model/bundle.js';
import { compileModel } from '../../../operators/model/scorer.js';
import {
  createModelPool,
  type ModelPool,
  type ModelPoolOptions,
} from '../../../runner/workers/model-pool.js';
import { sha256Hex } from '../../../schemas/sha256.js';
import { sampleBundle, sampleContent } from '../../operators/model/sample-bundle.js';

const bytes = bundleBytes(sampleBundle);
const sha = sha256Hex(bytes);
const WIDTH = sampleBundle.primary.features.length;

const rowsOf = (count: number): Float64Array =>
  Float64Array.from({ length: count * WIDTH }, (_, at) => (at % 7 === 3 ? NaN : (at * 37) % 101));

const expected = (count: number): Float64Array => {
  const scores = new Float64Array(count);
  compileModel(sampleBundle.primary).score(rowsOf(count), count, scores);
  return scores;
};

const request = (count: number, timeoutMs = 5000) =>
  ({ sha, model: 'primary', rows: rowsOf(count), count, timeoutMs }) as const;

describe('the model pool', () => {
  const open: ModelPool[] = [];
  const poolOf = async (options: Partial<ModelPoolOptions> = {}): Promise<ModelPool> => {
    const pool = createModelPool({ threads: 2, queueMax: 8, ...options });
    open.push(pool);
    await pool.load(bytes, sha);
    return pool;
  };
  afterEach(async () => {
    await Promise.all(open.splice(0).map((pool) => pool.close()));
  });

  it('scores a batch as the main thread does, and takes the rows with it', async () => {
    const pool = await poolOf();
    const rows = rowsOf(500);
    const answer = await pool.score({ ...request(500), rows });
    expect(answer).toEqual({ outcome: 'ok', scores: expected(500) });
    expect(rows.length).toBe(0);
  });

  it('copies a view into a larger buffer, so that its owner keeps the buffer', async () => {
    const pool = await poolOf();
    const arena = new Float64Array(10 * WIDTH);
    arena.set(rowsOf(2), WIDTH);
    const rows = arena.subarray(WIDTH, 3 * WIDTH);
    expect(await pool.score({ ...request(2), rows })).toEqual({
      outcome: 'ok',
      scores: expected(2),
    });
    expect(arena.length).toBe(10 * WIDTH);
  });

  it('scores the second stage by its own columns', async () => {
    const pool = await poolOf();
    const stage = sampleBundle.stage2?.model ?? sampleBundle.primary;
    const rows = new Float64Array(stage.features.length).fill(NaN);
    const scores = new Float64Array(1);
    compileModel(stage).score(rows, 1, scores);
    const answer = await pool.score({ sha, model: 'stage2', rows, count: 1, timeoutMs: 5000 });
    expect(answer).toEqual({ outcome: 'ok', scores });
  });

  it('F1. a slow model yields MODEL_TIMEOUT within its budget, and the thread is replaced', async () => {
    const pool = await poolOf({ threads: 1, faults: { rowDelayMs: 100 } });
    const before = pool.threadIds;
    const started = performance.now();
    // 100 rows x 100 ms: only ending the thread can stop it in time.
    const answer = await pool.score(request(100, 150));
    const took = performance.now() - started;
    expect(answer).toEqual({ outcome: 'skipped', reason: 'MODEL_TIMEOUT' });
    expect(took).toBeGreaterThanOrEqual(140);
    expect(took).toBeLessThan(1000);
    // One row takes 100 ms: the new thread does it.
    expect(await pool.score(request(1))).toEqual({ outcome: 'ok', scores: expected(1) });
    expect(pool.threadIds).not.toEqual(before);
    expect(pool.counts).toEqual({ ok: 1, timeouts: 1, deaths: 0, refused: 0 });
  });

  it('F1. a batch that only waited is withdrawn and costs no thread', async () => {
    const pool = await poolOf({ threads: 1, faults: { rowDelayMs: 20 } });
    const running = pool.score(request(20));
    const waiting = await pool.score(request(1, 50));
    expect(waiting).toEqual({ outcome: 'skipped', reason: 'MODEL_TIMEOUT' });
    expect(await running).toEqual({ outcome: 'ok', scores: expected(20) });
  });

  it('a thread that exits under a batch yields WORKER_DIED, and the pool goes on', async () => {
    const pool = await poolOf({ threads: 1, faults: { exitAtTask: 2 } });
    expect((await pool.score(request(3))).outcome).toBe('ok');
    expect(await pool.score(request(3))).toEqual({ outcome: 'skipped', reason: 'WORKER_DIED' });
    // The next thread lives for one more task: recovery, without a second load.
    expect(await pool.score(request(3))).toEqual({ outcome: 'ok', scores: expected(3) });
    expect(pool.counts.deaths).toBe(1);
  });

  it('a thread killed from outside while it works yields WORKER_DIED, and the pool goes on', async () => {
    const pool = await poolOf({ threads: 1, faults: { rowDelayMs: 50 } });
    const running = pool.score(request(20));
    setTimeout(() => void pool.killThread(), 100);
    expect(await running).toEqual({ outcome: 'skipped', reason: 'WORKER_DIED' });
    expect(await pool.score(request(1))).toEqual({ outcome: 'ok', scores: expected(1) });
  });

  it('a thread killed while idle is replaced without harm', async () => {
    const pool = await poolOf({ threads: 2 });
    await pool.killThread();
    await pool.killThread();
    expect(await pool.score(request(4))).toEqual({ outcome: 'ok', scores: expected(4) });
  });

  it('F2. one batch beyond threads and queue is POOL_FULL at once', async () => {
    const pool = await poolOf({ threads: 1, queueMax: 2, faults: { rowDelayMs: 30 } });
    let finished = 0;
    const taken = [1, 2, 3].map(async () => {
      const answer = await pool.score(request(3));
      finished += 1;
      return answer;
    });
    expect(pool.queueSize).toBe(2);
    const rows = rowsOf(3);
    expect(await pool.score({ ...request(3), rows })).toEqual({
      outcome: 'skipped',
      reason: 'POOL_FULL',
    });
    expect(finished).toBe(0);
    expect(rows.length).toBe(3 * WIDTH);
    const outcomes = await Promise.all(taken);
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['ok', 'ok', 'ok']);
    expect(pool.queueSize).toBe(0);
  });

  it('a withdrawn batch rejects with the reason of its signal', async () => {
    const pool = await poolOf({ threads: 1, faults: { rowDelayMs: 50 } });
    const control = new AbortController();
    const running = pool.score({ ...request(20), signal: control.signal });
    control.abort(new Error('the round was given up'));
    await expect(running).rejects.toThrow('the round was given up');
    expect((await pool.score(request(1))).outcome).toBe('ok');
  });

  it('F3. holds at most bundlesMax bundles', async () => {
    const pool = await poolOf({ threads: 1, bundlesMax: 2 });
    for (const version of ['v1', 'v2']) {
      const other = bundleBytes(makeBundle({ ...sampleContent, bundle_version: version }));
      await pool.load(other, sha256Hex(other));
    }
    expect(pool.has(sha)).toBe(false);
    await expect(pool.score(request(1))).rejects.toThrow('is not loaded');
  });

  it('refuses bytes that do not hash to their name', async () => {
    const pool = await poolOf();
    const planted = Uint8Array.from(bytes);
    planted[100] = (planted[100] ?? 0) ^ 1;
    await expect(pool.load(planted, sha)).rejects.toThrow('hash to');
  });

  it('refuses rows of another width before they reach a thread', async () => {
    const pool = await poolOf();
    const wrong = pool.score({ ...request(2), rows: new Float64Array(5) });
    await expect(wrong).rejects.toThrow(`2 rows of ${WIDTH} features`);
  });
});
