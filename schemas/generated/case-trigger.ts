// Generated from schemas/avro/case-trigger.avsc by scripts/generate-types.mjs; edit that file instead.
/** Why a case is opened or extended. */
export const caseTriggerTypeSymbols = ['DECISION_ESCALATION', 'ACTION_FAILURE', 'ANOMALY', 'EXTERNAL_SIGNAL', 'MANUAL_ASSERTION'] as const;
export type CaseTriggerType = (typeof caseTriggerTypeSymbols)[number];
/** The traffic event the case is about. */
export interface CaseSubjectKey {
  readonly platform_run_id: string;
  readonly event_class: string;
  readonly event_id: string;
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
/** Evidence by reference. */
export interface EvidenceRef {
  readonly ref_type: string;
  readonly ref_id: string;
  readonly ref_scope: null | string;
}
/** Something worth a person's review, on fp.bus.case.triggers.v1. */
export interface CaseTrigger {
  /** hex32. */
  readonly case_id: string;
  /** hex32. */
  readonly case_trigger_id: string;
  readonly trigger_type: CaseTriggerType;
  readonly source_ref_id: string;
  readonly case_subject_key: CaseSubjectKey;
  readonly pins: Pins;
  readonly observed_time_micros: number;
  readonly evidence_refs: readonly EvidenceRef[];
  /** hex64. */
  readonly payload_hash: string;
  /** Canonical JSON text. */
  readonly trigger_payload: string;
}
export const caseTriggerSchema =
  '{"type":"record","name":"CaseTrigger","namespace":"weir","doc":"Something worth a person\'s review, on fp.bus.case.triggers.v1.","fields":[{"name":"case_id","type":"string","doc":"hex32."},{"name":"case_trigger_id","type":"string","doc":"hex32."},{"name":"trigger_type","type":{"type":"enum","name":"CaseTriggerType","namespace":"weir","doc":"Why a case is opened or extended.","symbols":["DECISION_ESCALATION","ACTION_FAILURE","ANOMALY","EXTERNAL_SIGNAL","MANUAL_ASSERTION"]}},{"name":"source_ref_id","type":"string"},{"name":"case_subject_key","type":{"type":"record","name":"CaseSubjectKey","namespace":"weir","doc":"The traffic event the case is about.","fields":[{"name":"platform_run_id","type":"string"},{"name":"event_class","type":"string"},{"name":"event_id","type":"string"}]}},{"name":"pins","type":{"type":"record","name":"Pins","namespace":"weir","doc":"The run a record belongs to.","fields":[{"name":"platform_run_id","type":"string"},{"name":"scenario_run_id","type":"string"},{"name":"scenario_id","type":"string"},{"name":"manifest_fingerprint","type":"string"},{"name":"parameter_hash","type":"string"},{"name":"seed","type":"string","doc":"uint64 in decimal digits."}]}},{"name":"observed_time_micros","type":{"type":"long","logicalType":"timestamp-micros"}},{"name":"evidence_refs","type":{"type":"array","items":{"type":"record","name":"EvidenceRef","namespace":"weir","doc":"Evidence by reference.","fields":[{"name":"ref_type","type":"string"},{"name":"ref_id","type":"string"},{"name":"ref_scope","type":["null","string"],"default":null}]}}},{"name":"payload_hash","type":"string","doc":"hex64."},{"name":"trigger_payload","type":"string","doc":"Canonical JSON text."}]}';
