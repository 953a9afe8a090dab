// Generated from schemas/avro/registry-record.avsc by scripts/generate-types.mjs; edit that file instead.
/** Life of a bundle. */
export const registryEventTypeSymbols = ['BUNDLE_PUBLISHED', 'BUNDLE_APPROVED', 'BUNDLE_PROMOTED_ACTIVE', 'BUNDLE_ROLLED_BACK', 'BUNDLE_RETIRED'] as const;
export type RegistryEventType = (typeof registryEventTypeSymbols)[number];
/** Where a bundle is in force. */
export interface ScopeKey {
  readonly environment: string;
  readonly mode: string;
  readonly bundle_slot: string;
  /** Null is the global scope. */
  readonly tenant_id: null | string;
}
/** A model bundle by name. */
export interface BundleRef {
  /** hex64; 64 zeros when failing closed without a bundle. */
  readonly bundle_id: string;
  readonly bundle_version: string;
  readonly registry_ref: string;
}
/** The bundle's bytes: what they hash to and where they lie. */
export interface BundleFile {
  /** hex64. */
  readonly sha256: string;
  readonly location: string;
}
/** A feature group and its version. */
export interface FeatureGroupVersion {
  readonly name: string;
  readonly version: string;
}
/** STEP_UP_ONLY: no approval without a step-up. */
export const actionPostureSymbols = ['NORMAL', 'STEP_UP_ONLY'] as const;
export type ActionPosture = (typeof actionPostureSymbols)[number];
/** What the bundle needs. */
export interface BundleCompatibility {
  readonly required_feature_groups: readonly FeatureGroupVersion[];
  /** hex64; empty when any. */
  readonly feature_definition_hash: string;
  readonly input_contract_version: string;
  readonly require_ieg: boolean;
  readonly require_model_primary: boolean;
  readonly require_model_stage2: boolean;
  readonly require_fallback_heuristics: boolean;
  readonly required_action_posture: ActionPosture;
}
/** Who did it, as authenticated. */
export interface Actor {
  readonly actor_id: string;
  readonly source_type: string;
}
/** Evidence by reference. */
export interface EvidenceRef {
  readonly ref_type: string;
  readonly ref_id: string;
  readonly ref_scope: null | string;
}
/** One event in the life of a bundle in a scope. */
export interface RegistryRecord {
  readonly registry_event_id: string;
  readonly event_type: RegistryEventType;
  readonly scope: ScopeKey;
  readonly bundle_ref: BundleRef;
  readonly bundle: BundleFile;
  readonly compatibility: BundleCompatibility;
  /** True: the explicit safe fallback of its scope, not a candidate for ACTIVE. */
  readonly safe_fallback: boolean;
  readonly actor: Actor;
  readonly evidence_refs: readonly EvidenceRef[];
  readonly ts_utc_micros: number;
}
export const registryRecordSchema =
  '{"type":"record","name":"RegistryRecord","namespace":"weir","doc":"One event in the life of a bundle in a scope.","fields":[{"name":"registry_event_id","type":"string"},{"name":"event_type","type":{"type":"enum","name":"RegistryEventType","namespace":"weir","doc":"Life of a bundle.","symbols":["BUNDLE_PUBLISHED","BUNDLE_APPROVED","BUNDLE_PROMOTED_ACTIVE","BUNDLE_ROLLED_BACK","BUNDLE_RETIRED"]}},{"name":"scope","type":{"type":"record","name":"ScopeKey","namespace":"weir","doc":"Where a bundle is in force.","fields":[{"name":"environment","type":"string"},{"name":"mode","type":"string"},{"name":"bundle_slot","type":"string"},{"name":"tenant_id","type":["null","string"],"doc":"Null is the global scope.","default":null}]}},{"name":"bundle_ref","type":{"type":"record","name":"BundleRef","namespace":"weir","doc":"A model bundle by name.","fields":[{"name":"bundle_id","type":"string","doc":"hex64; 64 zeros when failing closed without a bundle."},{"name":"bundle_version","type":"string"},{"name":"registry_ref","type":"string"}]}},{"name":"bundle","type":{"type":"record","name":"BundleFile","namespace":"weir","doc":"The bundle\'s bytes: what they hash to and where they lie.","fields":[{"name":"sha256","type":"string","doc":"hex64."},{"name":"location","type":"string"}]}},{"name":"compatibility","type":{"type":"record","name":"BundleCompatibility","namespace":"weir","doc":"What the bundle needs.","fields":[{"name":"required_feature_groups","type":{"type":"array","items":{"type":"record","name":"FeatureGroupVersion","namespace":"weir","doc":"A feature group and its version.","fields":[{"name":"name","type":"string"},{"name":"version","type":"string"}]}}},{"name":"feature_definition_hash","type":"string","doc":"hex64; empty when any."},{"name":"input_contract_version","type":"string"},{"name":"require_ieg","type":"boolean"},{"name":"require_model_primary","type":"boolean"},{"name":"require_model_stage2","type":"boolean"},{"name":"require_fallback_heuristics","type":"boolean"},{"name":"required_action_posture","type":{"type":"enum","name":"ActionPosture","namespace":"weir","doc":"STEP_UP_ONLY: no approval without a step-up.","symbols":["NORMAL","STEP_UP_ONLY"]}}]}},{"name":"safe_fallback","type":"boolean","doc":"True: the explicit safe fallback of its scope, not a candidate for ACTIVE.","default":false},{"name":"actor","type":{"type":"record","name":"Actor","namespace":"weir","doc":"Who did it, as authenticated.","fields":[{"name":"actor_id","type":"string"},{"name":"source_type","type":"string"}]}},{"name":"evidence_refs","type":{"type":"array","items":{"type":"record","name":"EvidenceRef","namespace":"weir","doc":"Evidence by reference.","fields":[{"name":"ref_type","type":"string"},{"name":"ref_id","type":"string"},{"name":"ref_scope","type":["null","string"],"default":null}]}}},{"name":"ts_utc_micros","type":{"type":"long","logicalType":"timestamp-micros"}}]}';
