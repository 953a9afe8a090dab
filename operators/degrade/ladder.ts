/**
 * The degrade ladder: down at once, up one rung per quiet period.
 *
 * in: the states of the health signals (signals.ts), a clock, the policy. out: a posture.
 * state: one LadderState per scope, about 200 bytes. time: the clock given. fails: never.
 *
 * D1. A baseline worse than the mode takes effect at once. (vectors degrade_posture, downshift)
 * D2. A better one lifts the mode by one rung after it has been better for a whole quiet period; each
 *     rung needs a period of its own. (The reference's code jumps, against its own test; ruling in
 *     spec platform 12; our vectors stand beside the reference's in the test.)
 * D3. posture_seq moves only when mode or policy change: never on a tick. The digest of a posture
 *     leaves out seq and time, so equal postures of two runs have equal digests.
 * D4. The first evaluation has no history: it takes the baseline as it is.
 *
 * source: spec platform section 12; spec rulings 6; scenarios 67, 68.
 */
import { documentHash } from '../document-hash.js';
import {
  CAPABILITY_MASKS,
  DEGRADE_MODES,
  rungOf,
  type CapabilityMask,
  type DegradeMode,
} from './capability-mask.js';
import { baselineOf, type Baseline, type SignalMapping, type SignalStates } from './signals.js';

/** Field names are those of the posture record on the wire. */
export interface PolicyRev {
  readonly policy_id: string;
  readonly revision: string;
  /** hex64. */
  readonly content_digest: string;
}

export interface Posture {
  readonly scope: string;
  readonly posture_seq: number;
  readonly mode: DegradeMode;
  readonly capabilities_mask: CapabilityMask;
  readonly policy_rev: PolicyRev;
  readonly reason: string;
  readonly decided_at_ms: number;
}

export interface LadderState {
  readonly posture: Posture;
  /** Since when the baseline has been better than the mode; null while it is not. */
  readonly betterSinceMs: number | null;
}

export interface LadderPolicy {
  readonly mapping: SignalMapping;
  readonly quietMs: number;
  readonly policyRev: PolicyRev;
}

export interface LadderInput {
  readonly scope: string;
  readonly states: SignalStates;
  readonly nowMs: number;
}

export interface Climb {
  readonly current: DegradeMode;
  readonly baseline: DegradeMode;
  /** How long the baseline has been better. */
  readonly elapsedMs: number;
  readonly quietMs: number;
}

const seconds = (ms: number): string => `${Math.floor(ms / 1000)}s`;

/** D1, D2. The mode of the next moment, in the words of the vectors. */
export const climb = ({ current, baseline, elapsedMs, quietMs }: Climb): Baseline => {
  if (rungOf(baseline) > rungOf(current)) return { mode: baseline, reason: 'downshift_immediate' };
  if (baseline === current) return { mode: current, reason: 'steady_state' };
  if (elapsedMs < quietMs) {
    return {
      mode: current,
      reason: `upshift_held_quiet_period:${seconds(elapsedMs)}<${seconds(quietMs)}`,
    };
  }
  const next = DEGRADE_MODES[rungOf(current) - 1] ?? current;
  const word = next === baseline ? 'upshift_to_baseline' : 'upshift_one_rung';
  return { mode: next, reason: `${word}:${current}->${next}` };
};

const postureOf = (fields: Omit<Posture, 'capabilities_mask'>): Posture => ({
  ...fields,
  capabilities_mask: CAPABILITY_MASKS[fields.mode],
});

const first = (input: LadderInput, policy: LadderPolicy): LadderState => ({
  posture: postureOf({
    scope: input.scope,
    posture_seq: 1,
    ...baselineOf(input.states, policy.mapping),
    policy_rev: policy.policyRev,
    decided_at_ms: input.nowMs,
  }),
  betterSinceMs: null,
});

/** One evaluation. The posture object stays the same when nothing changed (D3). */
export const ladderStep = (
  state: LadderState | undefined,
  input: LadderInput,
  policy: LadderPolicy,
): LadderState => {
  // D4.
  if (state === undefined) return first(input, policy);
  const { posture } = state;
  const baseline = baselineOf(input.states, policy.mapping);
  const better = rungOf(baseline.mode) < rungOf(posture.mode);
  const since = better ? (state.betterSinceMs ?? input.nowMs) : null;
  const elapsedMs = since === null ? 0 : input.nowMs - since;
  const next = climb({
    current: posture.mode,
    baseline: baseline.mode,
    elapsedMs,
    quietMs: policy.quietMs,
  });
  const moved = next.mode !== posture.mode;
  const stillBetter = rungOf(baseline.mode) < rungOf(next.mode);
  const samePolicy = posture.policy_rev.content_digest === policy.policyRev.content_digest;
  if (!moved && samePolicy)
    return since === state.betterSinceMs ? state : { posture, betterSinceMs: since };
  const down = rungOf(next.mode) > rungOf(posture.mode);
  const changed = postureOf({
    scope: posture.scope,
    posture_seq: posture.posture_seq + 1,
    mode: next.mode,
    // A fall names the signal that caused it, a climb the rungs; a new policy keeps the reason.
    reason: down ? baseline.reason : moved ? next.reason : posture.reason,
    policy_rev: policy.policyRev,
    decided_at_ms: input.nowMs,
  });
  // D2. A rung just climbed starts the next period.
  const from = moved ? input.nowMs : since;
  return { posture: changed, betterSinceMs: stillBetter ? from : null };
};

/** D3. hex64 over what a posture allows and why, without seq and time. */
export const postureDigest = (posture: Posture): string =>
  documentHash({
    scope: posture.scope,
    mode: posture.mode,
    capabilities_mask: { ...posture.capabilities_mask },
    policy_rev: { ...posture.policy_rev },
    reason: posture.reason,
  });

/** Silence of the posture topic beyond this, on the clock of a live round, is a lost posture store. */
export const POSTURE_SILENCE_MS = 3000;

export interface PostureWatch {
  /** The last posture read, with the time of its last record (a change or a heartbeat). */
  readonly last: { readonly posture: Posture; readonly heardAtMs: number } | undefined;
  readonly scope: string;
  readonly clockMs: number;
  /** False in catch-up rounds and on a clock of records: silence is not judged there. */
  readonly live: boolean;
}

const NO_POLICY: PolicyRev = { policy_id: 'none', revision: '0', content_digest: '0'.repeat(64) };

/**
 * The posture a decision must use. Live: FAIL_CLOSED while the posture topic is silent. Otherwise the
 * last one, NORMAL if none was ever published (DESIGN section 8).
 */
export const postureInForce = ({ last, scope, clockMs, live }: PostureWatch): Posture => {
  if (last !== undefined && !(live && clockMs - last.heardAtMs > POSTURE_SILENCE_MS))
    return last.posture;
  return postureOf({
    scope,
    posture_seq: last?.posture.posture_seq ?? 0,
    mode: live ? 'FAIL_CLOSED' : 'NORMAL',
    reason: live ? 'required_signal_gap:posture_store_health' : 'no_posture_published',
    policy_rev: last?.posture.policy_rev ?? NO_POLICY,
    // Of the last record, not of the clock: otherwise equal decisions would differ by a tick.
    decided_at_ms: last?.heardAtMs ?? 0,
  });
};
