// Generated from schemas/avro/snapshot.avsc by scripts/generate-writers.mjs; edit that file instead.
import type { AvroOut } from '../avro-out.js';
import { type Snapshot, type SnapshotKey, type SnapshotGap } from './snapshot.js';


export function writeSnapshotKey(out: AvroOut, value: SnapshotKey): void {
  out.text(value.entity);
  out.text(value.id);
}

export function writeSnapshotGap(out: AvroOut, value: SnapshotGap): void {
  out.long(value.index);
  out.text(value.code);
}

export function writeSnapshot(out: AvroOut, value: Snapshot): void {
  out.text(value.recipe);
  out.list(value.keys, (out, item) => { writeSnapshotKey(out, item); });
  out.maybeDoubles(value.values);
  out.list(value.gaps, (out, item) => { writeSnapshotGap(out, item); });
  out.text(value.definition_hash);
}
