// Generated from schemas/avro/rtdl-record.avsc by scripts/generate-writers.mjs; edit that file instead.
import type { AvroOut, SharedBytes } from '../avro-out.js';
import { decisionActionSymbols, contextRoleSymbols, resolutionOutcomeSymbols, degradeModeSymbols, actionPostureSymbols, intentOriginSymbols, type RtdlRecord, type DecisionResponse, type SourceEvent, type OriginOffset, type DecisionSubject, type ContextRef, type Pins, type BundleRef, type BundleResolution, type ModelStage, type Snapshot, type SnapshotKey, type SnapshotGap, type FeatureSetRef, type DecisionPosture, type CapabilityMask, type PolicyRev, type DecisionStamps, type GraphVersion, type AppliedOffset, type TaskSeq, type ActionIntent, type IntentStamps } from './rtdl-record.js';

const sharedPins: SharedBytes = new WeakMap();
const sharedBundleRef: SharedBytes = new WeakMap();
const sharedBundleResolution: SharedBytes = new WeakMap();
const sharedFeatureSetRef: SharedBytes = new WeakMap();
const sharedPolicyRev: SharedBytes = new WeakMap();
const sharedDecisionPosture: SharedBytes = new WeakMap();
const sharedGraphVersion: SharedBytes = new WeakMap();
const sharedAppliedOffsets: SharedBytes = new WeakMap();

export function writeOriginOffset(out: AvroOut, value: OriginOffset): void {
  out.text(value.topic);
  out.long(value.partition);
  out.text(value.offset);
  out.text(value.offset_kind);
}

export function writeSourceEvent(out: AvroOut, value: SourceEvent): void {
  out.text(value.event_id);
  out.text(value.event_type);
  out.long(value.ts_utc_micros);
  writeOriginOffset(out, value.origin_offset);
}

export function writeDecisionSubject(out: AvroOut, value: DecisionSubject): void {
  out.text(value.flow_id);
  out.long(value.event_seq);
  out.text(value.event_type);
  out.long(value.amount_minor);
}

export function writeContextRef(out: AvroOut, value: ContextRef): void {
  out.symbol(contextRoleSymbols, value.role);
  out.text(value.event_id);
  out.text(value.event_type);
  writeOriginOffset(out, value.origin_offset);
}

export function writePins(out: AvroOut, value: Pins): void {
  out.text(value.platform_run_id);
  out.text(value.scenario_run_id);
  out.text(value.scenario_id);
  out.text(value.manifest_fingerprint);
  out.text(value.parameter_hash);
  out.text(value.seed);
}

export function writeBundleRef(out: AvroOut, value: BundleRef): void {
  out.text(value.bundle_id);
  out.text(value.bundle_version);
  out.text(value.registry_ref);
}

export function writeBundleResolution(out: AvroOut, value: BundleResolution): void {
  out.symbol(resolutionOutcomeSymbols, value.outcome);
  out.text(value.scope);
  out.list(value.reason_codes, (out, item) => { out.text(item); });
}

export function writeModelStage(out: AvroOut, value: ModelStage): void {
  out.text(value.stage);
  out.text(value.outcome);
  out.maybe(value.score, (out, value) => { out.double(value); });
}

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

export function writeFeatureSetRef(out: AvroOut, value: FeatureSetRef): void {
  out.text(value.id);
  out.text(value.version);
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

export function writeDecisionStamps(out: AvroOut, value: DecisionStamps): void {
  out.maybe(value.graph_version, (out, value) => { out.shared(sharedGraphVersion, value, writeGraphVersion); });
  out.shared(sharedAppliedOffsets, value.applied_offsets, writeAppliedOffsets);
  out.long(value.posture_seq);
  out.long(value.decided_at_ms);
  out.long(value.first_seen_ms);
  out.long(value.late_ms);
  out.long(value.latency_ms);
  out.list(value.tasks, (out, item) => { writeTaskSeq(out, item); });
  out.text(value.build);
  out.text(value.topology_digest);
}

export function writeDecisionResponse(out: AvroOut, value: DecisionResponse): void {
  out.text(value.event_id);
  out.text(value.decision_id);
  out.text(value.decision_kind);
  out.symbol(decisionActionSymbols, value.action);
  out.maybe(value.score, (out, value) => { out.double(value); });
  out.list(value.reason_codes, (out, item) => { out.text(item); });
  writeSourceEvent(out, value.source_event);
  writeDecisionSubject(out, value.subject);
  out.text(value.context_status);
  out.list(value.context_refs, (out, item) => { writeContextRef(out, item); });
  out.shared(sharedPins, value.pins, writePins);
  out.shared(sharedBundleRef, value.bundle_ref, writeBundleRef);
  out.shared(sharedBundleResolution, value.resolution, writeBundleResolution);
  out.list(value.stages, (out, item) => { writeModelStage(out, item); });
  out.maybe(value.snapshot_hash, (out, value) => { out.text(value); });
  out.maybe(value.snapshot, (out, value) => { writeSnapshot(out, value); });
  out.maybe(value.feature_set, (out, value) => { out.shared(sharedFeatureSetRef, value, writeFeatureSetRef); });
  out.shared(sharedDecisionPosture, value.degrade_posture, writeDecisionPosture);
  out.shared(sharedPolicyRev, value.policy_rev, writePolicyRev);
  out.text(value.run_config_digest);
  writeDecisionStamps(out, value.stamps);
}

export function writeIntentStamps(out: AvroOut, value: IntentStamps): void {
  out.long(value.requested_at_ms);
}

export function writeActionIntent(out: AvroOut, value: ActionIntent): void {
  out.text(value.event_id);
  out.text(value.action_id);
  out.text(value.decision_id);
  out.text(value.action_kind);
  out.text(value.idempotency_key);
  out.text(value.actor_principal);
  out.symbol(intentOriginSymbols, value.origin);
  out.shared(sharedPins, value.pins, writePins);
  out.shared(sharedPolicyRev, value.policy_rev, writePolicyRev);
  out.text(value.run_config_digest);
  out.text(value.reason_ref);
  out.text(value.action_payload);
  writeIntentStamps(out, value.stamps);
}

export function writeRtdlRecord(out: AvroOut, value: RtdlRecord): void {
  if ('weir.DecisionResponse' in value) {
    out.long(0);
    writeDecisionResponse(out, value['weir.DecisionResponse']);
  } else {
    out.long(1);
    writeActionIntent(out, value['weir.ActionIntent']);
  }
}
