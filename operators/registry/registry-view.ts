/**
 * The registry as a fold over its records: which bundle is in force in which scope.
 *
 * in: one registry record. out: the next view, and whether the record was applied, was known already,
 * or was refused and why. state: a RegistryView; per scope at most `BUNDLES_MAX` bundles of 400 bytes.
 * time: none. fails: never; a refusal is a value, because an append-only log may hold refused records.
 *
 * M1. A bundle goes PUBLISHED -> APPROVED -> ACTIVE -> SUPERSEDED or ROLLED_BACK -> RETIRED, in each
 *     scope for itself. At most one is ACTIVE per scope, and at most one is the safe fallback.
 * M2. A promotion needs an actor, an approval and evidence references; so does the choice of a fallback.
 * M3. A rollback names the bundle to return to; it must have been ACTIVE in that scope before.
 * M4. What is ACTIVE or the safe fallback cannot be retired.
 * M5. The same registry_event_id again changes nothing.
 *
 * source: spec platform section 21; scenarios 71 to 73.
 */
import type { ActionPosture } from '../degrade/capability-mask.js';
import { scopeText, type ScopeKey } from './scope.js';

export const REGISTRY_EVENT_TYPES = [
  'BUNDLE_PUBLISHED',
  'BUNDLE_APPROVED',
  'BUNDLE_PROMOTED_ACTIVE',
  'BUNDLE_ROLLED_BACK',
  'BUNDLE_RETIRED',
] as const;
export type RegistryEventType = (typeof REGISTRY_EVENT_TYPES)[number];

export interface BundleRef {
  /** hex64. */
  readonly bundle_id: string;
  readonly bundle_version: string;
  readonly registry_ref: string;
}

export interface BundleFile {
  /** hex64 of the bytes. */
  readonly sha256: string;
  readonly location: string;
}

export interface BundleCompatibility {
  readonly required_feature_groups: readonly { readonly name: string; readonly version: string }[];
  /** hex64; empty when any will do. */
  readonly feature_definition_hash: string;
  readonly input_contract_version: string;
  readonly require_ieg: boolean;
  readonly require_model_primary: boolean;
  readonly require_model_stage2: boolean;
  readonly require_fallback_heuristics: boolean;
  readonly required_action_posture: ActionPosture;
}

/** The part of a registry record that resolution needs; names as on the wire. */
export interface RegistryRecord {
  readonly registry_event_id: string;
  readonly event_type: RegistryEventType;
  readonly scope: ScopeKey;
  readonly bundle_ref: BundleRef;
  readonly bundle: BundleFile;
  readonly compatibility: BundleCompatibility;
  readonly safe_fallback: boolean;
  readonly actor: { readonly actor_id: string; readonly source_type: string };
  readonly evidence_refs: readonly { readonly ref_type: string; readonly ref_id: string }[];
}

export type BundleStatus =
  'PUBLISHED' | 'APPROVED' | 'ACTIVE' | 'SUPERSEDED' | 'ROLLED_BACK' | 'RETIRED';

export interface RegisteredBundle {
  readonly ref: BundleRef;
  readonly file: BundleFile;
  readonly compatibility: BundleCompatibility;
  readonly status: BundleStatus;
  readonly wasActive: boolean;
}

export interface ScopeState {
  readonly scope: ScopeKey;
  /** By bundle_id@bundle_version. */
  readonly bundles: ReadonlyMap<string, RegisteredBundle>;
  readonly active: string | null;
  readonly fallback: string | null;
}

export interface RegistryView {
  readonly scopes: ReadonlyMap<string, ScopeState>;
  /** M5. The most recent event ids, oldest first. */
  readonly seen: ReadonlySet<string>;
}

export type RegistryOutcome =
  | { readonly kind: 'applied' }
  | { readonly kind: 'known' }
  | { readonly kind: 'refused'; readonly reason: string };

export interface RegistryStep {
  readonly view: RegistryView;
  readonly outcome: RegistryOutcome;
}

export const EMPTY_REGISTRY: RegistryView = { scopes: new Map(), seen: new Set() };

export const BUNDLES_MAX = 1000;
export const EVENTS_REMEMBERED = 10_000;

export const bundleKey = (ref: BundleRef): string => `${ref.bundle_id}@${ref.bundle_version}`;

type Changed = ScopeState | { readonly refused: string };

const refuse = (refused: string): Changed => ({ refused });

const withStatus = (state: ScopeState, key: string | null, status: BundleStatus): ScopeState => {
  const bundle = key === null ? undefined : state.bundles.get(key);
  if (key === null || bundle === undefined) return state;
  const wasActive = bundle.wasActive || status === 'ACTIVE';
  return { ...state, bundles: new Map(state.bundles).set(key, { ...bundle, status, wasActive }) };
};

const publish = (state: ScopeState, record: RegistryRecord): Changed => {
  const key = bundleKey(record.bundle_ref);
  const known = state.bundles.get(key);
  if (known !== undefined) {
    // Same name, other bytes: the platform's PUBLISH_CONFLICT.
    return known.file.sha256 === record.bundle.sha256 ? state : refuse('PUBLISH_CONFLICT');
  }
  if (state.bundles.size >= BUNDLES_MAX) return refuse('REGISTRY_SCOPE_FULL');
  const { bundle_ref: ref, bundle: file, compatibility } = record;
  const added: RegisteredBundle = {
    ref,
    file,
    compatibility,
    status: 'PUBLISHED',
    wasActive: false,
  };
  return { ...state, bundles: new Map(state.bundles).set(key, added) };
};

const approve = (state: ScopeState, key: string, bundle: RegisteredBundle): Changed => {
  if (bundle.status === 'APPROVED') return state;
  return bundle.status === 'PUBLISHED'
    ? withStatus(state, key, 'APPROVED')
    : refuse(`APPROVE_FROM_${bundle.status}`);
};

const activate = (state: ScopeState, key: string, leaving: BundleStatus): ScopeState => ({
  ...withStatus(withStatus(state, state.active, leaving), key, 'ACTIVE'),
  active: key,
});

const promote = (state: ScopeState, record: RegistryRecord, bundle: RegisteredBundle): Changed => {
  const key = bundleKey(bundle.ref);
  // M2.
  if (record.evidence_refs.length === 0) return refuse('EVIDENCE_MISSING');
  if (record.safe_fallback) {
    const approved = bundle.status !== 'PUBLISHED' && bundle.status !== 'RETIRED';
    return approved ? { ...state, fallback: key } : refuse(`PROMOTE_FROM_${bundle.status}`);
  }
  if (bundle.status === 'ACTIVE') return state;
  return bundle.status === 'APPROVED'
    ? activate(state, key, 'SUPERSEDED')
    : refuse(`PROMOTE_FROM_${bundle.status}`);
};

const rollBack = (state: ScopeState, key: string, bundle: RegisteredBundle): Changed => {
  if (bundle.status === 'ACTIVE') return state;
  // M3.
  if (!bundle.wasActive || bundle.status === 'RETIRED')
    return refuse('ROLLBACK_TARGET_NEVER_ACTIVE');
  return activate(state, key, 'ROLLED_BACK');
};

const retire = (state: ScopeState, key: string): Changed => {
  // M4.
  if (state.active === key) return refuse('RETIRE_OF_ACTIVE');
  if (state.fallback === key) return refuse('RETIRE_OF_FALLBACK');
  return withStatus(state, key, 'RETIRED');
};

const change = (state: ScopeState, record: RegistryRecord): Changed => {
  if (record.actor.actor_id === '') return refuse('ACTOR_MISSING');
  const key = bundleKey(record.bundle_ref);
  const bundle = state.bundles.get(key);
  if (record.event_type === 'BUNDLE_PUBLISHED') return publish(state, record);
  if (bundle === undefined) return refuse('BUNDLE_NOT_PUBLISHED');
  if (bundle.file.sha256 !== record.bundle.sha256) return refuse('BUNDLE_BYTES_DIFFER');
  switch (record.event_type) {
    case 'BUNDLE_APPROVED':
      return approve(state, key, bundle);
    case 'BUNDLE_PROMOTED_ACTIVE':
      return promote(state, record, bundle);
    case 'BUNDLE_ROLLED_BACK':
      return rollBack(state, key, bundle);
    case 'BUNDLE_RETIRED':
      return retire(state, key);
  }
};

const remember = (seen: ReadonlySet<string>, id: string): ReadonlySet<string> => {
  const next = new Set(seen).add(id);
  const oldest = next.size > EVENTS_REMEMBERED ? next.values().next().value : undefined;
  if (oldest !== undefined) next.delete(oldest);
  return next;
};

/** Applies one record. Refused records are remembered as well: trying again needs a new event. */
export const registryStep = (view: RegistryView, record: RegistryRecord): RegistryStep => {
  // M5.
  if (view.seen.has(record.registry_event_id)) return { view, outcome: { kind: 'known' } };
  const seen = remember(view.seen, record.registry_event_id);
  const name = scopeText(record.scope);
  const before = view.scopes.get(name) ?? {
    scope: record.scope,
    bundles: new Map(),
    active: null,
    fallback: null,
  };
  const after = change(before, record);
  if ('refused' in after) {
    return { view: { ...view, seen }, outcome: { kind: 'refused', reason: after.refused } };
  }
  return {
    view: { scopes: new Map(view.scopes).set(name, after), seen },
    outcome: { kind: 'applied' },
  };
};
