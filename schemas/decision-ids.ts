/**
 * Ids of decisions, action intents, outcomes and audit records.
 *
 * The decision id is the reference's recipe df.decision_id.v2; offsets are strings, because the
 * reference turns integer offset 0 into "". Every other id hangs on the decision (ruling 16), so a
 * decision under another bundle has other response, action and audit ids and nothing collides.
 *
 * source: spec/platform.md 13, 14, 15; ruling 16; vectors decision_id, action_ids.
 */
import { stringText } from './canonical.js';
import type { BundleRef, OriginOffset } from './generated/rtdl-record.js';
import { sha256Hex, sha256Hex32 } from './sha256.js';

export interface DecisionIdentity {
  readonly sourceEventId: string;
  readonly platformRunId: string;
  /** e.g. fraud.primary. */
  readonly decisionScope: string;
  readonly bundleRef: BundleRef;
  readonly originOffset: OriginOffset;
}

/** Canonical text of the decision id's pre-image, written straight in key order. */
export function decisionIdText(identity: DecisionIdentity): string {
  const { bundleRef: bundle, originOffset: origin } = identity;
  return (
    `{"payload":{"bundle_ref":{"bundle_id":${stringText(bundle.bundle_id)}` +
    `,"bundle_version":${stringText(bundle.bundle_version)}` +
    `,"registry_ref":${stringText(bundle.registry_ref)}}` +
    `,"decision_scope":${stringText(identity.decisionScope)}` +
    `,"origin_offset":{"offset":${stringText(origin.offset)}` +
    `,"offset_kind":${stringText(origin.offset_kind)}` +
    `,"partition":${origin.partition},"topic":${stringText(origin.topic)}}` +
    `,"platform_run_id":${stringText(identity.platformRunId)}` +
    `,"source_event_id":${stringText(identity.sourceEventId)}},"recipe":"df.decision_id.v2"}`
  );
}

/** decision_id, hex32. */
export const decisionId = (identity: DecisionIdentity): string =>
  sha256Hex32(decisionIdText(identity));

/** `recipeHash` of a payload with one text in it, without building it. */
const oneFieldHash = (recipe: string, name: string, value: string): string =>
  sha256Hex(`{"payload":{"${name}":${stringText(value)}},"recipe":"${recipe}"}`);

/** event_id of the decision response, hex64. */
export const decisionEventId = (decision: string): string =>
  oneFieldHash('weir.decision_event_id.v1', 'decision_id', decision);

/** action_id, hex32. */
export const actionId = (decision: string, actionKind: string): string =>
  sha256Hex32(`${decision}:${actionKind}`);

/** Idempotency key of an action intent, hex64: keyed by decision, as the narrative says. */
export const actionIdempotencyKey = (decision: string, actionKind: string): string =>
  sha256Hex(
    `{"payload":{"action_kind":${stringText(actionKind)},"decision_id":${stringText(decision)}}` +
      `,"recipe":"weir.idempotency_key.v1"}`,
  );

/** event_id of an action intent, hex64. */
export const actionEventId = (idempotencyKey: string): string =>
  oneFieldHash('weir.action_event_id.v1', 'idempotency_key', idempotencyKey);

/** What an action is to the world, whoever asks for it: the key of the actions layer's ledger, hex64. */
export function semanticKey(
  platformRunId: string,
  scenarioRunId: string,
  idempotencyKey: string,
): string {
  return sha256Hex(
    `{"idempotency_key":${stringText(idempotencyKey)},"platform_run_id":${stringText(platformRunId)}` +
      `,"scenario_run_id":${stringText(scenarioRunId)}}`,
  );
}

/** outcome_id, hex32: one per action whatever the number of attempts. */
export const outcomeId = (semantic: string): string =>
  oneFieldHash('weir.outcome_id.v1', 'semantic_key', semantic).slice(0, 32);

/** audit_id, hex32. */
export const auditId = (decision: string): string =>
  oneFieldHash('weir.audit_id.v1', 'decision_id', decision).slice(0, 32);
