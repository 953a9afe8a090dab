/**
 * The audit record of a decision: the append-only evidence whose commit is the traffic event's.
 *
 * source: spec/platform.md 15; ruling 4; scenarios 64, 79.
 */
import { AvroOut } from '../../schemas/avro-out.js';
import { auditId } from '../../schemas/decision-ids.js';
import type { AuditEvidence, AuditRecord } from '../../schemas/generated/audit-record.js';
import type {
  ActionIntent,
  DecisionResponse,
  DecisionStamps,
} from '../../schemas/generated/rtdl-record.js';
import { writeRtdlRecord } from '../../schemas/generated/rtdl-record-writer.js';
import { sha256Bytes } from '../../schemas/sha256.js';
import { DECISION_BRANCH } from '../../schemas/topics.js';

/** What the digest of a decision is taken with: content only (Z1). */
export const EMPTY_STAMPS: DecisionStamps = {
  graph_version: null,
  applied_offsets: [],
  posture_seq: 0,
  decided_at_ms: 0,
  first_seen_ms: 0,
  late_ms: 0,
  latency_ms: 0,
  tasks: [],
  build: '',
  topology_digest: '',
};

const out = new AvroOut();

/**
 * sha256 of the Avro bytes of the decision with empty stamps and without its snapshot, for which
 * snapshot_hash stands.
 */
export function decisionDigest(response: DecisionResponse): Buffer {
  writeRtdlRecord(out.begin(), {
    [DECISION_BRANCH]: { ...response, snapshot: null, stamps: EMPTY_STAMPS },
  });
  return sha256Bytes(out.view());
}

export function auditOf(
  response: DecisionResponse,
  intent: ActionIntent | null,
  evidence: readonly AuditEvidence[],
): AuditRecord {
  return {
    audit_id: auditId(response.decision_id),
    decision_id: response.decision_id,
    decision_event_id: response.event_id,
    decision_kind: response.decision_kind,
    decision_digest: decisionDigest(response),
    action: response.action,
    action_ids: intent ? [intent.action_id] : [],
    bundle_ref: response.bundle_ref,
    snapshot_hash: response.snapshot_hash,
    degrade_posture: response.degrade_posture,
    policy_rev: response.policy_rev,
    run_config_digest: response.run_config_digest,
    pins: response.pins,
    evidence,
    reason_codes: response.reason_codes,
    stamps: {
      graph_version: null,
      applied_offsets: [],
      posture_seq: response.stamps.posture_seq,
      recorded_at_ms: response.stamps.decided_at_ms,
      tasks: [],
      build: '',
    },
  };
}
