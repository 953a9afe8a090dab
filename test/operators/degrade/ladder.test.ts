import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { actionUnderPosture } from '../../../operators/degrade/action-posture.js';
import {
  CAPABILITY_MASKS,
  DEGRADE_MODES,
  rungOf,
  type DegradeMode,
} from '../../../operators/degrade/capability-mask.js';
import {
  climb,
  ladderStep,
  POSTURE_SILENCE_MS,
  postureDigest,
  postureInForce,
  type LadderPolicy,
  type LadderState,
} from '../../../operators/degrade/ladder.js';
import {
  baselineOf,
  HEALTH_SIGNALS,
  SIGNAL_MAPPINGS,
  SIGNAL_STATES,
  signalStates,
  type HealthSignal,
  type SignalState,
  type SignalStates,
} from '../../../operators/degrade/signals.js';
import { DECISION_ACTIONS, severityOf } from '../../../operators/policy/action.js';

type Vector =
  | { kind: 'baseline'; note: string; signals: SignalStates; mode: DegradeMode; reason: string }
  | {
      kind: 'hysteresis';
      quiet_seconds: number;
      current: DegradeMode;
      baseline: DegradeMode;
      elapsed_seconds: number;
      mode: DegradeMode;
      reason: string;
    };

const { vectors } = JSON.parse(
  readFileSync(new URL('../../vectors/platform/degrade_posture.json', import.meta.url), 'utf8'),
) as { vectors: readonly Vector[] };

const ALL_OK: SignalStates = {
  ofp_health: 'OK',
  ieg_health: 'OK',
  eb_consumer_lag: 'OK',
  registry_health: 'OK',
  posture_store_health: 'OK',
  control_publish_health: 'OK',
};
const withState = (signal: HealthSignal, state: SignalState): SignalStates => ({
  ...ALL_OK,
  [signal]: state,
});

const POLICY: LadderPolicy = {
  mapping: SIGNAL_MAPPINGS['per-signal'],
  quietMs: 30_000,
  policyRev: { policy_id: 'rtdl', revision: '1', content_digest: 'a'.repeat(64) },
};
const SCOPE = 'scope=GLOBAL';

describe('vectors degrade_posture', () => {
  const baselines = vectors.filter((vector) => vector.kind === 'baseline');
  const hysteresis = vectors.filter((vector) => vector.kind === 'hysteresis');

  it('there are as many as the file had when this was written', () => {
    expect([baselines.length, hysteresis.length]).toEqual([14, 40]);
  });

  it.each(baselines)('Z3. strict baseline: $note', ({ signals, mode, reason }) => {
    expect(baselineOf(signals, SIGNAL_MAPPINGS.strict)).toEqual({ mode, reason });
  });

  it.each(hysteresis)(
    '$current, baseline $baseline, $elapsed_seconds s of $quiet_seconds s',
    (vector) => {
      const jumps = rungOf(vector.current) - rungOf(vector.mode) > 1;
      // Ours, and why: the reference jumps to the baseline although its own test wants one rung per quiet
      // period; spec platform 12 rules for the rung. All other vectors are met word for word.
      const wanted = jumps
        ? { mode: 'DEGRADED_2', reason: 'upshift_one_rung:FAIL_CLOSED->DEGRADED_2' }
        : { mode: vector.mode, reason: vector.reason };
      const got = climb({
        current: vector.current,
        baseline: vector.baseline,
        elapsedMs: vector.elapsed_seconds * 1000,
        quietMs: vector.quiet_seconds * 1000,
      });
      expect(got).toEqual(wanted);
    },
  );

  it('only the jumps differ, and there are some', () => {
    const jumps = hysteresis.filter((vector) => rungOf(vector.current) - rungOf(vector.mode) > 1);
    expect(jumps.length).toBe(4);
    expect(jumps.every(({ current, mode }) => current === 'FAIL_CLOSED' && mode === 'NORMAL')).toBe(
      true,
    );
  });
});

describe('signals', () => {
  it.each([
    ['ieg_health', 'MISSING', 'DEGRADED_2'],
    ['ieg_health', 'ERROR', 'DEGRADED_2'],
    ['ofp_health', 'STALE', 'DEGRADED_1'],
    ['ofp_health', 'MISSING', 'FAIL_CLOSED'],
    ['ofp_health', 'ERROR', 'FAIL_CLOSED'],
    ['eb_consumer_lag', 'STALE', 'DEGRADED_1'],
    ['registry_health', 'ERROR', 'FAIL_CLOSED'],
    ['posture_store_health', 'MISSING', 'FAIL_CLOSED'],
  ] as const)('ruling 6, per-signal: %s %s is %s', (signal, state, mode) => {
    expect(baselineOf(withState(signal, state), SIGNAL_MAPPINGS['per-signal']).mode).toBe(mode);
  });

  it('Z2. the worst mode wins and names all its causes', () => {
    const states = {
      ...ALL_OK,
      ieg_health: 'ERROR',
      eb_consumer_lag: 'STALE',
      control_publish_health: 'ERROR',
    } as const;
    expect(baselineOf(states, SIGNAL_MAPPINGS['per-signal'])).toEqual({
      mode: 'DEGRADED_2',
      reason: 'required_signal_gap:ieg_health,control_publish_health',
    });
  });

  it('Z1. unseen is MISSING, old is STALE only where health ages, ERROR stays', () => {
    const readings = {
      ofp_health: { state: 'OK', observedAtMs: 0 },
      ieg_health: { state: 'ERROR', observedAtMs: 0 },
      registry_health: { state: 'OK', observedAtMs: 1000 },
    } as const;
    const rule = { nowMs: 121_000, maxAgeMs: 120_000, ages: true };
    expect(signalStates(readings, rule)).toMatchObject({
      ofp_health: 'STALE',
      ieg_health: 'ERROR',
      registry_health: 'OK',
      eb_consumer_lag: 'MISSING',
    });
    expect(signalStates(readings, { ...rule, ages: false }).ofp_health).toBe('OK');
  });
});

const run = (
  steps: readonly (readonly [number, SignalStates])[],
  policy = POLICY,
): LadderState[] => {
  const states: LadderState[] = [];
  for (const [second, signals] of steps) {
    states.push(
      ladderStep(states.at(-1), { scope: SCOPE, states: signals, nowMs: second * 1000 }, policy),
    );
  }
  return states;
};

const DOWN = withState('registry_health', 'ERROR');

describe('ladder', () => {
  it('scenario 67: down at once, up one rung per quiet period', () => {
    const states = run([
      [0, ALL_OK],
      [1, DOWN],
      [2, ALL_OK],
      [31, ALL_OK],
      [32, ALL_OK],
      [61, ALL_OK],
      [62, ALL_OK],
      [91, ALL_OK],
      [92, ALL_OK],
    ]);
    expect(states.map(({ posture }) => posture.mode)).toEqual([
      'NORMAL',
      'FAIL_CLOSED',
      'FAIL_CLOSED',
      'FAIL_CLOSED',
      'DEGRADED_2',
      'DEGRADED_2',
      'DEGRADED_1',
      'DEGRADED_1',
      'NORMAL',
    ]);
    expect(states.map(({ posture }) => posture.posture_seq)).toEqual([1, 2, 2, 2, 3, 3, 4, 4, 5]);
    expect(states[1]?.posture.reason).toBe('required_signal_gap:registry_health');
    expect(states[4]?.posture.reason).toBe('upshift_one_rung:FAIL_CLOSED->DEGRADED_2');
  });

  it('D2. a relapse starts the quiet period anew', () => {
    const states = run([
      [0, DOWN],
      [1, ALL_OK],
      [30, DOWN],
      [31, ALL_OK],
      [60, ALL_OK],
      [61, ALL_OK],
    ]);
    expect(states.map(({ posture }) => posture.mode).slice(3)).toEqual([
      'FAIL_CLOSED',
      'FAIL_CLOSED',
      'DEGRADED_2',
    ]);
  });

  it('D3. ticks change neither the posture object nor its digest', () => {
    const states = run(Array.from({ length: 20 }, (_, second) => [second, ALL_OK] as const));
    expect(new Set(states.map(({ posture }) => posture)).size).toBe(1);
    expect(states.at(-1)?.posture.posture_seq).toBe(1);
  });

  it('D3. the digest leaves out seq and time, and nothing else', () => {
    const [a] = run([[0, ALL_OK]]);
    const b = run([
      [0, DOWN],
      [1, ALL_OK],
    ]).at(-1);
    if (a === undefined || b === undefined) throw new Error('two states expected');
    const later = { ...a.posture, posture_seq: 9, decided_at_ms: 99 };
    expect(postureDigest(later)).toBe(postureDigest(a.posture));
    expect(postureDigest(b.posture)).not.toBe(postureDigest(a.posture));
    expect(postureDigest({ ...a.posture, reason: 'x' })).not.toBe(postureDigest(a.posture));
  });

  it('D3. a new policy is a change', () => {
    const [before] = run([[0, ALL_OK]]);
    const policyRev = { ...POLICY.policyRev, revision: '2', content_digest: 'b'.repeat(64) };
    const after = ladderStep(
      before,
      { scope: SCOPE, states: ALL_OK, nowMs: 5 },
      { ...POLICY, policyRev },
    );
    expect(after.posture).toMatchObject({ posture_seq: 2, mode: 'NORMAL', policy_rev: policyRev });
  });

  it('D4. starts at the baseline', () => {
    expect(run([[0, withState('ieg_health', 'MISSING')]])[0]?.posture.mode).toBe('DEGRADED_2');
  });

  it('D1, D2. never rises by more than a rung, never sooner than the quiet period, never stays above the baseline', () => {
    const state = fc.constantFrom(...SIGNAL_STATES);
    const signals = fc.record(
      Object.fromEntries(HEALTH_SIGNALS.map((name) => [name, state])) as Record<
        HealthSignal,
        typeof state
      >,
    );
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 40 }), signals), { maxLength: 60 }),
        (moves) => {
          let now = 0;
          let before: LadderState | undefined;
          let lastRise = -Infinity;
          for (const [wait, states] of moves) {
            now += wait * 1000;
            const after = ladderStep(before, { scope: SCOPE, states, nowMs: now }, POLICY);
            const baseline = baselineOf(states, POLICY.mapping).mode;
            expect(rungOf(after.posture.mode)).toBeGreaterThanOrEqual(rungOf(baseline));
            const rise =
              before === undefined ? 0 : rungOf(before.posture.mode) - rungOf(after.posture.mode);
            expect(rise).toBeLessThanOrEqual(1);
            if (rise === 1) {
              expect(now - lastRise).toBeGreaterThanOrEqual(POLICY.quietMs);
              lastRise = now;
            }
            before = after;
          }
        },
      ),
    );
  });
});

describe('posture in force', () => {
  const [state] = run([[0, ALL_OK]]);
  const last = state === undefined ? undefined : { posture: state.posture, heardAtMs: 1000 };
  it('live silence beyond the bound is a lost posture store', () => {
    const at = (clockMs: number, live: boolean) =>
      postureInForce({ last, scope: SCOPE, clockMs, live });
    expect(at(1000 + POSTURE_SILENCE_MS, true).mode).toBe('NORMAL');
    expect(at(1001 + POSTURE_SILENCE_MS, true)).toMatchObject({
      mode: 'FAIL_CLOSED',
      reason: 'required_signal_gap:posture_store_health',
      capabilities_mask: CAPABILITY_MASKS.FAIL_CLOSED,
    });
    expect(at(1_000_000, false).mode).toBe('NORMAL');
  });

  it('without any posture: FAIL_CLOSED live, NORMAL in catch-up', () => {
    const at = (live: boolean) =>
      postureInForce({ last: undefined, scope: SCOPE, clockMs: 0, live }).mode;
    expect([at(true), at(false)]).toEqual(['FAIL_CLOSED', 'NORMAL']);
  });
});

describe('action under a posture', () => {
  const under = (
    mode: DegradeMode,
    model: (typeof DECISION_ACTIONS)[number],
    floor: (typeof DECISION_ACTIONS)[number],
  ) =>
    actionUnderPosture({
      model,
      floor,
      mode,
      actionPosture: CAPABILITY_MASKS[mode].action_posture,
    });

  it.each([
    ['NORMAL', 'APPROVE', 'APPROVE', 'APPROVE', []],
    ['NORMAL', 'DECLINE', 'APPROVE', 'DECLINE', []],
    ['NORMAL', 'APPROVE', 'QUEUE', 'QUEUE', []],
    ['DEGRADED_1', 'APPROVE', 'APPROVE', 'STEP_UP', ['POSTURE_STEP_UP_ONLY']],
    ['DEGRADED_1', 'DECLINE', 'APPROVE', 'QUEUE', ['POSTURE_STEP_UP_ONLY']],
    ['DEGRADED_2', 'APPROVE', 'DECLINE', 'DECLINE', []],
    ['DEGRADED_2', 'DECLINE', 'DECLINE', 'DECLINE', []],
    ['FAIL_CLOSED', 'APPROVE', 'DECLINE', 'QUEUE', ['POSTURE_FAIL_CLOSED']],
    ['FAIL_CLOSED', 'STEP_UP', 'APPROVE', 'STEP_UP', []],
    ['FAIL_CLOSED', 'DECLINE', 'APPROVE', 'QUEUE', ['POSTURE_FAIL_CLOSED']],
  ] as const)('O1, O2. %s: model %s, floor %s is %s', (mode, model, floor, action, reasons) => {
    expect(under(mode, model, floor)).toEqual({ action, reasons });
  });

  it('scenarios 68, 69: no APPROVE or DECLINE when failing closed, and a floor is never softened', () => {
    for (const mode of DEGRADE_MODES) {
      for (const model of DECISION_ACTIONS) {
        for (const floor of DECISION_ACTIONS) {
          const { action } = under(mode, model, floor);
          if (mode === 'FAIL_CLOSED') expect(['STEP_UP', 'QUEUE']).toContain(action);
          else expect(severityOf(action)).toBeGreaterThanOrEqual(severityOf(floor));
        }
      }
    }
  });
});
