/** Vectors of runs, datasets, views and state versions; test/vectors/platform/README.md says same or ours. */
import { expect } from 'vitest';
import { canonicalText } from '../../schemas/canonical.js';
import { datasetFingerprint, datasetManifestId } from '../../schemas/dataset-ids.js';
import type { Snapshot } from '../../schemas/generated/snapshot.js';
import * as ids from '../../schemas/ids.js';
import * as runs from '../../schemas/run-ids.js';
import {
  flowBindingHash,
  graphBasis,
  graphVersion,
  snapshotHash,
} from '../../schemas/state-versions.js';
import * as reference from './reference-recipes.js';
import { eachVector, Vector } from './vector-file.js';

eachVector('dataset_fingerprint', (vector) => {
  const found = reference.referenceFingerprint(vector.json('identity_json'));
  expect(found).toBe(vector.text('dataset_fingerprint'));
  expect(datasetManifestId(found)).toBe(vector.text('dataset_manifest_id'));
});

eachVector('dataset_fingerprint.ours', (vector) => {
  const identity = new Vector(vector.json('identity_json'));
  const ranges = identity.list('replay_basis').map((row) => new Vector(reference.asObject(row)));
  const found = datasetFingerprint({
    platformRunId: identity.text('platform_run_id'),
    scenarioRunIds: identity.list('scenario_run_ids').map(ids.scalarText),
    replayBasis: ranges.map((range) => ({
      topic: range.text('topic'),
      partition: range.number('partition'),
      offsetKind: range.text('offset_kind'),
      start: BigInt(range.text('start_offset')),
      endExclusive: BigInt(range.text('end_offset_exclusive')),
    })),
    labelBasis: identity.value('label_basis'),
    featureDefinitionSet: identity.value('feature_definition_set'),
    joinScope: identity.value('join_scope'),
    filters: identity.has('filters') ? identity.value('filters') : {},
    sampling: identity.has('sampling') ? identity.value('sampling') : null,
    policyRevision: identity.text('policy_revision'),
    configRevision: identity.text('config_revision'),
  });
  expect(found).toBe(vector.text('dataset_fingerprint'));
});

eachVector('ofs_mf_ids', (vector) => {
  expect(runs.datasetRunKey(vector.text('request_id'))).toBe(vector.text('ofs_run_key'));
  const identity = new Vector(vector.json('train_identity_json'));
  const key = runs.trainRunKey({
    intent_kind: identity.text('intent_kind'),
    platform_run_id: identity.text('platform_run_id'),
    dataset_manifest_refs: identity.list('dataset_manifest_refs').map(ids.scalarText),
    training_config_ref: identity.text('training_config_ref'),
    governance_profile_ref: identity.text('governance_profile_ref'),
    target_scope: identity.value('target_scope'),
    policy_revision: identity.text('policy_revision'),
    config_revision: identity.text('config_revision'),
    mf_code_release_id: identity.text('mf_code_release_id'),
  });
  expect(key).toBe(vector.text('train_run_key'));
  expect(runs.trainRunId(key)).toBe(vector.text('train_run_id'));
});

eachVector('scenario_runner_ids', (vector) => {
  const run = runs.scenarioRunId(vector.text('run_equivalence_key'));
  expect(run).toBe(vector.text('scenario_run_id'));
  expect(runs.attemptId(run, vector.number('attempt_no'))).toBe(vector.text('attempt_id'));
  const [, platformRun = ''] = vector.text('ready_preimage').split('|');
  expect(runs.readyMessageId(platformRun, run, vector.text('bundle_hash'))).toBe(
    vector.text('ready_message_id'),
  );
  const scenarios = vector.list('scenario_set').map(ids.scalarText);
  expect(runs.scenarioSetId([...scenarios].reverse())).toBe(vector.text('scenario_set_id'));
  const intent = vector.json('intent_fingerprint_preimage');
  expect(runs.intentFingerprint(intent)).toBe(vector.text('intent_fingerprint'));
});

eachVector('stream_view_id', (vector) => {
  const view = vector.inner('input');
  expect(
    runs.streamViewId({
      engine_run_root: view.text('engine_run_root'),
      scenario_id: view.text('scenario_id'),
      output_id: view.text('output_id'),
      sort_keys: view.list('sort_keys').map(ids.scalarText),
      partition_granularity: view.text('partition_granularity'),
    }),
  ).toBe(vector.text('stream_view_id'));
});

eachVector('retry_delay', (vector) => {
  const policy = { baseMs: vector.number('base_ms'), capMs: vector.number('cap_ms') };
  const attempt = vector.number('attempt');
  expect(runs.retryDelayMs(attempt, policy, 0)).toBe(vector.number('delay_before_jitter_ms'));
  expect(runs.retryDelayMs(attempt, policy, 1)).toBe(vector.number('max_with_jitter_ms'));
});

eachVector('graph_version', (vector) => {
  const offsets = vector.list('rows').map((row) => {
    const [topic = null, partition = null, nextOffset = null, offsetKind = null] =
      reference.asList(row);
    return {
      topic: ids.scalarText(topic),
      partition: Number(ids.scalarText(partition)),
      nextOffset: ids.scalarText(nextOffset),
      offsetKind: ids.scalarText(offsetKind),
    };
  });
  const stream = vector.text('stream_id');
  expect(canonicalText(graphBasis(stream, offsets))).toBe(vector.text('preimage'));
  expect(graphVersion(stream, offsets)).toEqual({
    basisDigest: vector.text('graph_version'),
    versionId: vector.text('graph_version_hex32'),
  });
});

eachVector('flow_binding_hash', (vector) => {
  expect(reference.referenceBindingHash(vector.inner('input').fields)).toBe(
    vector.text('binding_hash'),
  );
});

eachVector('flow_binding_hash.ours', (vector) => {
  const input = vector.inner('input');
  const frame = input.inner('join_frame_key');
  expect(
    flowBindingHash({
      flowId: input.text('flow_id'),
      platformRunId: frame.text('platform_run_id'),
      merchantId: frame.text('merchant_id'),
      arrivalSeq: frame.number('arrival_seq'),
    }),
  ).toBe(vector.text('binding_hash'));
});

eachVector('snapshot_hash', (vector) => {
  const found = reference.referenceSnapshotHash(vector.json('snapshot_json'));
  expect(found).toBe(vector.text(vector.has('error') ? 'error' : 'snapshot_hash'));
});

eachVector('snapshot_hash.ours', (vector) => {
  const snapshot = JSON.parse(canonicalText(vector.value('snapshot'))) as Snapshot;
  expect(snapshotHash(snapshot)).toBe(vector.text('snapshot_hash'));
});
