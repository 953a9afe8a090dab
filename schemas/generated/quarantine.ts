// Generated from schemas/avro/quarantine.avsc by scripts/generate-types.mjs; edit that file instead.
/** A record header. */
export interface QuarantineHeader {
  readonly name: string;
  readonly value: Buffer;
}
/** A record that could not be processed: its bytes, where it came from, and why. */
export interface Quarantine {
  /** hex32. */
  readonly quarantine_id: string;
  /** A code of schemas/codes.ts; the list is held equal by scripts/generate-types.mjs. */
  readonly code: string;
  /** For people; never compared. */
  readonly message: string;
  readonly topic: string;
  readonly partition: number;
  /** Decimal digits. */
  readonly offset: string;
  /** Record time. */
  readonly time_ms: number;
  readonly key: null | Buffer;
  readonly value: null | Buffer;
  readonly headers: readonly QuarantineHeader[];
  /** Task and operator that diverted it. */
  readonly task: string;
  readonly platform_run_id: null | string;
  /** hex64, when the envelope was readable. */
  readonly dedupe_key: null | string;
  /** hex64 of this record. */
  readonly payload_hash: null | string;
  /** hex64 of the record that stands, for PAYLOAD_HASH_MISMATCH. */
  readonly first_payload_hash: null | string;
}
export const quarantineSchema =
  '{"type":"record","name":"Quarantine","namespace":"weir","doc":"A record that could not be processed: its bytes, where it came from, and why.","fields":[{"name":"quarantine_id","type":"string","doc":"hex32."},{"name":"code","type":"string","doc":"A code of schemas/codes.ts; the list is held equal by scripts/generate-types.mjs.","codes":["USAGE","STEP_FAILED","DECODE_FAILED","ENCODE_FAILED","SCHEMA_UNKNOWN","ENVELOPE_INVALID","PINS_MISSING","PINS_MISMATCH","SCHEMA_POLICY_MISSING","SCHEMA_VERSION_REQUIRED","SCHEMA_VERSION_NOT_ALLOWED","SCHEMA_FAIL","PARTITION_KEY_MISSING","AMOUNT_RANGE","WRONG_PARTITION","PAYLOAD_HASH_MISMATCH","STORE_FULL","FANOUT_EXCEEDED","SUM_OVERFLOW","LATE_BEYOND_SCAN","WINDOW_TRUNCATED","POISON","UNBALANCED","BLOB_CORRUPT","HEADER_CORRUPT","BATCH_CORRUPT","CHECKPOINT_FOREIGN","STATE_FORMAT","STATE_FAILED","STATE_MISUSE","SOURCE_TRUNCATED","SOURCE_REWOUND","STATE_LOST","POISON_FOUND","RANGES_DISAGREE","ROUND_FENCED","TOPIC_MISMATCH","BUS_CLOSED","BUS_FAILED","BUS_BUSY","ROUND_GAP","OWNER_GONE","READ_ONLY","TOPIC_UNKNOWN","REGISTRY_REFUSED","REGISTRY_UNREACHABLE","PAGE_TOKEN_STALE","BUNDLE_INVALID","POLICY_INVALID","IMPORT_FAILED","MODEL_IMPORT_FAILED","MODEL_NOT_LOADED","EVENT_TIME_JUMP","ROLE_CONFLICT","JOIN_KEY_CONFLICT","FLOW_BINDING_CONFLICT","FEATURE_SET_INVALID","LABEL_FROM_FUTURE","FEATURE_SET_UNKNOWN","FEATURE_WARMING","NO_PREVIOUS_EVENT","EMPTY_WINDOW"]},{"name":"message","type":"string","doc":"For people; never compared."},{"name":"topic","type":"string"},{"name":"partition","type":"int"},{"name":"offset","type":"string","doc":"Decimal digits."},{"name":"time_ms","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"Record time."},{"name":"key","type":["null","bytes"],"default":null},{"name":"value","type":["null","bytes"],"default":null},{"name":"headers","type":{"type":"array","items":{"type":"record","name":"QuarantineHeader","namespace":"weir","doc":"A record header.","fields":[{"name":"name","type":"string"},{"name":"value","type":"bytes"}]}}},{"name":"task","type":"string","doc":"Task and operator that diverted it."},{"name":"platform_run_id","type":["null","string"],"default":null},{"name":"dedupe_key","type":["null","string"],"doc":"hex64, when the envelope was readable.","default":null},{"name":"payload_hash","type":["null","string"],"doc":"hex64 of this record.","default":null},{"name":"first_payload_hash","type":["null","string"],"doc":"hex64 of the record that stands, for PAYLOAD_HASH_MISMATCH.","default":null}]}';
