/**
 * Every topic of the platform with its key. Names: ruling 9 and spec/platform.md 2.2; keys: 2.4.
 *
 * Keys are sha256 hex of the first value of the profile, as the contract says. Two deliberate
 * differences: flow anchors are keyed by merchant (the narrative's "context is merchant-local", so
 * that they lie beside their arrival), and a record that lacks its first key is refused at admission
 * instead of falling back to an id of the whole run, which would send a run to one partition.
 */
import { admittedArrivalSchema, type AdmittedArrival } from './generated/admitted-arrival.js';
import { admittedEntitiesSchema, type AdmittedEntities } from './generated/admitted-entities.js';
import {
  admittedFlowAnchorSchema,
  type AdmittedFlowAnchor,
} from './generated/admitted-flow-anchor.js';
import { admittedTrafficSchema, type AdmittedTraffic } from './generated/admitted-traffic.js';
import { auditRecordSchema, type AuditRecord } from './generated/audit-record.js';
import { writeAuditRecord } from './generated/audit-record-writer.js';
import { caseTriggerSchema, type CaseTrigger } from './generated/case-trigger.js';
import { healthSchema, type Health } from './generated/health.js';
import { labelAssertionSchema, type LabelAssertion } from './generated/label-assertion.js';
import { policySchema, type Policy } from './generated/policy.js';
import { postureSchema, type Posture } from './generated/posture.js';
import { quarantineSchema, type Quarantine } from './generated/quarantine.js';
import { readySignalSchema, type ReadySignal } from './generated/ready-signal.js';
import { registryRecordSchema, type RegistryRecord } from './generated/registry-record.js';
import { rtdlRecordSchema, type RtdlRecord } from './generated/rtdl-record.js';
import { writeRtdlRecord } from './generated/rtdl-record-writer.js';
import { sha256Hex } from './sha256.js';
import { topic } from './topic.js';

/** Partitions of topics keyed by flow, merchant, event or decision. Control topics have one. */
export const DATA_PARTITIONS = 4;

/** The run an admitted event, or any record that stands for one, belongs to. */
const runOfEvent = (event: { readonly platform_run_id: string }): string => event.platform_run_id;
const runOfPins = (record: { readonly pins: { readonly platform_run_id: string } }): string =>
  record.pins.platform_run_id;

const traffic = {
  schema: admittedTrafficSchema,
  key: (event: AdmittedTraffic) => sha256Hex(event.payload.flow_id),
  runOf: runOfEvent,
  partitions: DATA_PARTITIONS,
};
const anchor = {
  schema: admittedFlowAnchorSchema,
  key: (event: AdmittedFlowAnchor) => sha256Hex(event.payload.merchant_id),
  runOf: runOfEvent,
  partitions: DATA_PARTITIONS,
};

/** The registry scope as text: environment|mode|bundle_slot|tenant, tenant empty when global. */
export function scopeText(scope: RegistryRecord['scope']): string {
  return `${scope.environment}|${scope.mode}|${scope.bundle_slot}|${scope.tenant_id ?? ''}`;
}

const rtdlKey = (record: RtdlRecord): string =>
  'weir.DecisionResponse' in record
    ? sha256Hex(record['weir.DecisionResponse'].source_event.event_id)
    : sha256Hex(record['weir.ActionIntent'].idempotency_key);

export const topics = {
  traffic: topic<AdmittedTraffic>({ name: 'fp.bus.traffic.fraud.v1', ...traffic }),
  trafficBaseline: topic<AdmittedTraffic>({ name: 'fp.bus.traffic.baseline.v1', ...traffic }),
  arrivals: topic<AdmittedArrival>({
    name: 'fp.bus.context.arrival_events.v1',
    schema: admittedArrivalSchema,
    key: (event) => sha256Hex(event.payload.merchant_id),
    runOf: runOfEvent,
    partitions: DATA_PARTITIONS,
  }),
  entities: topic<AdmittedEntities>({
    name: 'fp.bus.context.arrival_entities.v1',
    schema: admittedEntitiesSchema,
    key: (event) => sha256Hex(event.payload.merchant_id),
    runOf: runOfEvent,
    partitions: DATA_PARTITIONS,
  }),
  flowAnchors: topic<AdmittedFlowAnchor>({
    name: 'fp.bus.context.flow_anchor.fraud.v1',
    ...anchor,
  }),
  flowAnchorsBaseline: topic<AdmittedFlowAnchor>({
    name: 'fp.bus.context.flow_anchor.baseline.v1',
    ...anchor,
  }),
  /** Decisions and action intents: a union under one subject. */
  rtdl: topic<RtdlRecord>({
    name: 'fp.bus.rtdl.v1',
    schema: rtdlRecordSchema,
    write: writeRtdlRecord,
    key: rtdlKey,
    runOf: (record) =>
      runOfPins(
        'weir.DecisionResponse' in record
          ? record['weir.DecisionResponse']
          : record['weir.ActionIntent'],
      ),
    partitions: DATA_PARTITIONS,
  }),
  audit: topic<AuditRecord>({
    name: 'fp.bus.audit.v1',
    schema: auditRecordSchema,
    write: writeAuditRecord,
    key: (record) => sha256Hex(record.decision_id),
    runOf: runOfPins,
    partitions: DATA_PARTITIONS,
  }),
  /** READY signals of runs; not a control topic in DESIGN's sense (those are policy, registry, posture). */
  control: topic<ReadySignal>({
    name: 'fp.bus.control.v1',
    schema: readySignalSchema,
    key: (signal) => sha256Hex(signal.run_id),
    runOf: runOfEvent,
  }),
  caseTriggers: topic<CaseTrigger>({
    name: 'fp.bus.case.triggers.v1',
    schema: caseTriggerSchema,
    key: (trigger) => sha256Hex(trigger.case_id),
    runOf: runOfPins,
    partitions: DATA_PARTITIONS,
  }),
  policy: topic<Policy>({
    name: 'fp.policy.v1',
    schema: policySchema,
    key: (policy) => policy.policy_id,
  }),
  registry: topic<RegistryRecord>({
    name: 'fp.registry.v1',
    schema: registryRecordSchema,
    key: (record) => scopeText(record.scope),
  }),
  posture: topic<Posture>({
    name: 'fp.posture.v1',
    schema: postureSchema,
    key: (posture) => posture.scope,
  }),
  labels: topic<LabelAssertion>({
    name: 'fp.bus.labels.v1',
    schema: labelAssertionSchema,
    key: (label) => sha256Hex(label.label_subject_key.event_id),
    runOf: runOfPins,
    partitions: DATA_PARTITIONS,
  }),
  health: topic<Health>({
    name: 'fp.health.v1',
    schema: healthSchema,
    key: (health) => health.signal,
  }),
  quarantine: topic<Quarantine>({
    name: 'fp.quarantine.v1',
    schema: quarantineSchema,
    key: (record) => `${record.topic}/${record.partition}`,
  }),
} as const;

/** Keys of the union on fp.bus.rtdl.v1. */
export const DECISION_BRANCH = 'weir.DecisionResponse';
export const INTENT_BRANCH = 'weir.ActionIntent';
