/**
 * A label as someone asserts it, and the LabelAssertion record made of it.
 *
 * L1. The id is a function of who reported what about which event (source reference, subject, type),
 *     so the same report has the same id however often it is sent.
 * L2. payload_hash covers subject, type, value, both times, source, evidence, and the actor of a
 *     HUMAN only.
 * Source: platform contract report, section 18; schemas/case-ids.ts for the recipes.
 */
import {
  caseId,
  caseTimelineEventId,
  labelAssertionId,
  labelPayloadHash,
} from '../../schemas/case-ids.js';
import type { LabelAssertion, LabelSource, Pins } from '../../schemas/generated/label-assertion.js';

export interface LabelFacts {
  /** The traffic event labelled. */
  readonly eventId: string;
  readonly labelType: 'fraud_disposition' | 'chargeback_status' | 'account_takeover';
  readonly labelValue: string;
  /** Microseconds since 1970: since when it is true, and when it was first said. */
  readonly effectiveMicros: number;
  readonly observedMicros: number;
  readonly source: LabelSource;
  /** Required for HUMAN, null otherwise. */
  readonly actorId: string | null;
  readonly evidence: { readonly refType: string; readonly refId: string };
}

export function labelAssertion(
  facts: LabelFacts,
  pins: Pins,
  utcText: (micros: number) => string,
): LabelAssertion {
  const { eventId, labelType, labelValue, source, evidence } = facts;
  const { refType, refId } = evidence;
  const actor = facts.actorId;
  if ((actor !== null) !== (source === 'HUMAN')) {
    throw new RangeError(`a ${source} label ${actor === null ? 'needs' : 'takes no'} actor`);
  }
  const subject = { platform_run_id: pins.platform_run_id, event_id: eventId };
  const caseOf = caseId({ ...subject, event_class: 'traffic_fraud' });
  const timelineType = source === 'HUMAN' ? 'INVESTIGATOR_ASSERTION' : 'EVIDENCE_ATTACHED';
  const timelineId = caseTimelineEventId(caseOf, timelineType, `${refType}:${refId}`);
  const evidenceRefs = [{ ref_type: refType, ref_id: refId, ref_scope: null }];
  return {
    label_assertion_id: labelAssertionId(timelineId, subject, labelType),
    case_timeline_event_id: timelineId,
    label_subject_key: subject,
    pins,
    label_type: labelType,
    label_value: labelValue,
    effective_time_micros: facts.effectiveMicros,
    observed_time_micros: facts.observedMicros,
    source_type: source,
    actor_id: actor,
    evidence_refs: evidenceRefs,
    payload_hash: labelPayloadHash({
      subject,
      labelType,
      labelValue,
      effectiveTime: utcText(facts.effectiveMicros),
      observedTime: utcText(facts.observedMicros),
      sourceType: source,
      actorId: actor,
      evidence: evidenceRefs,
      payload: undefined,
    }),
    label_payload: null,
  };
}
