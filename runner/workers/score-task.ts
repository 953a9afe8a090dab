/**
 * What crosses between the model pool and its worker threads. Plain data only: the structured clone
 * copies it, except `rows` (transferred) and `bytes` (shared).
 */

/** Which model of a bundle. */
export type ModelSlot = 'primary' | 'stage2';

/** A bundle's bytes in shared memory: handing them to a thread copies nothing. */
export interface ShelvedBundle {
  /** hex64 of the bytes. */
  readonly sha: string;
  readonly bytes: SharedArrayBuffer;
}

/** Test only: makes a worker really slow, or really die. */
export interface WorkerFaults {
  /** Blocks the thread this long for each row. */
  readonly rowDelayMs?: number;
  /** Ends the thread by process.exit at its n-th scoring task (1 is its first). */
  readonly exitAtTask?: number;
}

/** Given to every thread at its birth. `shelf` holds what was loaded until then. */
export interface WorkerSetup {
  readonly shelf: readonly ShelvedBundle[];
  readonly bundlesMax: number;
  readonly faults: WorkerFaults;
}

export interface LoadTask {
  readonly kind: 'load';
  readonly bundle: ShelvedBundle;
  /** [threads that arrived]: a thread waits until all have, so that each takes one of the tasks. */
  readonly barrier: SharedArrayBuffer;
  readonly threads: number;
  readonly barrierMs: number;
}

export interface ScoreTask {
  readonly kind: 'score';
  readonly bundle: ShelvedBundle;
  readonly model: ModelSlot;
  readonly rows: Float64Array;
  readonly count: number;
}

export type WorkerTask = LoadTask | ScoreTask;

/** A worker answers its own failures as values: a rejected task always means a dead or ended thread. */
export type WorkerAnswer =
  | { readonly kind: 'loaded' }
  | { readonly kind: 'scores'; readonly scores: Float64Array }
  | { readonly kind: 'failed'; readonly message: string };
