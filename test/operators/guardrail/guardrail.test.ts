import { describe, expect, it } from 'vitest';
import { evaluateGuardrails, readGuardrails } from '../../../operators/guardrail/guardrail.js';
import type { GuardrailFacts } from '../../../operators/guardrail/condition.js';
import { StrictReader } from '../../../operators/strict-reader.js';

const rulesOf = (value: unknown) =>
  readGuardrails(new StrictReader(value, 'guardrails', 'POLICY_INVALID'));

const RULES = rulesOf([
  { code: 'AMOUNT_MALFORMED', when: { field: 'amount_minor', op: 'malformed' }, floor: 'QUEUE' },
  { code: 'AMOUNT_MISSING', when: { field: 'amount_minor', op: 'missing' }, floor: 'QUEUE' },
  {
    code: 'AMOUNT_NOT_POSITIVE',
    when: { field: 'amount_minor', op: 'lte', value: 0 },
    floor: 'DECLINE',
  },
  {
    code: 'AMOUNT_OVER_CAP',
    when: { field: 'amount_minor', op: 'gt', value: 500000 },
    floor: 'QUEUE',
  },
  {
    code: 'INSTRUMENT_VELOCITY',
    when: { feature: 'instrument.count_1h', op: 'gt', value: 20 },
    floor: 'DECLINE',
  },
  {
    code: 'IP_FAN_OUT',
    when: { feature: 'ip.accounts_7d', op: 'gt', value: 15 },
    floor: 'STEP_UP',
  },
  {
    code: 'CHALLENGE_REPLAY',
    when: [
      { field: 'challenge_id', op: 'ne', value: '' },
      { feature: 'challenge.uses_24h', op: 'gt', value: 1 },
    ],
    floor: 'DECLINE',
  },
]);

const facts = (
  fields: Readonly<Record<string, unknown>>,
  features: Readonly<Record<string, number | null>> = {},
): GuardrailFacts => ({ field: (name) => fields[name], feature: (name) => features[name] });

const SERVED = { 'instrument.count_1h': 1, 'ip.accounts_7d': 1, 'challenge.uses_24h': 0 };
const CALM = { amount_minor: 1000, challenge_id: 'c1' };

describe('guardrails', () => {
  it.each([
    ['nothing holds', CALM, SERVED, [], 'APPROVE'],
    ['zero amount', { ...CALM, amount_minor: 0 }, SERVED, ['AMOUNT_NOT_POSITIVE'], 'DECLINE'],
    ['negative amount', { ...CALM, amount_minor: -5 }, SERVED, ['AMOUNT_NOT_POSITIVE'], 'DECLINE'],
    ['the cap itself is allowed', { ...CALM, amount_minor: 500000 }, SERVED, [], 'APPROVE'],
    ['over the cap', { ...CALM, amount_minor: 500001 }, SERVED, ['AMOUNT_OVER_CAP'], 'QUEUE'],
    [
      'an amount that is text',
      { ...CALM, amount_minor: '12' },
      SERVED,
      ['AMOUNT_MALFORMED'],
      'QUEUE',
    ],
    [
      'an amount that is NaN',
      { ...CALM, amount_minor: NaN },
      SERVED,
      ['AMOUNT_MALFORMED'],
      'QUEUE',
    ],
    ['no amount', { challenge_id: 'c1' }, SERVED, ['AMOUNT_MISSING'], 'QUEUE'],
    [
      'velocity',
      CALM,
      { ...SERVED, 'instrument.count_1h': 21 },
      ['INSTRUMENT_VELOCITY'],
      'DECLINE',
    ],
    [
      'U1. a missing feature value is no hit',
      CALM,
      { ...SERVED, 'ip.accounts_7d': null },
      [],
      'APPROVE',
    ],
    [
      'replay of a challenge',
      CALM,
      { ...SERVED, 'challenge.uses_24h': 2 },
      ['CHALLENGE_REPLAY'],
      'DECLINE',
    ],
    [
      'Q2. one false condition is enough',
      { ...CALM, challenge_id: '' },
      { ...SERVED, 'challenge.uses_24h': 2 },
      [],
      'APPROVE',
    ],
    [
      'Q1. codes in the order of the policy, the strictest floor wins',
      { ...CALM, amount_minor: 600000 },
      { ...SERVED, 'instrument.count_1h': 30, 'ip.accounts_7d': 16 },
      ['AMOUNT_OVER_CAP', 'INSTRUMENT_VELOCITY', 'IP_FAN_OUT'],
      'DECLINE',
    ],
  ])('%s', (_name, fields, features, reasons, floor) => {
    expect(evaluateGuardrails(RULES, facts(fields, features))).toEqual({
      reasons,
      floor,
      notEvaluated: [],
    });
  });

  it('Q2. names the rules whose features are not served', () => {
    expect(evaluateGuardrails(RULES, facts(CALM))).toEqual({
      reasons: [],
      floor: 'APPROVE',
      notEvaluated: ['INSTRUMENT_VELOCITY', 'IP_FAN_OUT', 'CHALLENGE_REPLAY'],
    });
  });

  it.each([
    [{ field: 'x', op: 'in', value: ['a', 1] }, { x: 1 }, true],
    [{ field: 'x', op: 'in', value: ['a', 1] }, { x: '1' }, false],
    [{ field: 'x', op: 'eq', value: true }, { x: true }, true],
    [{ field: 'x', op: 'ne', value: 3 }, {}, false],
    [{ field: 'x', op: 'lt', value: 3 }, { x: '2' }, false],
    [{ field: 'x', op: 'gte', value: 3 }, { x: 3 }, true],
    [{ field: 'x', op: 'lt', value: 3 }, { x: 3 }, false],
    [{ field: 'x', op: 'malformed' }, { x: Infinity }, true],
    [{ field: 'x', op: 'malformed' }, { x: null }, false],
    [{ field: 'x', op: 'missing' }, { x: null }, true],
  ])('U1. %j over %j is %s', (when, fields, wanted) => {
    const rules = rulesOf([{ code: 'RULE', when, floor: 'QUEUE' }]);
    expect(evaluateGuardrails(rules, facts(fields)).reasons).toEqual(wanted ? ['RULE'] : []);
  });

  it.each([
    [
      [{ code: 'x', when: { field: 'a', op: 'missing' }, floor: 'QUEUE' }],
      'guardrails[0].code: expected an upper case code',
    ],
    [[{ code: 'CODE', when: [], floor: 'QUEUE' }], 'guardrails[0].when: at least one condition'],
    [
      [{ code: 'CODE', when: { field: 'a', op: 'gt' }, floor: 'QUEUE' }],
      'guardrails[0].when.value: expected a number, got nothing',
    ],
    [
      [{ code: 'CODE', when: { field: 'a', feature: 'b', op: 'missing' }, floor: 'QUEUE' }],
      'either a field or a feature',
    ],
    [[{ code: 'CODE', when: { op: 'missing' }, floor: 'QUEUE' }], 'either a field or a feature'],
    [
      [{ code: 'CODE', when: { field: 'a', op: 'missing', value: 1 }, floor: 'QUEUE' }],
      'missing takes no value',
    ],
    [
      [{ code: 'CODE', when: { field: 'a', op: 'like', value: 1 }, floor: 'QUEUE' }],
      'guardrails[0].when.op: expected one of lt',
    ],
    [
      [{ code: 'CODE', when: { field: 'a', op: 'missing' }, floor: 'BLOCK' }],
      'guardrails[0].floor: expected one of APPROVE',
    ],
    [
      [{ code: 'CODE', when: { field: 'a', op: 'missing' }, floor: 'QUEUE', flor: 1 }],
      'guardrails[0].flor: unknown field',
    ],
  ])('%j is refused: %s', (value, message) => {
    expect(() => rulesOf(value)).toThrow(message);
  });

  it('a code cannot be used twice', () => {
    const rule = { code: 'CODE', when: { field: 'a', op: 'missing' }, floor: 'QUEUE' };
    expect(() => rulesOf([rule, rule])).toThrow('code CODE is used twice');
  });
});
