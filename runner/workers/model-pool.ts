/**
 * Scores batches of rows in worker threads, and survives them: a thread that dies, hangs or is simply
 * too slow costs the batch its score and a reason, never the round.
 *
 * Owns: the Piscina pool, the shelf of loaded bundles (shared memory), the count of batches under way.
 * What crosses the border: rows in a transferred Float64Array, scores in a new one (COSTS.md rule 8).
 * Time: the budget runs on the runner's monotonic timer and includes waiting for a thread. The caller
 * records the outcome per record, replay takes the recorded one (DESIGN section 9).
 *
 * F1. `score` resolves at the latest when its budget ends. A thread still at work then is ended for
 *     real and replaced; a batch still waiting is withdrawn and costs no thread.
 * F2. At most `threads` batches run and `queueMax` wait; one more is POOL_FULL at once. (Counted here:
 *     Piscina's own maxQueue does not hold for tasks that carry an AbortSignal.)
 * F3. Bundles are parsed once per thread; a replacing thread knows all loaded bundles before it takes
 *     work. At most `bundlesMax` are kept, the one loaded longest ago goes first.
 */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import { parseBundle, type Bundle } from '../../operators/model/bundle.js';
import { DivertError, HaltError, UsageError } from '../../schemas/errors.js';
import { sha256Hex } from '../../schemas/sha256.js';
import type {
  LoadTask,
  ModelSlot,
  ScoreTask,
  ShelvedBundle,
  WorkerAnswer,
  WorkerFaults,
  WorkerSetup,
  WorkerTask,
} from './score-task.js';

export interface ModelPoolOptions {
  readonly threads: number;
  /** Batches that may wait for a thread. */
  readonly queueMax: number;
  /** Bundles kept; 8 by default. */
  readonly bundlesMax?: number;
  /** Test only. */
  readonly faults?: WorkerFaults;
}

export interface ScoreRequest {
  /** hex64 of a loaded bundle's bytes. */
  readonly sha: string;
  readonly model: ModelSlot;
  /** count x features, row by row, NaN = missing. Given away: unusable after a call that was taken. */
  readonly rows: Float64Array;
  readonly count: number;
  readonly timeoutMs: number;
  /** Withdraws the batch: `score` rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

export type SkipReason = 'MODEL_TIMEOUT' | 'WORKER_DIED' | 'POOL_FULL';

export type ScoreOutcome =
  /** Rounded to 1e-6, in the order of the rows. */
  | { readonly outcome: 'ok'; readonly scores: Float64Array }
  | { readonly outcome: 'skipped'; readonly reason: SkipReason };

export interface ModelPoolCounts {
  readonly ok: number;
  readonly timeouts: number;
  readonly deaths: number;
  readonly refused: number;
}

export interface ModelPool {
  /** Checks the bytes and warms every thread. Fails: BUNDLE_INVALID, MODEL_NOT_LOADED. */
  load(bytes: Uint8Array, sha: string): Promise<Bundle>;
  /** Fails only for a caller's mistake: MODEL_NOT_LOADED, USAGE (rows of another size), or `signal`. */
  score(request: ScoreRequest): Promise<ScoreOutcome>;
  has(sha: string): boolean;
  /** Batches waiting for a thread. */
  readonly queueSize: number;
  /** Ids of the live threads. */
  readonly threadIds: readonly number[];
  readonly counts: ModelPoolCounts;
  /** Test only: ends the first thread from outside, as a crash would. */
  killThread(): Promise<void>;
  close(): Promise<void>;
}

const BARRIER_MS = 200;
const LOAD_MS = 10_000;
const BUNDLES_MAX = 8;
/** Bound on one bundle; about 2 million tree nodes. */
const BUNDLE_BYTES_MAX = 64 * 1024 * 1024;

/** dist/ when running from dist/, and also when running from sources (vitest). */
const workerFile = (): string => {
  const here = import.meta.url;
  const relative = here.endsWith('.ts')
    ? '../../dist/runner/workers/score-worker.js'
    : './score-worker.js';
  const file = fileURLToPath(new URL(relative, here));
  if (!existsSync(file))
    throw new UsageError('the model worker is not built; run `npm run build` first');
  return file;
};

interface Shelved {
  readonly onShelf: ShelvedBundle;
  readonly widths: Readonly<Partial<Record<ModelSlot, number>>>;
}

/** Rows that fill their buffer are given away; a view into a larger one is copied out first. */
const transferable = (rows: Float64Array): { rows: Float64Array; list: readonly ArrayBuffer[] } => {
  const whole = rows.byteLength === rows.buffer.byteLength;
  const own = whole && rows.buffer instanceof ArrayBuffer ? rows : Float64Array.from(rows);
  return { rows: own, list: own.buffer instanceof ArrayBuffer ? [own.buffer] : [] };
};

class PiscinaModelPool implements ModelPool {
  private readonly threads: number;
  private readonly queueMax: number;
  private readonly bundlesMax: number;
  private readonly pool: Piscina<WorkerTask, WorkerAnswer>;
  private readonly bundles = new Map<string, Shelved>();
  /** The same array is cloned into each new thread: what stands in it then is warm there (F3). */
  private readonly shelf: ShelvedBundle[] = [];
  private underWay = 0;
  private tally = { ok: 0, timeouts: 0, deaths: 0, refused: 0 };

  constructor(options: ModelPoolOptions) {
    this.threads = options.threads;
    this.queueMax = options.queueMax;
    this.bundlesMax = options.bundlesMax ?? BUNDLES_MAX;
    const setup: WorkerSetup = {
      shelf: this.shelf,
      bundlesMax: this.bundlesMax,
      faults: options.faults ?? {},
    };
    this.pool = new Piscina({
      filename: workerFile(),
      minThreads: options.threads,
      maxThreads: options.threads,
      idleTimeout: Infinity,
      workerData: setup,
      recordTiming: false,
    });
    // Piscina emits this for a thread that fails while idle; it replaces the thread by itself.
    this.pool.on('error', () => {
      this.tally.deaths += 1;
    });
  }

  get queueSize(): number {
    return Math.max(0, this.underWay - this.threads);
  }

  get threadIds(): readonly number[] {
    return this.pool.threads.map((thread) => thread.threadId);
  }

  get counts(): ModelPoolCounts {
    return { ...this.tally };
  }

  has(sha: string): boolean {
    return this.bundles.has(sha);
  }

  async load(bytes: Uint8Array, sha: string): Promise<Bundle> {
    if (bytes.byteLength > BUNDLE_BYTES_MAX) {
      throw new DivertError(
        'BUNDLE_INVALID',
        `bundle ${sha}: ${bytes.byteLength} bytes; at most ${BUNDLE_BYTES_MAX} fit`,
      );
    }
    const found = sha256Hex(bytes);
    if (found !== sha)
      throw new DivertError('BUNDLE_INVALID', `bundle: its bytes hash to ${found}, not to ${sha}`);
    const bundle = parseBundle(bytes);
    if (!this.bundles.has(sha)) await this.shelve(bytes, sha, bundle);
    return bundle;
  }

  async score(request: ScoreRequest): Promise<ScoreOutcome> {
    const task = this.taskOf(request);
    // F2.
    if (this.underWay >= this.threads + this.queueMax) {
      this.tally.refused += 1;
      return { outcome: 'skipped', reason: 'POOL_FULL' };
    }
    const { rows, list } = transferable(request.rows);
    const budget = AbortSignal.timeout(request.timeoutMs);
    const signal =
      request.signal === undefined ? budget : AbortSignal.any([budget, request.signal]);
    this.underWay += 1;
    try {
      const answer = await this.pool.run({ ...task, rows }, { signal, transferList: [...list] });
      return this.accept(answer);
    } catch (error) {
      request.signal?.throwIfAborted();
      if (error instanceof HaltError) throw error;
      return this.skipped(budget.aborted ? 'MODEL_TIMEOUT' : 'WORKER_DIED');
    } finally {
      this.underWay -= 1;
    }
  }

  async killThread(): Promise<void> {
    await this.pool.threads[0]?.terminate();
  }

  async close(): Promise<void> {
    await this.pool.destroy();
  }

  private async shelve(bytes: Uint8Array, sha: string, bundle: Bundle): Promise<void> {
    const shared = new SharedArrayBuffer(bytes.byteLength);
    new Uint8Array(shared).set(bytes);
    const onShelf: ShelvedBundle = { sha, bytes: shared };
    const primary = bundle.primary.features.length;
    const stage2 = bundle.stage2?.model.features.length;
    const widths = stage2 === undefined ? { primary } : { primary, stage2 };
    const oldest =
      this.bundles.size >= this.bundlesMax ? this.bundles.keys().next().value : undefined;
    if (oldest !== undefined) this.bundles.delete(oldest);
    this.bundles.set(sha, { onShelf, widths });
    this.shelf.splice(
      0,
      this.shelf.length,
      ...[...this.bundles.values()].map((held) => held.onShelf),
    );
    await this.warm(onShelf);
  }

  /** One load task per thread; the barrier keeps a quick thread from taking two. */
  private async warm(bundle: ShelvedBundle): Promise<void> {
    const task: LoadTask = {
      kind: 'load',
      bundle,
      barrier: new SharedArrayBuffer(4),
      threads: this.threads,
      barrierMs: BARRIER_MS,
    };
    const signal = AbortSignal.timeout(LOAD_MS);
    const runs = Array.from({ length: this.threads }, () => this.pool.run(task, { signal }));
    const settled = await Promise.allSettled(runs);
    for (const result of settled) {
      if (result.status === 'fulfilled' && result.value.kind !== 'failed') return;
    }
    // Not one thread could take it: later batches would all time out.
    this.bundles.delete(bundle.sha);
    this.shelf.splice(
      0,
      this.shelf.length,
      ...[...this.bundles.values()].map((held) => held.onShelf),
    );
    throw new HaltError('MODEL_NOT_LOADED', `bundle ${bundle.sha}: no worker thread could load it`);
  }

  private taskOf({ sha, model, rows, count }: ScoreRequest): ScoreTask {
    const held = this.bundles.get(sha);
    if (held === undefined) throw new HaltError('MODEL_NOT_LOADED', `bundle ${sha} is not loaded`);
    const width = held.widths[model];
    if (width === undefined)
      throw new HaltError('MODEL_NOT_LOADED', `bundle ${sha} has no ${model} model`);
    if (rows.length !== count * width) {
      throw new UsageError(
        `bundle ${sha}: ${count} rows of ${width} features, but ${rows.length} numbers`,
      );
    }
    return { kind: 'score', bundle: held.onShelf, model, rows, count };
  }

  private accept(answer: WorkerAnswer): ScoreOutcome {
    if (answer.kind === 'scores') {
      this.tally.ok += 1;
      return { outcome: 'ok', scores: answer.scores };
    }
    // Bytes were checked on load, so this is a defect or damaged memory: stop rather than guess.
    throw new HaltError(
      'MODEL_NOT_LOADED',
      answer.kind === 'failed' ? answer.message : 'a worker answered another task',
    );
  }

  private skipped(reason: SkipReason): ScoreOutcome {
    this.tally[reason === 'MODEL_TIMEOUT' ? 'timeouts' : 'deaths'] += 1;
    return { outcome: 'skipped', reason };
  }
}

/** Starts the threads. Fails: USAGE when the worker is not built. */
export const createModelPool = (options: ModelPoolOptions): ModelPool =>
  new PiscinaModelPool(options);
