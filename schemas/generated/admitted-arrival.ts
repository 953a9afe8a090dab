// Generated from schemas/avro/admitted-arrival.avsc by scripts/generate-types.mjs; edit that file instead.
/** Class of the event, from the class map (never the producer's word). */
export const arrivalClassSymbols = ['context_arrival'] as const;
export type ArrivalClass = (typeof arrivalClassSymbols)[number];
/** arrival_events_5B. seed, manifest_fingerprint, parameter_hash and scenario_id of the payload are equal to the envelope's (PINS_MISMATCH otherwise) and not repeated. */
export interface ArrivalPayload {
  /** uint64 from 1, decimal digits. */
  readonly merchant_id: string;
  /** From 1. */
  readonly arrival_seq: number;
  readonly ts_utc_micros: number;
  readonly zone_representation: string;
  readonly bucket_index: number;
  readonly tzid_primary: string;
  /** Local time with 6 fraction digits, no zone. */
  readonly ts_local_primary: string;
  readonly is_virtual: boolean;
  readonly channel_group: null | string;
  readonly tzid_settlement: null | string;
  readonly ts_local_settlement: null | string;
  readonly tzid_operational: null | string;
  readonly ts_local_operational: null | string;
  /** uint64 from 1, decimal digits. */
  readonly site_id: null | string;
  /** uint64 from 1, decimal digits. */
  readonly edge_id: null | string;
  /** hex64. */
  readonly routing_universe_hash: null | string;
  readonly lambda_realised: null | number;
  readonly s4_spec_version: null | string;
  /** Canonical JSON text of undeclared fields, and of optional declared fields that were sent as null (a null field here means absent). */
  readonly extra: Readonly<Record<string, string>>;
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
/** An admitted arrival, on fp.bus.context.arrival_events.v1. */
export interface AdmittedArrival {
  /** 1 to 256 characters; hex64 for engine outputs. */
  readonly event_id: string;
  readonly event_class: ArrivalClass;
  /** Engine output id, e.g. arrival_events_5B. */
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
  readonly payload: ArrivalPayload;
  readonly parent_event_id: null | string;
  readonly emitted_at_utc_micros: null | number;
  readonly trace_id: null | string;
  readonly span_id: null | string;
  readonly producer: null | string;
  readonly origin: null | AdmissionOrigin;
}
export const admittedArrivalSchema =
  '{"type":"record","name":"AdmittedArrival","namespace":"weir","doc":"An admitted arrival, on fp.bus.context.arrival_events.v1.","fields":[{"name":"event_id","type":"string","doc":"1 to 256 characters; hex64 for engine outputs."},{"name":"event_class","type":{"type":"enum","name":"ArrivalClass","namespace":"weir","doc":"Class of the event, from the class map (never the producer\'s word).","symbols":["context_arrival"]}},{"name":"event_type","type":"string","doc":"Engine output id, e.g. arrival_events_5B."},{"name":"schema_version","type":"string","doc":"Exactly v1."},{"name":"ts_utc_micros","type":{"type":"long","logicalType":"timestamp-micros"},"doc":"Event time; ts_utc of the envelope as microseconds since 1970."},{"name":"platform_run_id","type":"string"},{"name":"scenario_run_id","type":"string","doc":"hex32."},{"name":"run_id","type":"string","doc":"hex32; equal to scenario_run_id in the engine\'s outputs."},{"name":"manifest_fingerprint","type":"string","doc":"hex64."},{"name":"parameter_hash","type":"string","doc":"hex64."},{"name":"scenario_id","type":"string","doc":"Decimal digits when scenario_id_integer."},{"name":"scenario_id_integer","type":"boolean","doc":"True when the envelope spelled scenario_id as an integer.","default":false},{"name":"seed","type":"string","doc":"uint64 in decimal digits."},{"name":"payload_hash","type":{"type":"fixed","name":"Sha256","namespace":"weir","size":32},"doc":"payload_hash v1 computed at admission: sha256 over the canonical text of event_type, schema_version, payload."},{"name":"payload","type":{"type":"record","name":"ArrivalPayload","namespace":"weir","doc":"arrival_events_5B. seed, manifest_fingerprint, parameter_hash and scenario_id of the payload are equal to the envelope\'s (PINS_MISMATCH otherwise) and not repeated.","fields":[{"name":"merchant_id","type":"string","doc":"uint64 from 1, decimal digits."},{"name":"arrival_seq","type":"long","doc":"From 1."},{"name":"ts_utc_micros","type":{"type":"long","logicalType":"timestamp-micros"}},{"name":"zone_representation","type":"string"},{"name":"bucket_index","type":"long"},{"name":"tzid_primary","type":"string"},{"name":"ts_local_primary","type":"string","doc":"Local time with 6 fraction digits, no zone."},{"name":"is_virtual","type":"boolean"},{"name":"channel_group","type":["null","string"],"default":null},{"name":"tzid_settlement","type":["null","string"],"default":null},{"name":"ts_local_settlement","type":["null","string"],"default":null},{"name":"tzid_operational","type":["null","string"],"default":null},{"name":"ts_local_operational","type":["null","string"],"default":null},{"name":"site_id","type":["null","string"],"doc":"uint64 from 1, decimal digits.","default":null},{"name":"edge_id","type":["null","string"],"doc":"uint64 from 1, decimal digits.","default":null},{"name":"routing_universe_hash","type":["null","string"],"doc":"hex64.","default":null},{"name":"lambda_realised","type":["null","double"],"default":null},{"name":"s4_spec_version","type":["null","string"],"default":null},{"name":"extra","type":{"type":"map","values":"string"},"doc":"Canonical JSON text of undeclared fields, and of optional declared fields that were sent as null (a null field here means absent).","default":{}}]}},{"name":"parent_event_id","type":["null","string"],"default":null},{"name":"emitted_at_utc_micros","type":["null",{"type":"long","logicalType":"timestamp-micros"}],"default":null},{"name":"trace_id","type":["null","string"],"default":null},{"name":"span_id","type":["null","string"],"default":null},{"name":"producer","type":["null","string"],"default":null},{"name":"origin","type":["null",{"type":"record","name":"AdmissionOrigin","namespace":"weir","doc":"Where an admitted event came from; evidence for people, in no hash.","fields":[{"name":"source","type":"string","doc":"What admitted it: gate, import, world, produce."},{"name":"reference","type":"string","doc":"Digest of the file and map, or the authenticated principal."},{"name":"row","type":["null","long"],"doc":"Line of the imported file, from 1.","default":null}]}],"default":null}]}';
