/** Every vector of the files that schemas/ covers; test/vectors/platform/README.md says same or ours. */
import { describe, expect, it } from 'vitest';
import { envelopeHash } from '../../schemas/admit.js';
import { amountMinor } from '../../schemas/amount.js';
import { canonicalHash, canonicalText, type Canonical } from '../../schemas/canonical.js';
import { datasetFingerprint, datasetManifestId } from '../../schemas/dataset-ids.js';
import * as decisions from '../../schemas/decision-ids.js';
import { envelopeProblem, payloadProblem } from '../../schemas/envelope.js';
import type { Snapshot } from '../../schemas/generated/snapshot.js';
import * as ids from '../../schemas/ids.js';
import { CLASS_MAP } from '../../schemas/payload-contract.js';
import {
  partitionKey,
  PARTITION_PROFILES,
  rawPartitionKey,
  referencePrecedence,
  type PartitionProfile,
} from '../../schemas/partition-key.js';
import { hashedText, payloadTextOfJson } from '../../schemas/payload-hash.js';
import * as runs from '../../schemas/run-ids.js';
import { sha256Hex } from '../../schemas/sha256.js';
import {
  flowBindingHash,
  graphBasis,
  graphVersion,
  snapshotHash,
} from '../../schemas/state-versions.js';
import * as reference from './reference-recipes.js';
import { Vector, vectors } from './vector-file.js';

const title = (vector: Vector, index: number): string =>
  vector.has('note') ? `${index} ${vector.text('note')}` : String(index);
function each(file: string, check: (vector: Vector) => void): void {
  describe(file, () => {
    vectors(file).forEach((vector, index) => {
      it(title(vector, index), () => {
        check(vector);
      });
    });
  });
}

each('payload_hash', (vector) => {
  const body = vector.json('input_json');
  const text = canonicalText(
    new Map<string, Canonical>(
      ['event_type', 'payload', 'schema_version'].map((name) => [name, body.get(name) ?? null]),
    ),
  );
  expect(text).toBe(vector.text('preimage'));
  expect(sha256Hex(text)).toBe(vector.text('payload_hash'));
});

each('payload_hash.ours', (vector) => {
  const body = new Vector(vector.json('input_json'));
  const payload = payloadTextOfJson(body.text('event_type'), body.inner('payload').fields);
  const version = body.fields.get('schema_version');
  if (typeof version !== 'string') {
    expect(canonicalHash(body.fields)).toBe(vector.text('payload_hash'));
    return;
  }
  const text = hashedText(body.text('event_type'), payload, version);
  expect(text).toBe(vector.text('preimage'));
  expect(sha256Hex(text)).toBe(vector.text('payload_hash'));
});

each('archive_payload_hash', (vector) => {
  const envelope = new Vector(vector.json('input_json'));
  expect(envelopeHash(envelope.fields)).toBe(vector.text('archive_hash'));
  const payload = payloadTextOfJson(envelope.text('event_type'), envelope.inner('payload').fields);
  const text = hashedText(envelope.text('event_type'), payload, envelope.text('schema_version'));
  expect(sha256Hex(text)).toBe(vector.text('ig_payload_hash'));
});

each('event_id', (vector) => {
  const id = ids.engineEventIdOfRow(
    vector.text('output_id'),
    vector.list('primary_keys').map(ids.scalarText),
    vector.json('row_json'),
    vector.json('pins_json'),
  );
  expect(id).toBe(vector.text('event_id'));
});

each('dedupe_key', (vector) => {
  const parts = [
    vector.text('platform_run_id'),
    vector.text('event_class'),
    vector.text('event_id'),
  ] as const;
  expect(ids.dedupeKey(...parts)).toBe(vector.text('dedupe_key'));
  expect(ids.dedupeKeyBytes(...parts).toString('hex')).toBe(vector.text('dedupe_key'));
});

each('wsp_lane', (vector) => {
  expect(ids.streamerLane(vector.text('event_id'), vector.number('lane_count'))).toBe(
    vector.number('lane'),
  );
});

each('receipt_ids', (vector) => {
  const event = vector.text('event_id');
  expect(reference.referenceReceiptId(vector.text('decision'), event)).toBe(
    vector.text('receipt_id'),
  );
  expect(reference.referenceReceiptId('QUARANTINE', event)).toBe(vector.text('quarantine_id'));
});

each('receipt_ids.ours', (vector) => {
  const subject = vector.text('dedupe_key');
  expect(ids.receiptId(vector.text('decision') as ids.GateDecision, subject)).toBe(
    vector.text('receipt_id'),
  );
  expect(
    ids.quarantineId({
      subject,
      payloadHash: vector.text('payload_hash'),
      reason: vector.text('reason'),
    }),
  ).toBe(vector.text('quarantine_id'));
});

const profileOf = (vector: Vector): PartitionProfile => {
  const name = vector.text('profile').replace('ig.partitioning.v0.', '');
  if (!Object.hasOwn(PARTITION_PROFILES, name)) throw new Error(`no profile ${name}`);
  return name as PartitionProfile;
};
for (const [file, precedenceOf] of [
  ['partition_key', referencePrecedence],
  ['partition_key.ours', (profile: PartitionProfile) => PARTITION_PROFILES[profile]],
] as const) {
  each(file, (vector) => {
    const precedence: readonly string[] = precedenceOf(profileOf(vector));
    expect(precedence).toEqual(vector.list('key_precedence'));
    const envelope = vector.json('envelope_json');
    expect(rawPartitionKey(envelope, precedence)).toBe(vector.text('raw_key'));
    expect(partitionKey(envelope, precedence)).toBe(vector.text('partition_key'));
  });
}

each('entity_id', (vector) => {
  const pins = new Vector(vector.json('pins_json'));
  const pin = (name: string): string => (pins.has(name) ? pins.text(name) : '');
  const scope = ids.entityScope({
    platform_run_id: pin('platform_run_id'),
    manifest_fingerprint: pin('manifest_fingerprint'),
    parameter_hash: pin('parameter_hash'),
    seed: pin('seed'),
    scenario_id: pin('scenario_id'),
    scenario_run_id: pin('scenario_run_id'),
    run_id: pin('run_id'),
  });
  const type = vector.text('entity_type') as ids.EntityType;
  expect(vector.text('identifier_type')).toBe(`${type}_id`);
  expect(ids.entityId(type, vector.text('identifier_value'), scope)).toBe(vector.text('entity_id'));
});

each('governance_event_id', (vector) => {
  const id = ids.governanceEventId({
    family: vector.text('family'),
    platformRunId: vector.text('platform_run_id'),
    scenarioRunId: vector.text('scenario_run_id'),
    sourceComponent: vector.text('source_component'),
    dedupeKey: vector.textOrNull('dedupe_key'),
    details: vector.value('details'),
  });
  expect(id).toBe(vector.text('event_id'));
});

each('decision_id', (vector) => {
  const input = vector.inner('input');
  const found = reference.referenceDecisionIds(input.fields, input.json('pins_json'));
  for (const [name, id] of Object.entries(found))
    expect([name, id]).toEqual([name, vector.text(name)]);
});

/** Ours is the reference's decision_id wherever its offset is a string. */
each('decision_id.ours', (vector) => {
  const input = vector.inner('input');
  const bundle = input.inner('bundle_ref');
  const origin = input.inner('origin_offset');
  const identity = {
    sourceEventId: input.text('source_event_id'),
    platformRunId: input.text('platform_run_id'),
    decisionScope: input.text('decision_scope'),
    bundleRef: {
      bundle_id: bundle.text('bundle_id'),
      bundle_version: bundle.text('bundle_version'),
      registry_ref: bundle.has('registry_ref') ? bundle.text('registry_ref') : '',
    },
    originOffset: {
      topic: origin.text(origin.has('topic') ? 'topic' : 'stream'),
      partition: origin.number('partition'),
      offset: origin.text('offset'),
      offset_kind: origin.text('offset_kind'),
    },
  };
  const decision = decisions.decisionId(identity);
  expect(decision).toBe(vector.text('decision_id'));
  if (typeof origin.value('offset') === 'string') {
    expect(decision).toBe(
      reference.referenceDecisionIds(input.fields, input.json('pins_json'))['decision_id'],
    );
  }
  const kind = input.text('action_kind');
  const key = decisions.actionIdempotencyKey(decision, kind);
  expect(decisions.decisionEventId(decision)).toBe(vector.text('decision_event_id'));
  expect(decisions.actionId(decision, kind)).toBe(vector.text('action_id'));
  expect(key).toBe(vector.text('action_idempotency_key'));
  expect(decisions.actionEventId(key)).toBe(vector.text('action_event_id'));
  expect(decisions.auditId(decision)).toBe(vector.text('audit_id'));
});

each('action_ids', (vector) => {
  const key = decisions.semanticKey(
    vector.text('platform_run_id'),
    vector.text('scenario_run_id'),
    vector.text('idempotency_key'),
  );
  expect(key).toBe(vector.text('semantic_key'));
  expect(reference.referenceOutcomeId(vector.inner('outcome_identity').fields)).toBe(
    vector.text('outcome_id'),
  );
});

each('action_ids.ours', (vector) => {
  expect(decisions.outcomeId(vector.text('semantic_key'))).toBe(vector.text('outcome_id'));
});

each('dataset_fingerprint', (vector) => {
  const found = reference.referenceFingerprint(vector.json('identity_json'));
  expect(found).toBe(vector.text('dataset_fingerprint'));
  expect(datasetManifestId(found)).toBe(vector.text('dataset_manifest_id'));
});

each('dataset_fingerprint.ours', (vector) => {
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

each('ofs_mf_ids', (vector) => {
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

each('scenario_runner_ids', (vector) => {
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

each('stream_view_id', (vector) => {
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

each('retry_delay', (vector) => {
  const policy = { baseMs: vector.number('base_ms'), capMs: vector.number('cap_ms') };
  const attempt = vector.number('attempt');
  expect(runs.retryDelayMs(attempt, policy, 0)).toBe(vector.number('delay_before_jitter_ms'));
  expect(runs.retryDelayMs(attempt, policy, 1)).toBe(vector.number('max_with_jitter_ms'));
});

each('graph_version', (vector) => {
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

each('flow_binding_hash', (vector) => {
  expect(reference.referenceBindingHash(vector.inner('input').fields)).toBe(
    vector.text('binding_hash'),
  );
});

each('flow_binding_hash.ours', (vector) => {
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

each('snapshot_hash', (vector) => {
  const found = reference.referenceSnapshotHash(vector.json('snapshot_json'));
  expect(found).toBe(vector.text(vector.has('error') ? 'error' : 'snapshot_hash'));
});

each('snapshot_hash.ours', (vector) => {
  const snapshot = JSON.parse(canonicalText(vector.value('snapshot'))) as Snapshot;
  expect(snapshotHash(snapshot)).toBe(vector.text('snapshot_hash'));
});

each('amount_minor.ours', (vector) => {
  expect(amountMinor(vector.number('amount'))).toBe(vector.number('minor'));
});

/** Notes of reference vectors that ours refuses; each has its own line in envelope_validation.ours. */
const REFUSED = ['impossible date', 'event_id 257', 'event_id empty'];
each('envelope_validation', (vector) => {
  const problem = envelopeProblem(vector.json('envelope_json'));
  const refused = REFUSED.some((note) => vector.text('note').includes(note));
  expect(problem === null).toBe(vector.value('valid') === true && !refused);
});

each('envelope_validation.ours', (vector) => {
  const problem = envelopeProblem(vector.json('envelope_json'));
  expect(problem?.code ?? null).toBe(vector.textOrNull('code'));
  if (problem !== null) expect(problem.message).toContain(vector.text('field'));
});

const payloadVerdict = (vector: Vector): string =>
  payloadProblem(
    vector.text('event_type'),
    vector.value('schema_version'),
    vector.json('payload_json'),
  )?.code ?? 'OK';
each('payload_schema_validation', (vector) => {
  const version = vector.value('schema_version');
  const otherVersion = vector.text('result') === 'OK' && version !== 'v1';
  const found = payloadVerdict(vector);
  if (otherVersion) expect(found).toMatch(/^SCHEMA_VERSION_/);
  else expect(found).toBe(vector.text('result'));
  const eventClass = CLASS_MAP.get(vector.text('event_type'))?.name;
  expect(eventClass ?? 'traffic').toBe(vector.text('event_class'));
});

each('payload_schema_validation.ours', (vector) => {
  expect(payloadVerdict(vector)).toBe(vector.text('result'));
});
