// Generated from schemas/avro/audit-record.avsc by scripts/generate-writers.mjs; edit that file instead.
import type { AvroOut, SharedBytes } from '../avro-out.js';
import { decisionActionSymbols, degradeModeSymbols, actionPostureSymbols, contextRoleSymbols, type AuditRecord, type BundleRef, type DecisionPosture, type CapabilityMask, type PolicyRev, type Pins, type AuditEvidence, type OriginOffset, type AuditStamps, type GraphVersion, type AppliedOffset, type TaskSeq } from './audit-record.js';

const sharedBundleRef: SharedBytes = new WeakMap();
const sharedPolicyRev: SharedBytes = new WeakMap();
const sharedDecisionPosture: SharedBytes = new WeakMap();
const sharedPins: SharedBytes = new WeakMap();
const sharedGraphVersion: SharedBytes = new WeakMap();
const sharedAppliedOffsets: SharedBytes = new WeakMap();

export function writeBundleRef(out: AvroOut, value: BundleRef): void {
  out.text(value.bundle_id);
  out.text(value.bundle_version);
  out.text(value.registry_ref);
}

export function writeCapabilityMask(out: AvroOut, value: CapabilityMask): void {
  out.flag(value.ieg);
  out.list(value.feature_groups, (out, item) => { out.text(item); });
  out.flag(value.primary);
  out.flag(value.stage2);
  out.flag(value.heuristics);
  out.symbol(actionPostureSymbols, value.action_posture);
}

export function writePolicyRev(out: AvroOut, value: PolicyRev): void {
  out.text(value.policy_id);
  out.text(value.revision);
  out.text(value.content_digest);
}

export function writeDecisionPosture(out: AvroOut, value: DecisionPosture): void {
  out.symbol(degradeModeSymbols, value.mode);
  writeCapabilityMask(out, value.capabilities_mask);
  out.shared(sharedPolicyRev, value.policy_rev, writePolicyRev);
  out.text(value.reason);
}

export function writePins(out: AvroOut, value: Pins): void {
  out.text(value.platform_run_id);
  out.text(value.scenario_run_id);
  out.text(value.scenario_id);
  out.text(value.manifest_fingerprint);
  out.text(value.parameter_hash);
  out.text(value.seed);
}

export function writeOriginOffset(out: AvroOut, value: OriginOffset): void {
  out.text(value.topic);
  out.long(value.partition);
  out.text(value.offset);
  out.text(value.offset_kind);
}

export function writeAuditEvidence(out: AvroOut, value: AuditEvidence): void {
  out.symbol(contextRoleSymbols, value.role);
  out.text(value.event_id);
  out.text(value.event_type);
  out.fixed(value.payload_hash, 32);
  writeOriginOffset(out, value.origin_offset);
}

export function writeGraphVersion(out: AvroOut, value: GraphVersion): void {
  out.text(value.version_id);
  out.text(value.stream);
  out.text(value.basis_digest);
  out.maybe(value.watermark_micros, (out, value) => { out.long(value); });
}

export function writeAppliedOffset(out: AvroOut, value: AppliedOffset): void {
  out.text(value.topic);
  out.long(value.partition);
  out.text(value.next_offset);
}

function writeAppliedOffsets(out: AvroOut, value: readonly AppliedOffset[]): void {
  out.list(value, (out, item) => { writeAppliedOffset(out, item); });
}

export function writeTaskSeq(out: AvroOut, value: TaskSeq): void {
  out.text(value.task);
  out.long(value.seq);
}

export function writeAuditStamps(out: AvroOut, value: AuditStamps): void {
  out.maybe(value.graph_version, (out, value) => { out.shared(sharedGraphVersion, value, writeGraphVersion); });
  out.shared(sharedAppliedOffsets, value.applied_offsets, writeAppliedOffsets);
  out.long(value.posture_seq);
  out.long(value.recorded_at_ms);
  out.list(value.tasks, (out, item) => { writeTaskSeq(out, item); });
  out.text(value.build);
}

export function writeAuditRecord(out: AvroOut, value: AuditRecord): void {
  out.text(value.audit_id);
  out.text(value.decision_id);
  out.text(value.decision_event_id);
  out.text(value.decision_kind);
  out.fixed(value.decision_digest, 32);
  out.symbol(decisionActionSymbols, value.action);
  out.list(value.action_ids, (out, item) => { out.text(item); });
  out.shared(sharedBundleRef, value.bundle_ref, writeBundleRef);
  out.maybe(value.snapshot_hash, (out, value) => { out.text(value); });
  out.shared(sharedDecisionPosture, value.degrade_posture, writeDecisionPosture);
  out.shared(sharedPolicyRev, value.policy_rev, writePolicyRev);
  out.text(value.run_config_digest);
  out.shared(sharedPins, value.pins, writePins);
  out.list(value.evidence, (out, item) => { writeAuditEvidence(out, item); });
  out.list(value.reason_codes, (out, item) => { out.text(item); });
  writeAuditStamps(out, value.stamps);
}
