/**
 * Ids and payload hashes of cases, triggers, timeline events and labels.
 *
 * Two differences from the reference, both in the label's payload hash: actor_id is part of it only
 * for HUMAN (the narrative), and label_payload is part of it when there (the reference stores it
 * unhashed, so it could be changed unseen).
 *
 * source: spec/platform.md 16 to 18; vector case_label_ids.
 */
import { recipeHash, compareCodePoints, type Canonical } from './canonical.js';
import type { CaseSubjectKey } from './generated/case-trigger.js';
import type {
  EvidenceRef,
  LabelSource,
  LabelSubjectKey,
  Pins,
} from './generated/label-assertion.js';

const short = (recipe: string, payload: Canonical): string =>
  recipeHash(recipe, payload).slice(0, 32);

const subjectOf = (subject: CaseSubjectKey): Canonical => ({
  event_class: subject.event_class,
  event_id: subject.event_id,
  platform_run_id: subject.platform_run_id,
});

/** Pins as they are hashed: seed is an integer there. */
export const pinsOf = (pins: Pins): Canonical => ({
  platform_run_id: pins.platform_run_id,
  scenario_run_id: pins.scenario_run_id,
  scenario_id: pins.scenario_id,
  manifest_fingerprint: pins.manifest_fingerprint,
  parameter_hash: pins.parameter_hash,
  seed: BigInt(pins.seed),
});

/** Evidence in the order of (ref_type, ref_id, ref_scope); a missing scope is "". */
export function sortedEvidence(refs: readonly EvidenceRef[]): Canonical {
  return refs
    .map((ref) => ({ ref_type: ref.ref_type, ref_id: ref.ref_id, ref_scope: ref.ref_scope ?? '' }))
    .sort(
      (left, right) =>
        compareCodePoints(left.ref_type, right.ref_type) ||
        compareCodePoints(left.ref_id, right.ref_id) ||
        compareCodePoints(left.ref_scope, right.ref_scope),
    );
}

/** case_id, hex32: one case per traffic event and class. */
export const caseId = (subject: CaseSubjectKey): string =>
  short('cm.case_id.v1', subjectOf(subject));

/** case_trigger_id, hex32. */
export const caseTriggerId = (caseOf: string, triggerType: string, sourceRef: string): string =>
  short('cm.case_trigger_id.v1', {
    case_id: caseOf,
    trigger_type: triggerType,
    source_ref_id: sourceRef,
  });

/** case_timeline_event_id, hex32. */
export const caseTimelineEventId = (
  caseOf: string,
  timelineType: string,
  sourceRef: string,
): string =>
  short('cm.case_timeline_event_id.v1', {
    case_id: caseOf,
    timeline_event_type: timelineType,
    source_ref_id: sourceRef,
  });

/** label_assertion_id, hex32. */
export const labelAssertionId = (
  timelineEventId: string,
  subject: LabelSubjectKey,
  labelType: string,
): string =>
  short('ls.label_assertion_id.v1', {
    case_timeline_event_id: timelineEventId,
    label_subject_key: { platform_run_id: subject.platform_run_id, event_id: subject.event_id },
    label_type: labelType,
  });

/** What a trigger and a timeline event have in common. Times are RFC 3339 with 6 fraction digits. */
export interface CaseFact {
  readonly subject: CaseSubjectKey;
  readonly sourceRef: string;
  readonly pins: Pins;
  readonly observedTime: string;
  readonly evidence: readonly EvidenceRef[];
  readonly payload: Canonical;
}

const factOf = (fact: CaseFact): { readonly [key: string]: Canonical } => ({
  case_subject_key: subjectOf(fact.subject),
  source_ref_id: fact.sourceRef,
  pins: pinsOf(fact.pins),
  observed_time: fact.observedTime,
  evidence_refs: sortedEvidence(fact.evidence),
});

/** payload_hash of a case trigger, hex64. */
export const caseTriggerPayloadHash = (triggerType: string, fact: CaseFact): string =>
  recipeHash('cm.case_trigger_payload_hash.v1', {
    ...factOf(fact),
    trigger_type: triggerType,
    trigger_payload: fact.payload,
  });

/** payload_hash of a timeline event, hex64. */
export const caseTimelinePayloadHash = (
  caseOf: string,
  timelineType: string,
  fact: CaseFact,
): string =>
  recipeHash('cm.case_timeline_payload_hash.v1', {
    ...factOf(fact),
    case_id: caseOf,
    timeline_event_type: timelineType,
    timeline_payload: fact.payload,
  });

export interface LabelFact {
  readonly subject: LabelSubjectKey;
  readonly labelType: string;
  readonly labelValue: string;
  /** RFC 3339 with 6 fraction digits, as is observedTime. */
  readonly effectiveTime: string;
  readonly observedTime: string;
  readonly sourceType: LabelSource;
  readonly actorId: string | null;
  readonly evidence: readonly EvidenceRef[];
  readonly payload: Canonical | undefined;
}

/** payload_hash of a label assertion, hex64. */
export function labelPayloadHash(label: LabelFact): string {
  return recipeHash('ls.label_assertion_payload_hash.v1', {
    label_subject_key: {
      platform_run_id: label.subject.platform_run_id,
      event_id: label.subject.event_id,
    },
    label_type: label.labelType,
    label_value: label.labelValue,
    effective_time: label.effectiveTime,
    observed_time: label.observedTime,
    source_type: label.sourceType,
    actor_id: label.sourceType === 'HUMAN' ? (label.actorId ?? '') : '',
    evidence_refs: sortedEvidence(label.evidence),
    ...(label.payload === undefined ? {} : { label_payload: label.payload }),
  });
}
