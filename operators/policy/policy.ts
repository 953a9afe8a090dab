/**
 * The policy document: guardrails, thresholds, what to do when something is missing, how long to wait.
 *
 * in: a parsed YAML or JSON document. out: a typed value with its hash. fails: DivertError
 * POLICY_INVALID, one line naming the path and how to mend it.
 *
 * A1. `hash` is the sha256 of the canonical text of the whole document: layout, order of fields, YAML or
 *     JSON make no difference, any value does.
 * A2. Nothing is optional except `thresholds` (absent: the bundle's own) and `description`: what a
 *     decision depends on is written down, not defaulted.
 * A3. 600 <= wait <= 900 ms, and wait + hold + hops stay below the deadline of at most 1500 ms.
 *
 * source: spec platform sections 12, 13; DESIGN section 3 (wait + hold + hops < deadline); rulings 6, 22.
 */
import { readGuardrails, type GuardrailRule } from '../guardrail/guardrail.js';
import type { PolicyRev } from '../degrade/ladder.js';
import { readSignalMapping, type SignalMapping } from '../degrade/signals.js';
import { documentHash, documentText, type DocumentValue } from '../document-hash.js';
import { StrictReader } from '../strict-reader.js';
import { DECISION_ACTIONS, type DecisionAction } from './action.js';
import { readThresholds, type Thresholds } from './thresholds.js';

/** Where no model may or could speak, a decision is one of these. */
const SAFE_ACTIONS = ['STEP_UP', 'QUEUE'] as const;
export type SafeAction = (typeof SAFE_ACTIONS)[number];

/** Broker time may run this far ahead of what arrived (DESIGN section 3, holdMs). */
const HOLD_MS = 300;

export interface JoinPolicy {
  /** 600 to 900: how long an event waits for its context. */
  readonly waitMs: number;
  /** Most events waiting per task; beyond it a decision degrades at once. */
  readonly waitingMax: number;
  readonly onMissing: SafeAction;
}

export interface ModelPolicy {
  /** Budget of a batch at the worker border. */
  readonly primaryTimeoutMs: number;
  readonly stage2TimeoutMs: number;
  /** When the primary model was skipped (timeout, dead worker, full pool). */
  readonly onSkipped: SafeAction;
  /** Most reason names taken from a model. */
  readonly reasonsMax: number;
}

export interface DegradePolicy {
  readonly mapping: SignalMapping;
  readonly quietMs: number;
  readonly maxAgeMs: number;
}

export interface Policy {
  readonly rev: PolicyRev;
  readonly guardrails: readonly GuardrailRule[];
  /** Absent: the thresholds of the bundle. */
  readonly thresholds?: Thresholds;
  readonly join: JoinPolicy;
  readonly deadlineMs: number;
  readonly model: ModelPolicy;
  readonly degrade: DegradePolicy;
  /** Labels older than this beside their event are not looked up. */
  readonly labelHorizonMs: number;
  /** Decision actions whose intent goes out by itself; the others wait for a person. */
  readonly release: readonly DecisionAction[];
}

const SECOND_MS = 1000;
const DAY_MS = 86_400_000;

const readJoin = (reader: StrictReader): JoinPolicy => {
  reader.fields('wait_ms', 'waiting_max', 'on_missing');
  return {
    waitMs: reader.field('wait_ms').number({ min: 600, max: 900, integer: true }),
    waitingMax: reader.field('waiting_max').number({ min: 1, max: 1_000_000, integer: true }),
    onMissing: reader.field('on_missing').oneOf(SAFE_ACTIONS),
  };
};

const readModelPolicy = (reader: StrictReader): ModelPolicy => {
  reader.fields('primary_timeout_ms', 'stage2_timeout_ms', 'on_skipped', 'reasons_max');
  return {
    primaryTimeoutMs: reader
      .field('primary_timeout_ms')
      .number({ min: 1, max: 1000, integer: true }),
    stage2TimeoutMs: reader.field('stage2_timeout_ms').number({ min: 1, max: 1000, integer: true }),
    onSkipped: reader.field('on_skipped').oneOf(SAFE_ACTIONS),
    reasonsMax: reader.field('reasons_max').number({ min: 0, max: 10, integer: true }),
  };
};

const readDegrade = (reader: StrictReader): DegradePolicy => {
  reader.fields('mapping', 'quiet_seconds', 'max_age_seconds');
  return {
    mapping: readSignalMapping(reader.field('mapping')),
    quietMs: reader.field('quiet_seconds').number({ min: 0, max: 3600 }) * SECOND_MS,
    maxAgeMs: reader.field('max_age_seconds').number({ min: 1, max: 3600 }) * SECOND_MS,
  };
};

const readRelease = (reader: StrictReader): readonly DecisionAction[] => {
  reader.fields('release');
  return reader
    .field('release')
    .items()
    .map((item) => item.oneOf(DECISION_ACTIONS));
};

/** A3. */
const readDeadline = (reader: StrictReader, waitMs: number): number => {
  const deadlineMs = reader.number({ min: 1, max: 1500, integer: true });
  if (waitMs + HOLD_MS >= deadlineMs) {
    reader.reject(
      `must be above join.wait_ms + ${HOLD_MS} = ${waitMs + HOLD_MS}; raise it or wait less`,
    );
  }
  return deadlineMs;
};

const FIELDS = [
  'policy_id',
  'revision',
  'description',
  'guardrails',
  'thresholds',
  'join',
  'deadline_ms',
  'model',
  'degrade',
  'label_horizon_days',
  'actions',
] as const;

/** JSON and YAML parsers yield only such values; anything else has been refused by the readers. */
const isDocument = (value: unknown): value is DocumentValue => {
  if (value === null || ['string', 'boolean'].includes(typeof value)) return true;
  if (typeof value === 'number') return Number.isFinite(value);
  return typeof value === 'object' && Object.values(value).every(isDocument);
};

/** The canonical text that goes on the policy topic, and that `hash` is taken of. */
export const policyText = (value: unknown): string => {
  if (!isDocument(value))
    return new StrictReader(value, 'policy', 'POLICY_INVALID').refuse('plain JSON values');
  return documentText(value);
};

/** Strict. */
export const readPolicy = (value: unknown): Policy => {
  const reader = new StrictReader(value, 'policy', 'POLICY_INVALID').fields(...FIELDS);
  if (!isDocument(value)) return reader.refuse('plain JSON values');
  const thresholds = reader.field('thresholds');
  const description = reader.field('description');
  if (!description.absent) description.text();
  const join = readJoin(reader.field('join'));
  return {
    rev: {
      policy_id: reader.field('policy_id').text(),
      revision: reader.field('revision').text(),
      content_digest: documentHash(value),
    },
    guardrails: readGuardrails(reader.field('guardrails')),
    ...(thresholds.absent ? {} : { thresholds: readThresholds(thresholds) }),
    join,
    deadlineMs: readDeadline(reader.field('deadline_ms'), join.waitMs),
    model: readModelPolicy(reader.field('model')),
    degrade: readDegrade(reader.field('degrade')),
    labelHorizonMs: reader.field('label_horizon_days').number({ min: 1, max: 730 }) * DAY_MS,
    release: readRelease(reader.field('actions')),
  };
};
