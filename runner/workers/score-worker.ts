/**
 * The worker side of the model pool: scores batches, off the main thread.
 *
 * Owns: compiled models by sha256, at most `bundlesMax`, the least recently used one is dropped.
 * Each bundle is parsed once per thread; its bytes are shared memory and are never copied between
 * threads. A new thread compiles what was loaded before its birth before it takes its first task.
 *
 * Runs only from dist/ (Piscina cannot load .ts on Node 20).
 */
import { workerData } from 'node:worker_threads';
import { parseBundle } from '../../operators/model/bundle.js';
import { compileModel, type Scorer } from '../../operators/model/scorer.js';
import { sha256Hex } from '../../schemas/sha256.js';
import type {
  LoadTask,
  ModelSlot,
  ScoreTask,
  ShelvedBundle,
  WorkerAnswer,
  WorkerSetup,
  WorkerTask,
} from './score-task.js';

type Compiled = Readonly<Partial<Record<ModelSlot, Scorer>>>;

const setup = workerData as WorkerSetup;
const compiled = new Map<string, Compiled>();
const sleeper = new Int32Array(new SharedArrayBuffer(4));
let scoringTasks = 0;

const compile = ({ sha, bytes }: ShelvedBundle): Compiled => {
  // TextDecoder takes no shared memory; once per bundle and thread.
  const own = new Uint8Array(bytes).slice();
  if (sha256Hex(own) !== sha) throw new Error(`the bytes of bundle ${sha} changed in memory`);
  const bundle = parseBundle(own);
  const primary = compileModel(bundle.primary);
  return bundle.stage2 === undefined
    ? { primary }
    : { primary, stage2: compileModel(bundle.stage2.model) };
};

const modelsOf = (bundle: ShelvedBundle): Compiled => {
  const models = compiled.get(bundle.sha) ?? compile(bundle);
  // Delete and set: the map's order is the order of last use.
  compiled.delete(bundle.sha);
  compiled.set(bundle.sha, models);
  const oldest = compiled.size > setup.bundlesMax ? compiled.keys().next().value : undefined;
  if (oldest !== undefined) compiled.delete(oldest);
  return models;
};

const load = ({ bundle, barrier, threads, barrierMs }: LoadTask): WorkerAnswer => {
  modelsOf(bundle);
  const arrived = new Int32Array(barrier);
  const mine = Atomics.add(arrived, 0, 1) + 1;
  if (mine === threads) Atomics.notify(arrived, 0);
  for (let seen = mine; seen < threads; seen = Atomics.load(arrived, 0)) {
    // Bounded: a busy neighbour delays this thread, it never holds it.
    if (Atomics.wait(arrived, 0, seen, barrierMs) === 'timed-out') break;
  }
  return { kind: 'loaded' };
};

const sufferFaults = (count: number): void => {
  const { rowDelayMs, exitAtTask } = setup.faults;
  scoringTasks += 1;
  if (exitAtTask !== undefined && scoringTasks === exitAtTask) process.exit(9);
  if (rowDelayMs !== undefined) Atomics.wait(sleeper, 0, 0, rowDelayMs * count);
};

const score = ({ bundle, model, rows, count }: ScoreTask): WorkerAnswer => {
  sufferFaults(count);
  const scorer = modelsOf(bundle)[model];
  if (scorer === undefined)
    return { kind: 'failed', message: `bundle ${bundle.sha} has no ${model} model` };
  const scores = new Float64Array(count);
  scorer.score(rows, count, scores);
  return { kind: 'scores', scores };
};

setup.shelf.forEach(modelsOf);

export default (task: WorkerTask): WorkerAnswer => {
  try {
    return task.kind === 'load' ? load(task) : score(task);
  } catch (error) {
    return { kind: 'failed', message: error instanceof Error ? error.message : String(error) };
  }
};
