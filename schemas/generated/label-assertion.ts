// Generated from schemas/avro/label-assertion.avsc by scripts/generate-types.mjs; edit that file instead.
/** The traffic event labelled. */
export interface LabelSubjectKey {
  readonly platform_run_id: string;
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
/** Who says so; HUMAN ranks above EXTERNAL, above AUTO and SYSTEM. */
export const labelSourceSymbols = ['HUMAN', 'EXTERNAL', 'AUTO', 'SYSTEM'] as const;
export type LabelSource = (typeof labelSourceSymbols)[number];
/** Evidence by reference. */
export interface EvidenceRef {
  readonly ref_type: string;
  readonly ref_id: string;
  readonly ref_scope: null | string;
}
/** What someone says is true of a traffic event, on fp.bus.labels.v1. */
export interface LabelAssertion {
  /** hex32. */
  readonly label_assertion_id: string;
  readonly case_timeline_event_id: string;
  readonly label_subject_key: LabelSubjectKey;
  readonly pins: Pins;
  /** fraud_disposition, chargeback_status, account_takeover. */
  readonly label_type: string;
  readonly label_value: string;
  readonly effective_time_micros: number;
  /** Fixed at first creation; a label counts for e iff this is at or before ts(e). */
  readonly observed_time_micros: number;
  readonly source_type: LabelSource;
  /** Required for HUMAN. */
  readonly actor_id: null | string;
  readonly evidence_refs: readonly EvidenceRef[];
  /** hex64. */
  readonly payload_hash: string;
  /** Canonical JSON text; hashed when there. */
  readonly label_payload: null | string;
}
export const labelAssertionSchema =
  '{"type":"record","name":"LabelAssertion","namespace":"weir","doc":"What someone says is true of a traffic event, on fp.bus.labels.v1.","fields":[{"name":"label_assertion_id","type":"string","doc":"hex32."},{"name":"case_timeline_event_id","type":"string"},{"name":"label_subject_key","type":{"type":"record","name":"LabelSubjectKey","namespace":"weir","doc":"The traffic event labelled.","fields":[{"name":"platform_run_id","type":"string"},{"name":"event_id","type":"string"}]}},{"name":"pins","type":{"type":"record","name":"Pins","namespace":"weir","doc":"The run a record belongs to.","fields":[{"name":"platform_run_id","type":"string"},{"name":"scenario_run_id","type":"string"},{"name":"scenario_id","type":"string"},{"name":"manifest_fingerprint","type":"string"},{"name":"parameter_hash","type":"string"},{"name":"seed","type":"string","doc":"uint64 in decimal digits."}]}},{"name":"label_type","type":"string","doc":"fraud_disposition, chargeback_status, account_takeover."},{"name":"label_value","type":"string"},{"name":"effective_time_micros","type":{"type":"long","logicalType":"timestamp-micros"}},{"name":"observed_time_micros","type":{"type":"long","logicalType":"timestamp-micros"},"doc":"Fixed at first creation; a label counts for e iff this is at or before ts(e)."},{"name":"source_type","type":{"type":"enum","name":"LabelSource","namespace":"weir","doc":"Who says so; HUMAN ranks above EXTERNAL, above AUTO and SYSTEM.","symbols":["HUMAN","EXTERNAL","AUTO","SYSTEM"]}},{"name":"actor_id","type":["null","string"],"doc":"Required for HUMAN.","default":null},{"name":"evidence_refs","type":{"type":"array","items":{"type":"record","name":"EvidenceRef","namespace":"weir","doc":"Evidence by reference.","fields":[{"name":"ref_type","type":"string"},{"name":"ref_id","type":"string"},{"name":"ref_scope","type":["null","string"],"default":null}]}}},{"name":"payload_hash","type":"string","doc":"hex64."},{"name":"label_payload","type":["null","string"],"doc":"Canonical JSON text; hashed when there.","default":null}]}';
