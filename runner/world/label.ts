/**
 * A label as someone asserts it, and the LabelAssertion record made of it.
 *
 * L1. The id is a function of who reported what about which event (source reference, subject, type),
 *     so the same report has the same id however often it is sent.
 * L2. payload_hash covers subject, type, value, both times, source, evidence, and the actor of a
 *     HUMAN only. Texts must need no JSON escape (checked, RangeError).
 * Source: platform contract report, section 18; vectors/platform/case_label_ids for the recipes.
 */
import type { LabelAssertion, LabelSource, Pins } from '../../schemas/generated/label-assertion.js';
import { sha256Hex, sha256Hex32 } from '../../schemas/sha256.js';
import { plainText } from './engine-output.js';

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
  const refType = plainText('evidence type', evidence.refType);
  const refId = plainText('evidence id', evidence.refId);
  const actor = facts.actorId === null ? null : plainText('actor', facts.actorId);
  if ((actor !== null) !== (source === 'HUMAN')) {
    throw new RangeError(`a ${source} label ${actor === null ? 'needs' : 'takes no'} actor`);
  }
  const subject = `"label_subject_key":{"event_id":"${eventId}","platform_run_id":"${pins.platform_run_id}"}`;
  const timelineId = sha256Hex32(
    `{"payload":{${subject},"source_ref_id":"${refType}:${refId}"},"recipe":"ls.adapter.case_timeline_event_id.v1"}`,
  );
  const assertionId = sha256Hex32(
    `{"payload":{"case_timeline_event_id":"${timelineId}",${subject},"label_type":"${labelType}"},` +
      `"recipe":"ls.label_assertion_id.v1"}`,
  );
  const payloadHash = sha256Hex(
    `{"payload":{${actor === null ? '' : `"actor_id":"${actor}",`}` +
      `"effective_time":"${utcText(facts.effectiveMicros)}",` +
      `"evidence_refs":[{"ref_id":"${refId}","ref_scope":"","ref_type":"${refType}"}],${subject},` +
      `"label_type":"${labelType}","label_value":"${labelValue}",` +
      `"observed_time":"${utcText(facts.observedMicros)}","source_type":"${source}"},` +
      `"recipe":"ls.label_assertion_payload_hash.v1"}`,
  );
  return {
    label_assertion_id: assertionId,
    case_timeline_event_id: timelineId,
    label_subject_key: { platform_run_id: pins.platform_run_id, event_id: eventId },
    pins,
    label_type: labelType,
    label_value: labelValue,
    effective_time_micros: facts.effectiveMicros,
    observed_time_micros: facts.observedMicros,
    source_type: source,
    actor_id: actor,
    evidence_refs: [{ ref_type: refType, ref_id: refId, ref_scope: null }],
    payload_hash: payloadHash,
    label_payload: null,
  };
}
