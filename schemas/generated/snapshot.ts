// Generated from schemas/avro/snapshot.avsc by scripts/generate-types.mjs; edit that file instead.
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
export const snapshotSchema =
  '{"type":"record","name":"Snapshot","namespace":"weir","doc":"The features served to one decision; snapshot_hash is sha256 of this record\'s Avro bytes.","fields":[{"name":"recipe","type":"string","doc":"weir.snapshot.v1"},{"name":"keys","type":{"type":"array","items":{"type":"record","name":"SnapshotKey","namespace":"weir","doc":"An entity whose features were asked for.","fields":[{"name":"entity","type":"string"},{"name":"id","type":"string"}]}}},{"name":"values","type":{"type":"array","items":["null","double"]},"doc":"One per feature, in the order of the definition; null has its reason in gaps."},{"name":"gaps","type":{"type":"array","items":{"type":"record","name":"SnapshotGap","namespace":"weir","doc":"Why a value is null.","fields":[{"name":"index","type":"int","doc":"Into values."},{"name":"code","type":"string"}]}}},{"name":"definition_hash","type":"string","doc":"hex64 of the feature definition set."}]}';
