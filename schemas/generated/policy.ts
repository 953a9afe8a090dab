// Generated from schemas/avro/policy.avsc by scripts/generate-types.mjs; edit that file instead.
/** Who did it, as authenticated. */
export interface Actor {
  readonly actor_id: string;
  readonly source_type: string;
}
/** A revision of a policy, in force from its position in the log. */
export interface Policy {
  /** degrade, guardrails, ... */
  readonly policy_id: string;
  readonly revision: string;
  /** hex64: sha256 of content. */
  readonly content_digest: string;
  /** Canonical JSON text. */
  readonly content: string;
  readonly actor: Actor;
  readonly ts_utc_micros: number;
}
export const policySchema =
  '{"type":"record","name":"Policy","namespace":"weir","doc":"A revision of a policy, in force from its position in the log.","fields":[{"name":"policy_id","type":"string","doc":"degrade, guardrails, ..."},{"name":"revision","type":"string"},{"name":"content_digest","type":"string","doc":"hex64: sha256 of content."},{"name":"content","type":"string","doc":"Canonical JSON text."},{"name":"actor","type":{"type":"record","name":"Actor","namespace":"weir","doc":"Who did it, as authenticated.","fields":[{"name":"actor_id","type":"string"},{"name":"source_type","type":"string"}]}},{"name":"ts_utc_micros","type":{"type":"long","logicalType":"timestamp-micros"}}]}';
