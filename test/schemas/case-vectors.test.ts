/** The case and label vectors; which differ and why is in test/vectors/platform/README.md. */
import { describe, expect, it } from 'vitest';
import * as cases from '../../schemas/case-ids.js';
import type { EvidenceRef, LabelSource, Pins } from '../../schemas/generated/label-assertion.js';
import { asObject } from './reference-recipes.js';
import { Vector, vectors } from './vector-file.js';

const evidenceOf = (vector: Vector): readonly EvidenceRef[] =>
  vector.list('evidence_refs').map((row) => {
    const ref = new Vector(asObject(row));
    return {
      ref_type: ref.text('ref_type'),
      ref_id: ref.text('ref_id'),
      ref_scope: ref.has('ref_scope') ? ref.textOrNull('ref_scope') : null,
    };
  });
const subjectOf = (vector: Vector) => {
  const subject = vector.inner('case_subject_key');
  return {
    platform_run_id: subject.text('platform_run_id'),
    event_class: subject.text('event_class'),
    event_id: subject.text('event_id'),
  };
};
const pinsOf = (vector: Vector): Pins => {
  const pins = new Vector(vector.json('pins_json'));
  return {
    platform_run_id: pins.text('platform_run_id'),
    scenario_run_id: pins.text('scenario_run_id'),
    scenario_id: pins.text('scenario_id'),
    manifest_fingerprint: pins.text('manifest_fingerprint'),
    parameter_hash: pins.text('parameter_hash'),
    seed: pins.text('seed'),
  };
};
const labelOf = (vector: Vector) => ({
  subject: subjectOf(vector),
  labelType: vector.text('label_type'),
  labelValue: vector.text('label_value'),
  effectiveTime: vector.text('effective_time'),
  observedTime: vector.text('observed_time'),
  sourceType: vector.text('source_type') as LabelSource,
  actorId: vector.textOrNull('actor_id'),
  evidence: evidenceOf(vector),
});

describe('case_label_ids', () => {
  vectors('case_label_ids').forEach((vector, index) => {
    it(`${index} ${vector.text('note')}`, () => {
      const subject = subjectOf(vector);
      const caseId = cases.caseId(subject);
      expect(caseId).toBe(vector.text('case_id'));
      const source = vector.text('source_ref_id');
      const timelineSource = vector.text('timeline_source_ref_id');
      const timelineType = vector.text('timeline_event_type');
      expect(cases.caseTriggerId(caseId, vector.text('trigger_type'), source)).toBe(
        vector.text('case_trigger_id'),
      );
      const timelineId = cases.caseTimelineEventId(caseId, timelineType, timelineSource);
      expect(timelineId).toBe(vector.text('case_timeline_event_id'));
      expect(cases.labelAssertionId(timelineId, subject, vector.text('label_type'))).toBe(
        vector.text('label_assertion_id'),
      );
      const fact = {
        subject,
        sourceRef: source,
        pins: pinsOf(vector),
        observedTime: vector.text('observed_time'),
        evidence: evidenceOf(vector),
        payload: vector.value('payload'),
      };
      expect(cases.caseTriggerPayloadHash(vector.text('trigger_type'), fact)).toBe(
        vector.text('case_trigger_payload_hash'),
      );
      expect(
        cases.caseTimelinePayloadHash(caseId, timelineType, { ...fact, sourceRef: timelineSource }),
      ).toBe(vector.text('case_timeline_payload_hash'));
      const sameAsReference =
        vector.value('source_type') === 'HUMAN' || vector.value('actor_id') === null;
      const hash = cases.labelPayloadHash({ ...labelOf(vector), payload: undefined });
      expect(hash === vector.text('label_payload_hash')).toBe(sameAsReference);
    });
  });
});

describe('case_label_ids.ours', () => {
  vectors('case_label_ids.ours').forEach((vector, index) => {
    it(`${index} ${vector.text('note')}`, () => {
      const payload = vector.value('label_payload');
      const hash = cases.labelPayloadHash({
        ...labelOf(vector),
        payload: payload === null ? undefined : payload,
      });
      expect(hash).toBe(vector.text('label_payload_hash'));
    });
  });
});
