/**
 * Hashes that name a state: the graph's version, a flow's binding, the snapshot served to a decision.
 *
 * source: spec/platform.md 9 to 11; rulings 3 and 16; vectors graph_version, flow_binding_hash,
 * snapshot_hash.
 */
import { recipeHash, canonicalHash, type Canonical } from './canonical.js';
import { AvroOut } from './avro-out.js';
import type { Snapshot } from './generated/snapshot.js';
import { writeSnapshot } from './generated/snapshot-writer.js';
import { sha256Hex } from './sha256.js';

export interface NextOffset {
  readonly topic: string;
  readonly partition: number;
  /** Next offset to read, decimal digits. */
  readonly nextOffset: string;
  readonly offsetKind: string;
}

/** The basis of a graph version: every topic and partition with the next offset to read. */
export function graphBasis(streamId: string, offsets: readonly NextOffset[]): Canonical {
  const topics = new Map<string, { readonly partitions: Map<string, Canonical> }>();
  for (const { topic, partition, nextOffset, offsetKind } of offsets) {
    const entry = topics.get(topic) ?? { partitions: new Map<string, Canonical>() };
    entry.partitions.set(String(partition), { next_offset: nextOffset, offset_kind: offsetKind });
    topics.set(topic, entry);
  }
  return { stream_id: streamId, topics };
}

/** `basisDigest` is the full 64 hex digits; `versionId`, its first half, is the version's name. */
export function graphVersion(
  streamId: string,
  offsets: readonly NextOffset[],
): { readonly versionId: string; readonly basisDigest: string } {
  const basisDigest = canonicalHash(graphBasis(streamId, offsets));
  return { versionId: basisDigest.slice(0, 32), basisDigest };
}

export interface FlowBinding {
  readonly flowId: string;
  readonly platformRunId: string;
  readonly merchantId: string;
  readonly arrivalSeq: number;
}

/**
 * Hash of what a flow is bound to. Only the target counts: the reference also hashes the source event,
 * so the same binding sent again under another event id would be a conflict (scenario 44).
 */
export const flowBindingHash = (binding: FlowBinding): string =>
  recipeHash('weir.flow_binding.v1', {
    flow_id: binding.flowId,
    join_frame_key: {
      platform_run_id: binding.platformRunId,
      merchant_id: binding.merchantId,
      arrival_seq: binding.arrivalSeq,
    },
  });

export const SNAPSHOT_RECIPE = 'weir.snapshot.v1';
const out = new AvroOut();

/**
 * snapshot_hash, hex64: sha256 of the Avro bytes of what was served, and of nothing else (ruling 3): no
 * time, no freshness, no offsets, so a replay has the same one.
 */
export function snapshotHash(snapshot: Snapshot): string {
  writeSnapshot(out.begin(), snapshot);
  return sha256Hex(out.view());
}
