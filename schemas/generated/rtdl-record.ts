// Generated from schemas/avro/rtdl-record.avsc by scripts/generate-types.mjs; edit that file instead.
/** Action vocabulary v1 of decisions. */
export const decisionActionSymbols = ['APPROVE', 'STEP_UP', 'DECLINE', 'QUEUE'] as const;
export type DecisionAction = (typeof decisionActionSymbols)[number];
/** Where a public record stands in the log: immutable evidence. */
export interface OriginOffset {
  readonly topic: string;
  readonly partition: number;
  /** Decimal digits. */
  readonly offset: string;
  /** kafka_offset on every weir bus. */
  readonly offset_kind: string;
}
/** The traffic event decided. */
export interface SourceEvent {
  readonly event_id: string;
  readonly event_type: string;
  readonly ts_utc_micros: number;
  readonly origin_offset: OriginOffset;
}
/** The traffic facts a decision is computed from, after the inlet. */
export interface DecisionSubject {
  readonly flow_id: string;
  readonly event_seq: number;
  /** AUTH_REQUEST, ... */
  readonly event_type: string;
  /** Minor units. */
  readonly amount_minor: number;
}
/** Role of a public record in a decision. */
export const contextRoleSymbols = ['traffic', 'flow_anchor', 'arrival_events', 'arrival_entities'] as const;
export type ContextRole = (typeof contextRoleSymbols)[number];
/** A public record the decision rests on. */
export interface ContextRef {
  readonly role: ContextRole;
  readonly event_id: string;
  readonly event_type: string;
  readonly origin_offset: OriginOffset;
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
/** A model bundle by name. */
export interface BundleRef {
  /** hex64; 64 zeros when failing closed without a bundle. */
  readonly bundle_id: string;
  readonly bundle_version: string;
  readonly registry_ref: string;
}
/** Result of bundle resolution. */
export const resolutionOutcomeSymbols = ['RESOLVED', 'SAFE_FALLBACK', 'FAIL_CLOSED'] as const;
export type ResolutionOutcome = (typeof resolutionOutcomeSymbols)[number];
/** How the bundle was found. */
export interface BundleResolution {
  readonly outcome: ResolutionOutcome;
  /** environment|mode|bundle_slot|tenant of the record used; empty when none. */
  readonly scope: string;
  readonly reason_codes: readonly string[];
}
/** One model stage: what it answered, or why it was skipped. */
export interface ModelStage {
  /** primary or stage2. */
  readonly stage: string;
  /** ok, or skipped:<reason>. */
  readonly outcome: string;
  /** Rounded to 1e-6. */
  readonly score: null | number;
}
/** An entity whose features were asked for. */
export interface SnapshotKey {
  readonly entity: string;
  readonly id: string;
}
/** Why a value is null. */
export interface SnapshotGap {
  /** Into values. */
  readonly index: number;
  readonly code: string;
}
/** The features served to one decision; snapshot_hash is sha256 of this record's Avro bytes. */
export interface Snapshot {
  /** weir.snapshot.v1 */
  readonly recipe: string;
  readonly keys: readonly SnapshotKey[];
  /** One per feature, in the order of the definition; null has its reason in gaps. */
  readonly values: readonly (null | number)[];
  readonly gaps: readonly SnapshotGap[];
  /** hex64 of the feature definition set. */
  readonly definition_hash: string;
}
/** A feature definition set by name. */
export interface FeatureSetRef {
  readonly id: string;
  readonly version: string;
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
/** Position-like facts: outside content, ids and snapshot_hash. */
export interface DecisionStamps {
  readonly graph_version: null | GraphVersion;
  readonly applied_offsets: readonly AppliedOffset[];
  readonly posture_seq: number;
  readonly decided_at_ms: number;
  readonly first_seen_ms: number;
  /** Milliseconds past the deadline, 0 when in time. */
  readonly late_ms: number;
  /** decided_at_ms less the record time of the traffic event. */
  readonly latency_ms: number;
  /** Rounds this decision passed through. */
  readonly tasks: readonly TaskSeq[];
  readonly build: string;
  readonly topology_digest: string;
}
/** One decision with its evidence. All but stamps is content: equal for equal input. */
export interface DecisionResponse {
  /** hex64, from decision_id. */
  readonly event_id: string;
  /** hex32. */
  readonly decision_id: string;
  /** Scope, e.g. fraud.primary. */
  readonly decision_kind: string;
  readonly action: DecisionAction;
  /** The score the action rests on, rounded to 1e-6. */
  readonly score: null | number;
  readonly reason_codes: readonly string[];
  readonly source_event: SourceEvent;
  readonly subject: DecisionSubject;
  /** CONTEXT_READY, CONTEXT_MISSING, ... */
  readonly context_status: string;
  /** All roles that were there, traffic first. */
  readonly context_refs: readonly ContextRef[];
  readonly pins: Pins;
  readonly bundle_ref: BundleRef;
  readonly resolution: BundleResolution;
  readonly stages: readonly ModelStage[];
  /** hex64; null when nothing was served, with a reason code. */
  readonly snapshot_hash: null | string;
  readonly snapshot: null | Snapshot;
  readonly feature_set: null | FeatureSetRef;
  readonly degrade_posture: DecisionPosture;
  /** Guardrail and action policy. */
  readonly policy_rev: PolicyRev;
  readonly run_config_digest: string;
  readonly stamps: DecisionStamps;
}
/** Who asks. */
export const intentOriginSymbols = ['DF', 'CASE', 'HUMAN', 'OPS'] as const;
export type IntentOrigin = (typeof intentOriginSymbols)[number];
/** Position-like facts. */
export interface IntentStamps {
  readonly requested_at_ms: number;
}
/** What a decision asks the actions layer to do; keyed by decision. */
export interface ActionIntent {
  /** hex64, from idempotency_key. */
  readonly event_id: string;
  /** hex32. */
  readonly action_id: string;
  /** hex32. */
  readonly decision_id: string;
  /** Action vocabulary v1. */
  readonly action_kind: string;
  /** hex64, from decision_id and action_kind. */
  readonly idempotency_key: string;
  readonly actor_principal: string;
  readonly origin: IntentOrigin;
  readonly pins: Pins;
  readonly policy_rev: PolicyRev;
  readonly run_config_digest: string;
  /** decision:<id>, case:<id>, ... */
  readonly reason_ref: string;
  /** Canonical JSON text of an object. */
  readonly action_payload: string;
  readonly stamps: IntentStamps;
}
export type RtdlRecord = { readonly 'weir.DecisionResponse': DecisionResponse } | { readonly 'weir.ActionIntent': ActionIntent };
export const rtdlRecordSchema =
  '[{"type":"record","name":"DecisionResponse","namespace":"weir","doc":"One decision with its evidence. All but stamps is content: equal for equal input.","fields":[{"name":"event_id","type":"string","doc":"hex64, from decision_id."},{"name":"decision_id","type":"string","doc":"hex32."},{"name":"decision_kind","type":"string","doc":"Scope, e.g. fraud.primary."},{"name":"action","type":{"type":"enum","name":"DecisionAction","namespace":"weir","doc":"Action vocabulary v1 of decisions.","symbols":["APPROVE","STEP_UP","DECLINE","QUEUE"]}},{"name":"score","type":["null","double"],"doc":"The score the action rests on, rounded to 1e-6.","default":null},{"name":"reason_codes","type":{"type":"array","items":"string"}},{"name":"source_event","type":{"type":"record","name":"SourceEvent","namespace":"weir","doc":"The traffic event decided.","fields":[{"name":"event_id","type":"string"},{"name":"event_type","type":"string"},{"name":"ts_utc_micros","type":{"type":"long","logicalType":"timestamp-micros"}},{"name":"origin_offset","type":{"type":"record","name":"OriginOffset","namespace":"weir","doc":"Where a public record stands in the log: immutable evidence.","fields":[{"name":"topic","type":"string"},{"name":"partition","type":"int"},{"name":"offset","type":"string","doc":"Decimal digits."},{"name":"offset_kind","type":"string","doc":"kafka_offset on every weir bus."}]}}]}},{"name":"subject","type":{"type":"record","name":"DecisionSubject","namespace":"weir","doc":"The traffic facts a decision is computed from, after the inlet.","fields":[{"name":"flow_id","type":"string"},{"name":"event_seq","type":"long"},{"name":"event_type","type":"string","doc":"AUTH_REQUEST, ..."},{"name":"amount_minor","type":"long","doc":"Minor units."}]}},{"name":"context_status","type":"string","doc":"CONTEXT_READY, CONTEXT_MISSING, ..."},{"name":"context_refs","type":{"type":"array","items":{"type":"record","name":"ContextRef","namespace":"weir","doc":"A public record the decision rests on.","fields":[{"name":"role","type":{"type":"enum","name":"ContextRole","namespace":"weir","doc":"Role of a public record in a decision.","symbols":["traffic","flow_anchor","arrival_events","arrival_entities"]}},{"name":"event_id","type":"string"},{"name":"event_type","type":"string"},{"name":"origin_offset","type":"weir.OriginOffset"}]}},"doc":"All roles that were there, traffic first."},{"name":"pins","type":{"type":"record","name":"Pins","namespace":"weir","doc":"The run a record belongs to.","fields":[{"name":"platform_run_id","type":"string"},{"name":"scenario_run_id","type":"string"},{"name":"scenario_id","type":"string"},{"name":"manifest_fingerprint","type":"string"},{"name":"parameter_hash","type":"string"},{"name":"seed","type":"string","doc":"uint64 in decimal digits."}]}},{"name":"bundle_ref","type":{"type":"record","name":"BundleRef","namespace":"weir","doc":"A model bundle by name.","fields":[{"name":"bundle_id","type":"string","doc":"hex64; 64 zeros when failing closed without a bundle."},{"name":"bundle_version","type":"string"},{"name":"registry_ref","type":"string"}]}},{"name":"resolution","type":{"type":"record","name":"BundleResolution","namespace":"weir","doc":"How the bundle was found.","fields":[{"name":"outcome","type":{"type":"enum","name":"ResolutionOutcome","namespace":"weir","doc":"Result of bundle resolution.","symbols":["RESOLVED","SAFE_FALLBACK","FAIL_CLOSED"]}},{"name":"scope","type":"string","doc":"environment|mode|bundle_slot|tenant of the record used; empty when none."},{"name":"reason_codes","type":{"type":"array","items":"string"}}]}},{"name":"stages","type":{"type":"array","items":{"type":"record","name":"ModelStage","namespace":"weir","doc":"One model stage: what it answered, or why it was skipped.","fields":[{"name":"stage","type":"string","doc":"primary or stage2."},{"name":"outcome","type":"string","doc":"ok, or skipped:<reason>."},{"name":"score","type":["null","double"],"doc":"Rounded to 1e-6.","default":null}]}}},{"name":"snapshot_hash","type":["null","string"],"doc":"hex64; null when nothing was served, with a reason code.","default":null},{"name":"snapshot","type":["null",{"type":"record","name":"Snapshot","namespace":"weir","doc":"The features served to one decision; snapshot_hash is sha256 of this record\'s Avro bytes.","fields":[{"name":"recipe","type":"string","doc":"weir.snapshot.v1"},{"name":"keys","type":{"type":"array","items":{"type":"record","name":"SnapshotKey","namespace":"weir","doc":"An entity whose features were asked for.","fields":[{"name":"entity","type":"string"},{"name":"id","type":"string"}]}}},{"name":"values","type":{"type":"array","items":["null","double"]},"doc":"One per feature, in the order of the definition; null has its reason in gaps."},{"name":"gaps","type":{"type":"array","items":{"type":"record","name":"SnapshotGap","namespace":"weir","doc":"Why a value is null.","fields":[{"name":"index","type":"int","doc":"Into values."},{"name":"code","type":"string"}]}}},{"name":"definition_hash","type":"string","doc":"hex64 of the feature definition set."}]}],"default":null},{"name":"feature_set","type":["null",{"type":"record","name":"FeatureSetRef","namespace":"weir","doc":"A feature definition set by name.","fields":[{"name":"id","type":"string"},{"name":"version","type":"string"}]}],"default":null},{"name":"degrade_posture","type":{"type":"record","name":"DecisionPosture","namespace":"weir","doc":"The posture a decision was made under, without its sequence number.","fields":[{"name":"mode","type":{"type":"enum","name":"DegradeMode","namespace":"weir","doc":"Rungs of the degrade ladder, best first.","symbols":["NORMAL","DEGRADED_1","DEGRADED_2","FAIL_CLOSED"]}},{"name":"capabilities_mask","type":{"type":"record","name":"CapabilityMask","namespace":"weir","doc":"What a posture lets a decision use.","fields":[{"name":"ieg","type":"boolean","doc":"Identity graph."},{"name":"feature_groups","type":{"type":"array","items":"string"}},{"name":"primary","type":"boolean","doc":"Primary model."},{"name":"stage2","type":"boolean","doc":"Second model."},{"name":"heuristics","type":"boolean"},{"name":"action_posture","type":{"type":"enum","name":"ActionPosture","namespace":"weir","doc":"STEP_UP_ONLY: no approval without a step-up.","symbols":["NORMAL","STEP_UP_ONLY"]}}]}},{"name":"policy_rev","type":{"type":"record","name":"PolicyRev","namespace":"weir","doc":"A revision of a policy.","fields":[{"name":"policy_id","type":"string"},{"name":"revision","type":"string"},{"name":"content_digest","type":"string","doc":"hex64."}]}},{"name":"reason","type":"string"}]}},{"name":"policy_rev","type":"weir.PolicyRev","doc":"Guardrail and action policy."},{"name":"run_config_digest","type":"string"},{"name":"stamps","type":{"type":"record","name":"DecisionStamps","namespace":"weir","doc":"Position-like facts: outside content, ids and snapshot_hash.","fields":[{"name":"graph_version","type":["null",{"type":"record","name":"GraphVersion","namespace":"weir","doc":"How far the identity graph was when asked.","fields":[{"name":"version_id","type":"string","doc":"hex32: the first half of basis_digest."},{"name":"stream","type":"string"},{"name":"basis_digest","type":"string","doc":"hex64."},{"name":"watermark_micros","type":["null",{"type":"long","logicalType":"timestamp-micros"}],"default":null}]}],"default":null},{"name":"applied_offsets","type":{"type":"array","items":{"type":"record","name":"AppliedOffset","namespace":"weir","doc":"The next offset a projection would read.","fields":[{"name":"topic","type":"string"},{"name":"partition","type":"int"},{"name":"next_offset","type":"string","doc":"Decimal digits."}]}}},{"name":"posture_seq","type":"long"},{"name":"decided_at_ms","type":{"type":"long","logicalType":"timestamp-millis"}},{"name":"first_seen_ms","type":{"type":"long","logicalType":"timestamp-millis"}},{"name":"late_ms","type":"long","doc":"Milliseconds past the deadline, 0 when in time."},{"name":"latency_ms","type":"long","doc":"decided_at_ms less the record time of the traffic event."},{"name":"tasks","type":{"type":"array","items":{"type":"record","name":"TaskSeq","namespace":"weir","doc":"A task and the round it was in.","fields":[{"name":"task","type":"string"},{"name":"seq","type":"long"}]}},"doc":"Rounds this decision passed through."},{"name":"build","type":"string"},{"name":"topology_digest","type":"string"}]}}]},{"type":"record","name":"ActionIntent","namespace":"weir","doc":"What a decision asks the actions layer to do; keyed by decision.","fields":[{"name":"event_id","type":"string","doc":"hex64, from idempotency_key."},{"name":"action_id","type":"string","doc":"hex32."},{"name":"decision_id","type":"string","doc":"hex32."},{"name":"action_kind","type":"string","doc":"Action vocabulary v1."},{"name":"idempotency_key","type":"string","doc":"hex64, from decision_id and action_kind."},{"name":"actor_principal","type":"string"},{"name":"origin","type":{"type":"enum","name":"IntentOrigin","namespace":"weir","doc":"Who asks.","symbols":["DF","CASE","HUMAN","OPS"]}},{"name":"pins","type":"weir.Pins"},{"name":"policy_rev","type":"weir.PolicyRev"},{"name":"run_config_digest","type":"string"},{"name":"reason_ref","type":"string","doc":"decision:<id>, case:<id>, ..."},{"name":"action_payload","type":"string","doc":"Canonical JSON text of an object."},{"name":"stamps","type":{"type":"record","name":"IntentStamps","namespace":"weir","doc":"Position-like facts.","fields":[{"name":"requested_at_ms","type":{"type":"long","logicalType":"timestamp-millis"}}]}}]}]';
