/**
 * Opening records: the policy and bundle a bus starts with, as records on the control topics.
 *
 * The loop fails closed until both stand there, so `npm start`, `import` and tests put them first. A
 * bundle goes through the life every bundle has: published, approved, promoted, each by a named actor.
 */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { parseBundle, type Bundle } from '../operators/model/bundle.js';
import { policyText, readPolicy } from '../operators/policy/policy.js';
import { topicCodec } from '../schemas/codec.js';
import type { Policy } from '../schemas/generated/policy.js';
import type { RegistryRecord } from '../schemas/generated/registry-record.js';
import type { SchemaLookup } from '../schemas/schema-lookup.js';
import { sha256Hex32 } from '../schemas/sha256.js';
import { topics } from '../schemas/topics.js';
import { DEFAULT_SCOPE } from '../operators/decision/decision-scope.js';
import type { BundleStore } from './bundle-store.js';
import type { ClockKind, ProducedRecord } from './bus/port.js';

export interface OpeningOptions {
  readonly lookup: SchemaLookup;
  readonly bundles: BundleStore;
  readonly clock: ClockKind;
  /** Time of the records; on a `records` bus that of the first event. */
  readonly atMs: number;
  /** Policy document as YAML or JSON text; default: the shipped one. */
  readonly policy?: string;
  /** Bundle bytes; default: the shipped one. null: none, and the loop fails closed. */
  readonly bundle?: Uint8Array | null;
}

const ACTOR = { actor_id: 'SYSTEM::runner', source_type: 'SYSTEM' };

const asset = (name: string): string => fileURLToPath(new URL(`./assets/${name}`, import.meta.url));

export const shippedPolicy = (): Promise<string> => readFile(asset('default-policy.yaml'), 'utf8');
/** The shipped bundle that was trained on a shipped feature set. */
export const shippedBundle = (features = 'default'): Promise<Uint8Array> =>
  readFile(asset(`${features}-bundle.json`));

/** The records, policy first; the bundle's bytes are in the object store when this resolves. */
export async function openingRecords(options: OpeningOptions): Promise<readonly ProducedRecord[]> {
  const policy = policyRecord(options.policy ?? (await shippedPolicy()), options.atMs);
  const bytes = options.bundle === undefined ? await shippedBundle() : options.bundle;
  const registry = bytes === null ? [] : await promotion(bytes, options);
  const stamp = options.clock === 'records' ? { timeMs: options.atMs } : {};
  const policies = topicCodec(topics.policy, options.lookup);
  const registries = topicCodec(topics.registry, options.lookup);
  return [
    {
      topic: topics.policy.name,
      key: policies.encodeKey(policy),
      value: policies.encode(policy),
      ...stamp,
    },
    ...registry.map((record) => ({
      topic: topics.registry.name,
      key: registries.encodeKey(record),
      value: registries.encode(record),
      ...stamp,
    })),
  ];
}

/** A policy document as the record that puts it in force; POLICY_INVALID names what is wrong. */
export function policyRecord(document: string, atMs: number): Policy {
  const value: unknown = parse(document);
  const { rev } = readPolicy(value);
  return {
    policy_id: rev.policy_id,
    revision: rev.revision,
    content_digest: rev.content_digest,
    content: policyText(value),
    actor: ACTOR,
    ts_utc_micros: atMs * 1000,
  };
}

/** The three events that make a bundle ACTIVE in the default scope. */
async function promotion(
  bytes: Uint8Array,
  options: OpeningOptions,
): Promise<readonly RegistryRecord[]> {
  const bundle = parseBundle(bytes);
  const file = await options.bundles.put(bytes);
  const events = ['BUNDLE_PUBLISHED', 'BUNDLE_APPROVED', 'BUNDLE_PROMOTED_ACTIVE'] as const;
  return events.map((event_type) => ({
    registry_event_id: `reg_evt_${sha256Hex32(`${event_type}|${bundle.bundle_id}|${options.atMs}`).slice(0, 24)}`,
    event_type,
    scope: {
      environment: DEFAULT_SCOPE.environment,
      mode: DEFAULT_SCOPE.mode,
      bundle_slot: DEFAULT_SCOPE.slot,
      tenant_id: null,
    },
    bundle_ref: {
      bundle_id: bundle.bundle_id,
      bundle_version: bundle.bundle_version,
      registry_ref: `registry://${DEFAULT_SCOPE.slot}`,
    },
    bundle: file,
    compatibility: compatibilityOf(bundle),
    safe_fallback: false,
    actor: ACTOR,
    evidence_refs: [{ ref_type: 'artifact_ref', ref_id: file.sha256, ref_scope: null }],
    ts_utc_micros: options.atMs * 1000,
  }));
}

/** What the registry must know of a bundle to refuse it where it does not fit. */
export function compatibilityOf(bundle: Bundle): RegistryRecord['compatibility'] {
  const requires = (capability: string): boolean =>
    bundle.required_capabilities.some((one) => one === capability);
  return {
    required_feature_groups: Object.entries(bundle.required_feature_groups).map(
      ([name, version]) => ({ name, version }),
    ),
    feature_definition_hash: bundle.feature_set.hash,
    input_contract_version: bundle.input_contract_version,
    require_ieg: requires('ieg'),
    require_model_primary: requires('primary'),
    require_model_stage2: requires('stage2'),
    require_fallback_heuristics: requires('heuristics'),
    required_action_posture: bundle.required_action_posture,
  };
}
