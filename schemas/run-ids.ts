/**
 * Ids of runs: scenario runner, READY, sorted views of the engine's outputs, learning runs; and the
 * wait between tries.
 *
 * source: spec/platform.md 4, 5, 19, 20; vectors scenario_runner_ids, stream_view_id, ofs_mf_ids,
 * retry_delay.
 */
import {
  canonicalHash,
  compareCodePoints,
  recipeHash,
  spacedText,
  type Canonical,
} from './canonical.js';
import { sha256Hex, sha256Hex32 } from './sha256.js';

/** scenario_run_id (and run_id), hex32, from the caller's equivalence key. */
export const scenarioRunId = (equivalenceKey: string): string =>
  sha256Hex32(`sr_run|${equivalenceKey}`);

/** attempt_id, hex32. */
export const attemptId = (runId: string, attempt: number): string =>
  sha256Hex32(`sr_attempt|${runId}|${attempt}`);

/** Id of a set of scenarios, whatever their order. */
export const scenarioSetId = (scenarios: readonly string[]): string =>
  `scnset_${sha256Hex([...scenarios].sort(compareCodePoints).join('|')).slice(0, 16)}`;

/** message_id of READY; a re-emit has the same one, so consumers see a duplicate. */
export const readyMessageId = (platformRunId: string, runId: string, bundleHash: string): string =>
  sha256Hex(`ready|${platformRunId}|${runId}|${bundleHash}`);

/**
 * What a run was asked to do. Over Python's default separators, unlike everything else; window times
 * end in +00:00.
 */
export const intentFingerprint = (intent: Canonical): string => sha256Hex(spacedText(intent));

export interface StreamView {
  readonly engine_run_root: string;
  readonly scenario_id: string;
  readonly output_id: string;
  readonly sort_keys: readonly string[];
  readonly partition_granularity: string;
}

/** Id of a sorted view of one output. */
export const streamViewId = (view: StreamView): string =>
  canonicalHash({
    engine_run_root: view.engine_run_root,
    scenario_id: view.scenario_id,
    output_id: view.output_id,
    sort_keys: view.sort_keys,
    partition_granularity: view.partition_granularity,
  });

/** Key of a dataset build: one per request. */
export const datasetRunKey = (requestId: string): string =>
  canonicalHash({ recipe: 'ofs.run_key.v1', request_id: requestId }).slice(0, 32);

export interface TrainIdentity {
  readonly intent_kind: string;
  readonly platform_run_id: string;
  readonly dataset_manifest_refs: readonly string[];
  readonly training_config_ref: string;
  readonly governance_profile_ref: string;
  readonly target_scope: Canonical;
  readonly policy_revision: string;
  readonly config_revision: string;
  readonly mf_code_release_id: string;
}

/** Key of a training run, hex64: manifest references count once, whatever their order. */
export const trainRunKey = (identity: TrainIdentity): string =>
  recipeHash('mf.train_run_key.v1', {
    ...identity,
    dataset_manifest_refs: [...new Set(identity.dataset_manifest_refs)].sort(compareCodePoints),
  });

export const trainRunId = (runKey: string): string =>
  `tr_${recipeHash('mf.train_run_id.v1', { train_run_key: runKey }).slice(0, 32)}`;

export interface RetryPolicy {
  readonly baseMs: number;
  readonly capMs: number;
}

/**
 * Wait before try `attempt + 1`, ms: base doubled per attempt up to the cap, plus `jitter` (0 to 1,
 * drawn by the caller) of the same again.
 */
export function retryDelayMs(
  attempt: number,
  { baseMs, capMs }: RetryPolicy,
  jitter: number,
): number {
  const delay = Math.min(capMs, baseMs * 2 ** (attempt - 1));
  return delay + delay * jitter;
}
