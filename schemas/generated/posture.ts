// Generated from schemas/avro/posture.avsc by scripts/generate-types.mjs; edit that file instead.
/** Rungs of the degrade ladder, best first. */
export const degradeModeSymbols = ['NORMAL', 'DEGRADED_1', 'DEGRADED_2', 'FAIL_CLOSED'] as const;
export type DegradeMode = (typeof degradeModeSymbols)[number];
/** STEP_UP_ONLY: no approval without a step-up. */
export const actionPostureSymbols = ['NORMAL', 'STEP_UP_ONLY'] as const;
export type ActionPosture = (typeof actionPostureSymbols)[number];
/** What a posture lets a decision use. */
export interface CapabilityMask {
  /** Identity graph. */
  readonly ieg: boolean;
  readonly feature_groups: readonly string[];
  /** Primary model. */
  readonly primary: boolean;
  /** Second model. */
  readonly stage2: boolean;
  readonly heuristics: boolean;
  readonly action_posture: ActionPosture;
}
/** A revision of a policy. */
export interface PolicyRev {
  readonly policy_id: string;
  readonly revision: string;
  /** hex64. */
  readonly content_digest: string;
}
/** The degrade posture of a scope; repeated as a heartbeat each second. */
export interface Posture {
  /** scope=GLOBAL, or a run. */
  readonly scope: string;
  /** Moves with each change, not with heartbeats. */
  readonly posture_seq: number;
  readonly mode: DegradeMode;
  readonly capabilities_mask: CapabilityMask;
  readonly policy_rev: PolicyRev;
  readonly reason: string;
  readonly heartbeat: boolean;
  readonly decided_at_ms: number;
}
export const postureSchema =
  '{"type":"record","name":"Posture","namespace":"weir","doc":"The degrade posture of a scope; repeated as a heartbeat each second.","fields":[{"name":"scope","type":"string","doc":"scope=GLOBAL, or a run."},{"name":"posture_seq","type":"long","doc":"Moves with each change, not with heartbeats."},{"name":"mode","type":{"type":"enum","name":"DegradeMode","namespace":"weir","doc":"Rungs of the degrade ladder, best first.","symbols":["NORMAL","DEGRADED_1","DEGRADED_2","FAIL_CLOSED"]}},{"name":"capabilities_mask","type":{"type":"record","name":"CapabilityMask","namespace":"weir","doc":"What a posture lets a decision use.","fields":[{"name":"ieg","type":"boolean","doc":"Identity graph."},{"name":"feature_groups","type":{"type":"array","items":"string"}},{"name":"primary","type":"boolean","doc":"Primary model."},{"name":"stage2","type":"boolean","doc":"Second model."},{"name":"heuristics","type":"boolean"},{"name":"action_posture","type":{"type":"enum","name":"ActionPosture","namespace":"weir","doc":"STEP_UP_ONLY: no approval without a step-up.","symbols":["NORMAL","STEP_UP_ONLY"]}}]}},{"name":"policy_rev","type":{"type":"record","name":"PolicyRev","namespace":"weir","doc":"A revision of a policy.","fields":[{"name":"policy_id","type":"string"},{"name":"revision","type":"string"},{"name":"content_digest","type":"string","doc":"hex64."}]}},{"name":"reason","type":"string"},{"name":"heartbeat","type":"boolean"},{"name":"decided_at_ms","type":{"type":"long","logicalType":"timestamp-millis"}}]}';
