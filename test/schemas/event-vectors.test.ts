/** Vectors of events, keys, receipts, entities, decisions and actions; test/vectors/platform/README.md says same or ours. */
import { expect } from 'vitest';
import { envelopeHash } from '../../schemas/admit.js';
import { canonicalHash, canonicalText, type Canonical } from '../../schemas/canonical.js';
import * as decisions from '../../schemas/decision-ids.js';
import * as ids from '../../schemas/ids.js';
import {
  partitionKey,
  PARTITION_PROFILES,
  rawPartitionKey,
  referencePrecedence,
  type PartitionProfile,
} from '../../schemas/partition-key.js';
import { hashedText, payloadTextOfJson } from '../../schemas/payload-hash.js';
import { sha256Hex } from '../../schemas/sha256.js';
import * as reference from './reference-recipes.js';
import { eachVector, Vector } from './vector-file.js';

eachVector('payload_hash', (vector) => {
  const body = vector.json('input_json');
  const text = canonicalText(
    new Map<string, Canonical>(
      ['event_type', 'payload', 'schema_version'].map((name) => [name, body.get(name) ?? null]),
    ),
  );
  expect(text).toBe(vector.text('preimage'));
  expect(sha256Hex(text)).toBe(vector.text('payload_hash'));
});

eachVector('payload_hash.ours', (vector) => {
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

eachVector('archive_payload_hash', (vector) => {
  const envelope = new Vector(vector.json('input_json'));
  expect(envelopeHash(envelope.fields)).toBe(vector.text('archive_hash'));
  const payload = payloadTextOfJson(envelope.text('event_type'), envelope.inner('payload').fields);
  const text = hashedText(envelope.text('event_type'), payload, envelope.text('schema_version'));
  expect(sha256Hex(text)).toBe(vector.text('ig_payload_hash'));
});

eachVector('event_id', (vector) => {
  const id = ids.engineEventIdOfRow(
    vector.text('output_id'),
    vector.list('primary_keys').map(ids.scalarText),
    vector.json('row_json'),
    vector.json('pins_json'),
  );
  expect(id).toBe(vector.text('event_id'));
});

eachVector('dedupe_key', (vector) => {
  const parts = [
    vector.text('platform_run_id'),
    vector.text('event_class'),
    vector.text('event_id'),
  ] as const;
  expect(ids.dedupeKey(...parts)).toBe(vector.text('dedupe_key'));
  expect(ids.dedupeKeyBytes(...parts).toString('hex')).toBe(vector.text('dedupe_key'));
});

eachVector('wsp_lane', (vector) => {
  expect(ids.streamerLane(vector.text('event_id'), vector.number('lane_count'))).toBe(
    vector.number('lane'),
  );
});

eachVector('receipt_ids', (vector) => {
  const event = vector.text('event_id');
  expect(reference.referenceReceiptId(vector.text('decision'), event)).toBe(
    vector.text('receipt_id'),
  );
  expect(reference.referenceReceiptId('QUARANTINE', event)).toBe(vector.text('quarantine_id'));
});

eachVector('receipt_ids.ours', (vector) => {
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
  eachVector(file, (vector) => {
    const precedence: readonly string[] = precedenceOf(profileOf(vector));
    expect(precedence).toEqual(vector.list('key_precedence'));
    const envelope = vector.json('envelope_json');
    expect(rawPartitionKey(envelope, precedence)).toBe(vector.text('raw_key'));
    expect(partitionKey(envelope, precedence)).toBe(vector.text('partition_key'));
  });
}

eachVector('entity_id', (vector) => {
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

eachVector('governance_event_id', (vector) => {
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

eachVector('decision_id', (vector) => {
  const input = vector.inner('input');
  const found = reference.referenceDecisionIds(input.fields, input.json('pins_json'));
  for (const [name, id] of Object.entries(found))
    expect([name, id]).toEqual([name, vector.text(name)]);
});

/** Ours is the reference's decision_id wherever its offset is a string. */
eachVector('decision_id.ours', (vector) => {
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

eachVector('action_ids', (vector) => {
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

eachVector('action_ids.ours', (vector) => {
  expect(decisions.outcomeId(vector.text('semantic_key'))).toBe(vector.text('outcome_id'));
});
