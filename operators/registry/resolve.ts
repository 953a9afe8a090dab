/**
 * Which bundle decides: tenant ACTIVE, then global ACTIVE, then the explicit fallback, then none.
 *
 * in: a registry view, a scope, and what the posture and the feature set offer. out: the bundle, which
 * step found it, and every reason on the way. state: none. fails: never; the last step is FAIL_CLOSED.
 *
 * BR1. Each candidate is checked for compatibility, the fallback too. An incompatible one is named and
 *      the next is tried: nothing is skipped silently.
 * BR2. Feature groups: equal versions, served under the mask. Capabilities: within the mask; a bundle
 *      that needs action posture NORMAL needs a mask that is NORMAL.
 * BR3. The tenant's own fallback comes before the global one.
 *
 * source: spec platform section 13; scenarios 71, 72.
 */
import type { CapabilityMask } from '../degrade/capability-mask.js';
import type {
  BundleCompatibility,
  BundleRef,
  RegisteredBundle,
  RegistryView,
} from './registry-view.js';
import { globalScope, scopeText, type ScopeKey } from './scope.js';

export interface ResolveContext {
  readonly mask: CapabilityMask;
  /** Version of each feature group of the stamped feature set. */
  readonly featureGroups: ReadonlyMap<string, string>;
  /** hex64. */
  readonly featureDefinitionHash: string;
  readonly inputContractVersion: string;
  /** False when the bytes could not be loaded (recorded in the round's header). */
  readonly isLoaded: (sha256: string) => boolean;
}

export type ResolutionOutcome = 'RESOLVED' | 'SAFE_FALLBACK' | 'FAIL_CLOSED';

export interface Resolution {
  readonly outcome: ResolutionOutcome;
  /** environment|mode|bundle_slot|tenant of the record used; empty when none. */
  readonly scope: string;
  readonly ref: BundleRef;
  /** hex64 of the bundle's bytes; null in FAIL_CLOSED. */
  readonly sha256: string | null;
  readonly reasons: readonly string[];
}

/** 64 zeros: no bundle decided. */
export const NO_BUNDLE: BundleRef = {
  bundle_id: '0'.repeat(64),
  bundle_version: '',
  registry_ref: '',
};

/** BR2. Every mismatch, as reason codes; empty when compatible. */
export const mismatches = (
  needs: BundleCompatibility,
  context: ResolveContext,
): readonly string[] => {
  const { mask } = context;
  const found: string[] = [];
  const capability = (name: string, needed: boolean, given: boolean): void => {
    if (needed && !given) found.push(`CAPABILITY_MISMATCH:${name}`);
  };
  capability('ieg', needs.require_ieg, mask.ieg);
  capability('primary', needs.require_model_primary, mask.primary);
  capability('stage2', needs.require_model_stage2, mask.stage2);
  capability('heuristics', needs.require_fallback_heuristics, mask.heuristics);
  capability(
    'action_posture',
    needs.required_action_posture === 'NORMAL',
    mask.action_posture === 'NORMAL',
  );
  for (const { name, version } of needs.required_feature_groups) {
    if (context.featureGroups.get(name) !== version)
      found.push(`FEATURE_GROUP_VERSION_MISMATCH:${name}`);
    else if (!mask.feature_groups.includes(name))
      found.push(`CAPABILITY_MISMATCH:feature_group:${name}`);
  }
  const wanted = needs.feature_definition_hash;
  if (wanted !== '' && wanted !== context.featureDefinitionHash)
    found.push('FEATURE_DEFINITION_MISMATCH');
  if (needs.input_contract_version !== context.inputContractVersion)
    found.push('INPUT_CONTRACT_MISMATCH');
  return found;
};

interface Candidate {
  readonly scope: ScopeKey;
  readonly step: 'tenant' | 'global' | 'fallback:tenant' | 'fallback:global';
  readonly bundle: RegisteredBundle | undefined;
}

const candidatesOf = (view: RegistryView, scope: ScopeKey): readonly Candidate[] => {
  const scopes = scope.tenant_id === null ? [scope] : [scope, globalScope(scope)];
  const found = scopes.map((key) => {
    const state = view.scopes.get(scopeText(key));
    const bundleOf = (name: string | null | undefined): RegisteredBundle | undefined =>
      name === null || name === undefined ? undefined : state?.bundles.get(name);
    const level = key.tenant_id === null ? 'global' : 'tenant';
    const active: Candidate = { scope: key, step: level, bundle: bundleOf(state?.active) };
    const fallback: Candidate = {
      scope: key,
      step: `fallback:${level}`,
      bundle: bundleOf(state?.fallback),
    };
    return { active, fallback };
  });
  return [...found.map(({ active }) => active), ...found.map(({ fallback }) => fallback)];
};

const absentReason = (step: Candidate['step']): string =>
  step.startsWith('fallback') ? `NO_EXPLICIT_FALLBACK:${step.slice(9)}` : `SCOPE_NOT_FOUND:${step}`;

const refusalReason = (step: Candidate['step']): string =>
  step.startsWith('fallback')
    ? `FALLBACK_INCOMPATIBLE:${step.slice(9)}`
    : `ACTIVE_BUNDLE_INCOMPATIBLE:${step}`;

/** BR1. */
export const resolveBundle = (
  view: RegistryView,
  scope: ScopeKey,
  context: ResolveContext,
): Resolution => {
  const reasons: string[] = [];
  for (const { scope: key, step, bundle } of candidatesOf(view, scope)) {
    if (bundle === undefined) {
      reasons.push(absentReason(step));
      continue;
    }
    const loaded = context.isLoaded(bundle.file.sha256) ? [] : ['BUNDLE_NOT_LOADED'];
    const found = [...mismatches(bundle.compatibility, context), ...loaded];
    if (found.length > 0) {
      reasons.push(refusalReason(step), ...found);
      continue;
    }
    const fallback = step.startsWith('fallback');
    return {
      outcome: fallback ? 'SAFE_FALLBACK' : 'RESOLVED',
      scope: scopeText(key),
      ref: bundle.ref,
      sha256: bundle.file.sha256,
      reasons: [...reasons, fallback ? 'FALLBACK_EXPLICIT' : `ACTIVE_BUNDLE_RESOLVED:${step}`],
    };
  }
  return {
    outcome: 'FAIL_CLOSED',
    scope: '',
    ref: NO_BUNDLE,
    sha256: null,
    reasons: [...reasons, 'FAIL_CLOSED_NO_COMPATIBLE_BUNDLE'],
  };
};
