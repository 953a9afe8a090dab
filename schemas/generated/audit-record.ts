// Generated from schemas/avro/audit-record.avsc by scripts/generate-types.mjs; edit that file instead.
/** Action vocabulary v1 of decisions. */
export const decisionActionSymbols = ['APPROVE', 'STEP_UP', 'DECLINE', 'QUEUE'] as const;
export type DecisionAction = (typeof decisionActionSymbols)[number];
/** A model bundle by name. */
export interface BundleRef {
  /** hex64; 64 zeros when failing closed without a bundle. */
  readonly bundle_id: string;
  readonly bundle_version: string;
  readonly registry_ref: string;
}
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
/** The posture a decision was made under, without its sequence number. */
export interface DecisionPosture {
  readonly mode: DegradeMode;
  readonly capabilities_mask: CapabilityMask;
  readonly policy_rev: PolicyRev;
  readonly reason: string;
}
/** The run a record belongs to. */
export interface Pins {
  readonly platform_run_id: string;
  readonly scenario_run_id: string;
  readonly scenario_id: string;
  readonly manifest_fingerprint: string;
  readonly parameter_hash: string;
  /** uint64 in decimal digits. */
  readonly seed: string;
}
/** Role of a public record in a decision. */
export const contextRoleSymbols = ['traffic', 'flow_anchor', 'arrival_events', 'arrival_entities'] as const;
export type ContextRole = (typeof contextRoleSymbols)[number];
/** Where a public record stands in the log: immutable evidence. */
export interface OriginOffset {
  readonly topic: string;
  readonly partition: number;
  /** Decimal digits. */
  readonly offset: string;
  /** kafka_offset on every weir bus. */
  readonly offset_kind: string;
}
/** A public record a decision rests on, with its payload hash. */
export interface AuditEvidence {
  readonly role: ContextRole;
  readonly event_id: string;
  readonly event_type: string;
  /** payload_hash v1 as carried by the admitted record. */
  readonly payload_hash: Buffer;
  readonly origin_offset: OriginOffset;
}
/** How far the identity graph was when asked. */
export interface GraphVersion {
  /** hex32: the first half of basis_digest. */
  readonly version_id: string;
  readonly stream: string;
  /** hex64. */
  readonly basis_digest: string;
  readonly watermark_micros: null | number;
}
/** The next offset a projection would read. */
export interface AppliedOffset {
  readonly topic: string;
  readonly partition: number;
  /** Decimal digits. */
  readonly next_offset: string;
}
/** A task and the round it was in. */
export interface TaskSeq {
  readonly task: string;
  readonly seq: number;
}
/** Position-like facts. */
export interface AuditStamps {
  readonly graph_version: null | GraphVersion;
  readonly applied_offsets: readonly AppliedOffset[];
  readonly posture_seq: number;
  readonly recorded_at_ms: number;
  readonly tasks: readonly TaskSeq[];
  readonly build: string;
}
/** The append-only record of one decision; its append is the commit point of the traffic event. */
export interface AuditRecord {
  /** hex32, from decision_id. */
  readonly audit_id: string;
  readonly decision_id: string;
  readonly decision_event_id: string;
  readonly decision_kind: string;
  /** sha256 of the Avro bytes of the decision with empty stamps and without its snapshot, for which snapshot_hash stands. */
  readonly decision_digest: Buffer;
  readonly action: DecisionAction;
  readonly action_ids: readonly string[];
  readonly bundle_ref: BundleRef;
  readonly snapshot_hash: null | string;
  readonly degrade_posture: DecisionPosture;
  readonly policy_rev: PolicyRev;
  readonly run_config_digest: string;
  readonly pins: Pins;
  /** All roles that were there, traffic first. */
  readonly evidence: readonly AuditEvidence[];
  readonly reason_codes: readonly string[];
  readonly stamps: AuditStamps;
}
export const auditRecordSchema =
  '{"type":"record","name":"AuditRecord","namespace":"weir","doc":"The append-only record of one decision; its append is the commit point of the traffic event.","fields":[{"name":"audit_id","type":"string","doc":"hex32, from decision_id."},{"name":"decision_id","type":"string"},{"name":"decision_event_id","type":"string"},{"name":"decision_kind","type":"string"},{"name":"decision_digest","type":{"type":"fixed","name":"Sha256","namespace":"weir","size":32},"doc":"sha256 of the Avro bytes of the decision with empty stamps and without its snapshot, for which snapshot_hash stands."},{"name":"action","type":{"type":"enum","name":"DecisionAction","namespace":"weir","doc":"Action vocabulary v1 of decisions.","symbols":["APPROVE","STEP_UP","DECLINE","QUEUE"]}},{"name":"action_ids","type":{"type":"array","items":"string"}},{"name":"bundle_ref","type":{"type":"record","name":"BundleRef","namespace":"weir","doc":"A model bundle by name.","fields":[{"name":"bundle_id","type":"string","doc":"hex64; 64 zeros when failing closed without a bundle."},{"name":"bundle_version","type":"string"},{"name":"registry_ref","type":"string"}]}},{"name":"snapshot_hash","type":["null","string"],"default":null},{"name":"degrade_posture","type":{"type":"record","name":"DecisionPosture","namespace":"weir","doc":"The posture a decision was made under, without its sequence number.","fields":[{"name":"mode","type":{"type":"enum","name":"DegradeMode","namespace":"weir","doc":"Rungs of the degrade ladder, best first.","symbols":["NORMAL","DEGRADED_1","DEGRADED_2","FAIL_CLOSED"]}},{"name":"capabilities_mask","type":{"type":"record","name":"CapabilityMask","namespace":"weir","doc":"What a posture lets a decision use.","fields":[{"name":"ieg","type":"boolean","doc":"Identity graph."},{"name":"feature_groups","type":{"type":"array","items":"string"}},{"name":"primary","type":"boolean","doc":"Primary model."},{"name":"stage2","type":"boolean","doc":"Second model."},{"name":"heuristics","type":"boolean"},{"name":"action_posture","type":{"type":"enum","name":"ActionPosture","namespace":"weir","doc":"STEP_UP_ONLY: no approval without a step-up.","symbols":["NORMAL","STEP_UP_ONLY"]}}]}},{"name":"policy_rev","type":{"type":"record","name":"PolicyRev","namespace":"weir","doc":"A revision of a policy.","fields":[{"name":"policy_id","type":"string"},{"name":"revision","type":"string"},{"name":"content_digest","type":"string","doc":"hex64."}]}},{"name":"reason","type":"string"}]}},{"name":"policy_rev","type":"weir.PolicyRev"},{"name":"run_config_digest","type":"string"},{"name":"pins","type":{"type":"record","name":"Pins","namespace":"weir","doc":"The run a record belongs to.","fields":[{"name":"platform_run_id","type":"string"},{"name":"scenario_run_id","type":"string"},{"name":"scenario_id","type":"string"},{"name":"manifest_fingerprint","type":"string"},{"name":"parameter_hash","type":"string"},{"name":"seed","type":"string","doc":"uint64 in decimal digits."}]}},{"name":"evidence","type":{"type":"array","items":{"type":"record","name":"AuditEvidence","namespace":"weir","doc":"A public record a decision rests on, with its payload hash.","fields":[{"name":"role","type":{"type":"enum","name":"ContextRole","namespace":"weir","doc":"Role of a public record in a decision.","symbols":["traffic","flow_anchor","arrival_events","arrival_entities"]}},{"name":"event_id","type":"string"},{"name":"event_type","type":"string"},{"name":"payload_hash","type":"weir.Sha256","doc":"payload_hash v1 as carried by the admitted record."},{"name":"origin_offset","type":{"type":"record","name":"OriginOffset","namespace":"weir","doc":"Where a public record stands in the log: immutable evidence.","fields":[{"name":"topic","type":"string"},{"name":"partition","type":"int"},{"name":"offset","type":"string","doc":"Decimal digits."},{"name":"offset_kind","type":"string","doc":"kafka_offset on every weir bus."}]}}]}},"doc":"All roles that were there, traffic first."},{"name":"reason_codes","type":{"type":"array","items":"string"}},{"name":"stamps","type":{"type":"record","name":"AuditStamps","namespace":"weir","doc":"Position-like facts.","fields":[{"name":"graph_version","type":["null",{"type":"record","name":"GraphVersion","namespace":"weir","doc":"How far the identity graph was when asked.","fields":[{"name":"version_id","type":"string","doc":"hex32: the first half of basis_digest."},{"name":"stream","type":"string"},{"name":"basis_digest","type":"string","doc":"hex64."},{"name":"watermark_micros","type":["null",{"type":"long","logicalType":"timestamp-micros"}],"default":null}]}],"default":null},{"name":"applied_offsets","type":{"type":"array","items":{"type":"record","name":"AppliedOffset","namespace":"weir","doc":"The next offset a projection would read.","fields":[{"name":"topic","type":"string"},{"name":"partition","type":"int"},{"name":"next_offset","type":"string","doc":"Decimal digits."}]}}},{"name":"posture_seq","type":"long"},{"name":"recorded_at_ms","type":{"type":"long","logicalType":"timestamp-millis"}},{"name":"tasks","type":{"type":"array","items":{"type":"record","name":"TaskSeq","namespace":"weir","doc":"A task and the round it was in.","fields":[{"name":"task","type":"string"},{"name":"seq","type":"long"}]}}},{"name":"build","type":"string"}]}}]}';
