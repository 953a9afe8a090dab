// Generated from schemas/avro/ready-signal.avsc by scripts/generate-types.mjs; edit that file instead.
/** A run's facts are complete and may be streamed, on fp.bus.control.v1. */
export interface ReadySignal {
  /** hex64. */
  readonly message_id: string;
  readonly run_id: string;
  readonly platform_run_id: string;
  readonly scenario_run_id: string;
  readonly facts_view_ref: string;
  readonly bundle_hash: string;
  readonly run_config_digest: string;
  readonly manifest_fingerprint: string;
  readonly parameter_hash: string;
  readonly scenario_id: string;
  readonly service_release_id: null | string;
  readonly environment: null | string;
  readonly emitted_at_utc_micros: null | number;
  readonly oracle_pack_ref: null | string;
}
export const readySignalSchema =
  '{"type":"record","name":"ReadySignal","namespace":"weir","doc":"A run\'s facts are complete and may be streamed, on fp.bus.control.v1.","fields":[{"name":"message_id","type":"string","doc":"hex64."},{"name":"run_id","type":"string"},{"name":"platform_run_id","type":"string"},{"name":"scenario_run_id","type":"string"},{"name":"facts_view_ref","type":"string"},{"name":"bundle_hash","type":"string"},{"name":"run_config_digest","type":"string"},{"name":"manifest_fingerprint","type":"string"},{"name":"parameter_hash","type":"string"},{"name":"scenario_id","type":"string"},{"name":"service_release_id","type":["null","string"],"default":null},{"name":"environment","type":["null","string"],"default":null},{"name":"emitted_at_utc_micros","type":["null",{"type":"long","logicalType":"timestamp-micros"}],"default":null},{"name":"oracle_pack_ref","type":["null","string"],"default":null}]}';
