// Generated from schemas/avro/health.avsc by scripts/generate-types.mjs; edit that file instead.
/** State of a signal. */
export const healthStateSymbols = ['OK', 'STALE', 'MISSING', 'ERROR'] as const;
export type HealthState = (typeof healthStateSymbols)[number];
/** One measured health signal. */
export interface Health {
  /** ofp_health, ieg_health, eb_consumer_lag, registry_health, posture_store_health, control_publish_health. */
  readonly signal: string;
  readonly state: HealthState;
  readonly observed_at_ms: number;
  /** What was measured, in unit. */
  readonly value: null | number;
  /** What it may be at most, in unit. */
  readonly budget: null | number;
  readonly unit: string;
  readonly detail: string;
  /** Process that measured. */
  readonly source: string;
}
export const healthSchema =
  '{"type":"record","name":"Health","namespace":"weir","doc":"One measured health signal.","fields":[{"name":"signal","type":"string","doc":"ofp_health, ieg_health, eb_consumer_lag, registry_health, posture_store_health, control_publish_health."},{"name":"state","type":{"type":"enum","name":"HealthState","namespace":"weir","doc":"State of a signal.","symbols":["OK","STALE","MISSING","ERROR"]}},{"name":"observed_at_ms","type":{"type":"long","logicalType":"timestamp-millis"}},{"name":"value","type":["null","double"],"doc":"What was measured, in unit.","default":null},{"name":"budget","type":["null","double"],"doc":"What it may be at most, in unit.","default":null},{"name":"unit","type":"string"},{"name":"detail","type":"string"},{"name":"source","type":"string","doc":"Process that measured."}]}';
