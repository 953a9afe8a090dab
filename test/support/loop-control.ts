/** Policy, bundles, registry and posture records for tests of the decision loop. */
import type { DriverInput } from '../../runner/driver.js';
import { CAPABILITY_MASKS, type DegradeMode } from '../../operators/degrade/capability-mask.js';
import type { DocumentValue } from '../../operators/document-hash.js';
import type { FeaturePlan } from '../../operators/features/plan.js';
import {
  bundleBytes,
  makeBundle,
  type Bundle,
  type BundleContent,
} from '../../operators/model/bundle.js';
import { loadedBundles } from '../../operators/model/loaded-bundles.js';
import { policyText, readPolicy } from '../../operators/policy/policy.js';
import type { Policy } from '../../schemas/generated/policy.js';
import type { Posture } from '../../schemas/generated/posture.js';
import type { RegistryRecord } from '../../schemas/generated/registry-record.js';
import { sha256Hex } from '../../schemas/sha256.js';

const POLICY = {
  policy_id: 'rtdl',
  revision: '1',
  guardrails: [
    {
      code: 'AMOUNT_OVER_CAP',
      when: { field: 'amount_minor', op: 'gt', value: 500_000 },
      floor: 'DECLINE',
    },
  ],
  join: { wait_ms: 900, waiting_max: 1000, on_missing: 'STEP_UP' },
  deadline_ms: 1500,
  model: { primary_timeout_ms: 100, stage2_timeout_ms: 50, on_skipped: 'QUEUE', reasons_max: 3 },
  degrade: { mapping: 'per-signal', quiet_seconds: 10, max_age_seconds: 120 },
  label_horizon_days: 60,
  actions: { release: ['APPROVE', 'STEP_UP', 'DECLINE'] },
};

export type PolicyChanges = Readonly<Record<string, DocumentValue>>;

export function policyRecord(changes: PolicyChanges = {}): Policy {
  const document = { ...POLICY, ...changes };
  const { rev } = readPolicy(document);
  return {
    ...rev,
    content: policyText(document),
    actor: { actor_id: 'test', source_type: 'HUMAN' },
    ts_utc_micros: 0,
  };
}

/** A logistic model over the amount of the flow: score 0.5 at 100.00, more above. */
export function amountBundle(plan: FeaturePlan, changes: Partial<BundleContent> = {}): Bundle {
  return makeBundle({
    format: 'weir.bundle.v1',
    bundle_version: 'v1-test',
    feature_set: { name: plan.set.name, version: String(plan.set.version), hash: plan.hash },
    input_contract_version: 'v1',
    required_capabilities: ['primary'],
    required_feature_groups: { core_features: '1' },
    required_action_posture: 'STEP_UP_ONLY',
    primary: {
      kind: 'logistic',
      features: ['amount_sum'],
      intercept: 0,
      coefficients: [1],
      mean: [10_000],
      scale: [5_000],
      missing: [0],
    },
    thresholds: [
      { from: 0, action: 'APPROVE' },
      { from: 0.5, action: 'STEP_UP' },
      { from: 0.9, action: 'DECLINE' },
    ],
    explain: { amount_sum: 'HIGH_AMOUNT' },
    provenance: { script: 'test' },
    ...changes,
  });
}

let events = 0;
const SCOPE = { environment: 'local', mode: 'live', bundle_slot: 'fraud.primary', tenant_id: null };

export interface RegistryChanges {
  readonly tenant?: string | null;
  readonly fallback?: boolean;
  readonly compatibility?: Partial<RegistryRecord['compatibility']>;
  /** False: the bytes are not put on the shelf. */
  readonly load?: boolean;
}

/** The records that publish, approve and promote a bundle; its bytes are put on the shelf. */
export function promotion(
  bundle: Bundle,
  changes: RegistryChanges = {},
): readonly RegistryRecord[] {
  const sha256 = sha256Hex(bundleBytes(bundle));
  if (changes.load ?? true) loadedBundles.put(sha256, bundle);
  const record = (event_type: RegistryRecord['event_type']): RegistryRecord => ({
    registry_event_id: `event-${++events}`,
    event_type,
    scope: { ...SCOPE, tenant_id: changes.tenant ?? null },
    bundle_ref: {
      bundle_id: bundle.bundle_id,
      bundle_version: bundle.bundle_version,
      registry_ref: `registry:${bundle.bundle_version}`,
    },
    bundle: { sha256, location: 'memory' },
    compatibility: {
      required_feature_groups: Object.entries(bundle.required_feature_groups).map(
        ([name, version]) => ({ name, version }),
      ),
      feature_definition_hash: bundle.feature_set.hash,
      input_contract_version: bundle.input_contract_version,
      require_ieg: false,
      require_model_primary: true,
      require_model_stage2: false,
      require_fallback_heuristics: false,
      required_action_posture: bundle.required_action_posture,
      ...changes.compatibility,
    },
    safe_fallback: changes.fallback ?? false,
    actor: { actor_id: 'test', source_type: 'HUMAN' },
    evidence_refs: [{ ref_type: 'EVAL_REPORT', ref_id: 'eval-1', ref_scope: null }],
    ts_utc_micros: 0,
  });
  return [record('BUNDLE_PUBLISHED'), record('BUNDLE_APPROVED'), record('BUNDLE_PROMOTED_ACTIVE')];
}

export function postureRecord(mode: DegradeMode, seq = 1): Posture {
  const { content_digest, policy_id, revision } = policyRecord();
  return {
    scope: 'scope=GLOBAL',
    posture_seq: seq,
    mode,
    capabilities_mask: CAPABILITY_MASKS[mode],
    policy_rev: { policy_id, revision, content_digest },
    reason: 'test',
    heartbeat: false,
    decided_at_ms: 0,
  };
}

/** Control inputs at a time. */
export const control = {
  policy: (atMs: number, changes: PolicyChanges = {}): DriverInput => ({
    source: 'policy',
    value: policyRecord(changes),
    atMs,
  }),
  promote: (bundle: Bundle, atMs: number, changes: RegistryChanges = {}): readonly DriverInput[] =>
    promotion(bundle, changes).map((value) => ({ source: 'registry', value, atMs })),
  posture: (mode: DegradeMode, atMs: number, seq = 1): DriverInput => ({
    source: 'posture',
    value: postureRecord(mode, seq),
    atMs,
  }),
};
