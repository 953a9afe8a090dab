// Generated from schemas/avro/admitted-flow-anchor.avsc by scripts/generate-types.mjs; edit that file instead.
/** Class of the event, from the class map (never the producer's word). */
export const flowAnchorClassSymbols = ['context_flow_fraud', 'context_flow_baseline'] as const;
export type FlowAnchorClass = (typeof flowAnchorClassSymbols)[number];
/** s3_flow_anchor_with_fraud_6B or s2_flow_anchor_baseline_6B. seed, manifest_fingerprint, parameter_hash and scenario_id of the payload are equal to the envelope's (PINS_MISMATCH otherwise) and not repeated. */
export interface FlowAnchorPayload {
  /** Decimal digits. */
  readonly flow_id: string;
  /** Decimal digits. */
  readonly merchant_id: string;
  readonly arrival_seq: number;
  readonly ts_utc_micros: number;
  /** Decimal digits. */
  readonly party_id: string;
  /** Decimal digits. */
  readonly account_id: string;
  /** Decimal digits. */
  readonly instrument_id: string;
  /** Decimal digits. */
  readonly device_id: string;
  /** Decimal digits. */
  readonly ip_id: string;
  /** As the producer wrote it; minor units from the inlet on. */
  readonly amount: number;
  /** Ground truth: for the offline comparator only. Null in baseline outputs, which do not have it. */
  readonly fraud_flag: null | boolean;
  /** Ground truth: for the offline comparator only. Null means null in fraud outputs, absent in baseline ones. */
  readonly campaign_id: null | string;
}
/** Where an admitted event came from; evidence for people, in no hash. */
export interface AdmissionOrigin {
  /** What admitted it: gate, import, world, produce. */
  readonly source: string;
  /** Digest of the file and map, or the authenticated principal. */
  readonly reference: string;
  /** Line of the imported file, from 1. */
  readonly row: null | number;
}
/** The anchor that binds a flow to its arrival, on fp.bus.context.flow_anchor.{fraud,baseline}.v1. */
export interface AdmittedFlowAnchor {
  /** 1 to 256 characters; hex64 for engine outputs. */
  readonly event_id: string;
  readonly event_class: FlowAnchorClass;
  /** Engine output id, e.g. s3_flow_anchor_with_fraud_6B. */
  readonly event_type: string;
  /** Exactly v1. */
  readonly schema_version: string;
  /** Event time; ts_utc of the envelope as microseconds since 1970. */
  readonly ts_utc_micros: number;
  readonly platform_run_id: string;
  /** hex32. */
  readonly scenario_run_id: string;
  /** hex32; equal to scenario_run_id in the engine's outputs. */
  readonly run_id: string;
  /** hex64. */
  readonly manifest_fingerprint: string;
  /** hex64. */
  readonly parameter_hash: string;
  /** Decimal digits when scenario_id_integer. */
  readonly scenario_id: string;
  /** True when the envelope spelled scenario_id as an integer. */
  readonly scenario_id_integer: boolean;
  /** uint64 in decimal digits. */
  readonly seed: string;
  /** payload_hash v1 computed at admission: sha256 over the canonical text of event_type, schema_version, payload. */
  readonly payload_hash: Buffer;
  readonly payload: FlowAnchorPayload;
  readonly parent_event_id: null | string;
  readonly emitted_at_utc_micros: null | number;
  readonly trace_id: null | string;
  readonly span_id: null | string;
  readonly producer: null | string;
  readonly origin: null | AdmissionOrigin;
}
export const admittedFlowAnchorSchema =
  '{"type":"record","name":"AdmittedFlowAnchor","namespace":"weir","doc":"The anchor that binds a flow to its arrival, on fp.bus.context.flow_anchor.{fraud,baseline}.v1.","fields":[{"name":"event_id","type":"string","doc":"1 to 256 characters; hex64 for engine outputs."},{"name":"event_class","type":{"type":"enum","name":"FlowAnchorClass","namespace":"weir","doc":"Class of the event, from the class map (never the producer\'s word).","symbols":["context_flow_fraud","context_flow_baseline"]}},{"name":"event_type","type":"string","doc":"Engine output id, e.g. s3_flow_anchor_with_fraud_6B."},{"name":"schema_version","type":"string","doc":"Exactly v1."},{"name":"ts_utc_micros","type":{"type":"long","logicalType":"timestamp-micros"},"doc":"Event time; ts_utc of the envelope as microseconds since 1970."},{"name":"platform_run_id","type":"string"},{"name":"scenario_run_id","type":"string","doc":"hex32."},{"name":"run_id","type":"string","doc":"hex32; equal to scenario_run_id in the engine\'s outputs."},{"name":"manifest_fingerprint","type":"string","doc":"hex64."},{"name":"parameter_hash","type":"string","doc":"hex64."},{"name":"scenario_id","type":"string","doc":"Decimal digits when scenario_id_integer."},{"name":"scenario_id_integer","type":"boolean","doc":"True when the envelope spelled scenario_id as an integer.","default":false},{"name":"seed","type":"string","doc":"uint64 in decimal digits."},{"name":"payload_hash","type":{"type":"fixed","name":"Sha256","namespace":"weir","size":32},"doc":"payload_hash v1 computed at admission: sha256 over the canonical text of event_type, schema_version, payload."},{"name":"payload","type":{"type":"record","name":"FlowAnchorPayload","namespace":"weir","doc":"s3_flow_anchor_with_fraud_6B or s2_flow_anchor_baseline_6B. seed, manifest_fingerprint, parameter_hash and scenario_id of the payload are equal to the envelope\'s (PINS_MISMATCH otherwise) and not repeated.","fields":[{"name":"flow_id","type":"string","doc":"Decimal digits."},{"name":"merchant_id","type":"string","doc":"Decimal digits."},{"name":"arrival_seq","type":"long"},{"name":"ts_utc_micros","type":{"type":"long","logicalType":"timestamp-micros"}},{"name":"party_id","type":"string","doc":"Decimal digits."},{"name":"account_id","type":"string","doc":"Decimal digits."},{"name":"instrument_id","type":"string","doc":"Decimal digits."},{"name":"device_id","type":"string","doc":"Decimal digits."},{"name":"ip_id","type":"string","doc":"Decimal digits."},{"name":"amount","type":"double","doc":"As the producer wrote it; minor units from the inlet on."},{"name":"fraud_flag","type":["null","boolean"],"doc":"Ground truth: for the offline comparator only. Null in baseline outputs, which do not have it.","default":null},{"name":"campaign_id","type":["null","string"],"doc":"Ground truth: for the offline comparator only. Null means null in fraud outputs, absent in baseline ones.","default":null}]}},{"name":"parent_event_id","type":["null","string"],"default":null},{"name":"emitted_at_utc_micros","type":["null",{"type":"long","logicalType":"timestamp-micros"}],"default":null},{"name":"trace_id","type":["null","string"],"default":null},{"name":"span_id","type":["null","string"],"default":null},{"name":"producer","type":["null","string"],"default":null},{"name":"origin","type":["null",{"type":"record","name":"AdmissionOrigin","namespace":"weir","doc":"Where an admitted event came from; evidence for people, in no hash.","fields":[{"name":"source","type":"string","doc":"What admitted it: gate, import, world, produce."},{"name":"reference","type":"string","doc":"Digest of the file and map, or the authenticated principal."},{"name":"row","type":["null","long"],"doc":"Line of the imported file, from 1.","default":null}]}],"default":null}]}';
