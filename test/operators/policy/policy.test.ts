import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { policyText, readPolicy } from '../../../operators/policy/policy.js';
import { actionOf, readThresholds } from '../../../operators/policy/thresholds.js';
import { StrictReader } from '../../../operators/strict-reader.js';
import { SIGNAL_MAPPINGS } from '../../../operators/degrade/signals.js';
import { sha256Hex } from '../../../schemas/sha256.js';

const YAML = `
policy_id: rtdl
revision: "7"
description: what the demo runs with
guardrails:
  - code: AMOUNT_OVER_CAP
    when: { field: amount_minor, op: gt, value: 500000 }
    floor: QUEUE
thresholds:
  - { from: 0, action: APPROVE }
  - { from: 0.5, action: STEP_UP }
  - { from: 0.9, action: DECLINE }
join: { wait_ms: 900, waiting_max: 50000, on_missing: STEP_UP }
deadline_ms: 1500
model: { primary_timeout_ms: 100, stage2_timeout_ms: 50, on_skipped: STEP_UP, reasons_max: 3 }
degrade: { mapping: per-signal, quiet_seconds: 30, max_age_seconds: 120 }
label_horizon_days: 90
actions: { release: [APPROVE, STEP_UP, DECLINE] }
`;

const document = (): Record<string, unknown> => parse(YAML) as Record<string, unknown>;

const withField = (path: readonly string[], value: unknown): unknown => {
  const copy = document();
  let at = copy;
  for (const step of path.slice(0, -1)) at = at[step] as Record<string, unknown>;
  at[path.at(-1) ?? ''] = value;
  return copy;
};

describe('policy', () => {
  it('reads a YAML document into typed values in ms', () => {
    const policy = readPolicy(document());
    expect(policy).toMatchObject({
      join: { waitMs: 900, waitingMax: 50000, onMissing: 'STEP_UP' },
      deadlineMs: 1500,
      model: { primaryTimeoutMs: 100, stage2TimeoutMs: 50, onSkipped: 'STEP_UP', reasonsMax: 3 },
      degrade: { quietMs: 30_000, maxAgeMs: 120_000, mapping: SIGNAL_MAPPINGS['per-signal'] },
      labelHorizonMs: 90 * 86_400_000,
      release: ['APPROVE', 'STEP_UP', 'DECLINE'],
    });
    expect(policy.rev).toMatchObject({ policy_id: 'rtdl', revision: '7' });
  });

  it('A1. the hash is that of the canonical text, whatever the layout', () => {
    const { rev } = readPolicy(document());
    const reversed = Object.fromEntries(Object.entries(document()).reverse());
    expect(readPolicy(JSON.parse(JSON.stringify(reversed, null, 2))).rev).toEqual(rev);
    expect(rev.content_digest).toBe(sha256Hex(policyText(document())));
  });

  it('A1. any value changes the hash', () => {
    const digests = [
      document(),
      withField(['description'], 'another'),
      withField(['join', 'wait_ms'], 899),
      withField(['degrade', 'quiet_seconds'], 30.5),
    ].map((value) => readPolicy(value).rev.content_digest);
    expect(new Set(digests).size).toBe(4);
  });

  it('takes no thresholds (the bundle has them) and a mapping of its own', () => {
    const rest = Object.entries(document()).filter(([name]) => name !== 'thresholds');
    expect(readPolicy(Object.fromEntries(rest)).thresholds).toBeUndefined();
    const row = { STALE: 'DEGRADED_1', MISSING: 'DEGRADED_2', ERROR: 'FAIL_CLOSED' };
    const own = Object.fromEntries(Object.keys(SIGNAL_MAPPINGS.strict).map((name) => [name, row]));
    expect(readPolicy(withField(['degrade', 'mapping'], own)).degrade.mapping.ieg_health).toEqual(
      row,
    );
  });

  it.each([
    [
      ['join', 'wait_ms'],
      599,
      'policy.join.wait_ms: expected a whole number from 600 to 900, got 599',
    ],
    [['join', 'wait_ms'], 901, 'policy.join.wait_ms'],
    [['join', 'wait_ms'], '900', 'got "900"'],
    [['deadline_ms'], 1501, 'policy.deadline_ms'],
    [['deadline_ms'], 1200, 'policy.deadline_ms: must be above join.wait_ms + 300 = 1200'],
    [['join', 'on_missing'], 'APPROVE', 'policy.join.on_missing: expected one of STEP_UP, QUEUE'],
    [['model', 'on_skipped'], 'DECLINE', 'policy.model.on_skipped'],
    [
      ['degrade', 'mapping'],
      'lenient',
      'policy.degrade.mapping: expected one of strict, per-signal',
    ],
    [['degrade', 'mapping'], {}, 'policy.degrade.mapping.ofp_health: expected an object'],
    [['guardrails'], 'none', 'policy.guardrails: expected a list'],
    [['actions', 'release'], ['ALLOW'], 'policy.actions.release[0]'],
    [['label_horizon_days'], 0, 'policy.label_horizon_days'],
    [['labels'], 3, 'policy.labels: unknown field'],
    [['revision'], undefined, 'plain JSON values'],
  ])('A2, A3. %j = %j is refused in one line', (path, value, message) => {
    expect(() => readPolicy(withField(path, value))).toThrow(message);
  });

  it('A2. nothing needed may be left out', () => {
    const optional = ['thresholds', 'description'];
    for (const name of Object.keys(document()).filter((field) => !optional.includes(field))) {
      const rest = Object.fromEntries(
        Object.entries(document()).filter(([field]) => field !== name),
      );
      expect(() => readPolicy(rest)).toThrow(`policy.${name}`);
    }
  });

  it('names what is no document at all', () => {
    expect(() => readPolicy('hello')).toThrow('policy: expected an object with policy_id');
    expect(() => readPolicy(null)).toThrow('policy: expected an object');
  });
});

describe('thresholds', () => {
  const steps = readThresholds(
    new StrictReader(document()['thresholds'], 'thresholds', 'POLICY_INVALID'),
  );
  it.each([
    [0, 'APPROVE'],
    [0.499999, 'APPROVE'],
    [0.5, 'STEP_UP'],
    [0.9, 'DECLINE'],
    [1, 'DECLINE'],
    [NaN, 'DECLINE'],
    [-1, 'DECLINE'],
  ])('H2. a score of %d is %s', (score, action) => {
    expect(actionOf(score, steps)).toBe(action);
  });
});
