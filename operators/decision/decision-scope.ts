/**
 * Which decisions a topology makes, and where it looks for what they need. Part of the topology digest.
 *
 * source: spec/platform.md 13 (ScopeKey, decision_scope), 12 (posture scope).
 */
export interface DecisionScope {
  /** decision_scope of ids, e.g. fraud.primary. */
  readonly decision: string;
  readonly environment: string;
  readonly mode: string;
  /** bundle_slot of the registry. */
  readonly slot: string;
  /** Merchant id to tenant; a merchant without one has the global scope. */
  readonly tenants: Readonly<Record<string, string>>;
  /** policy_id of the policy that governs; records of others are none of this topology's. */
  readonly policyId: string;
  readonly postureScope: string;
  readonly inputContractVersion: string;
  /** Who asks for actions. */
  readonly actor: string;
}

export const DEFAULT_SCOPE: DecisionScope = {
  decision: 'fraud.primary',
  environment: 'local',
  mode: 'live',
  slot: 'fraud.primary',
  tenants: {},
  policyId: 'rtdl',
  postureScope: 'scope=GLOBAL',
  inputContractVersion: 'v1',
  actor: 'svc:rtdl',
};
