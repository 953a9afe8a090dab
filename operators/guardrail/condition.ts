/**
 * One comparison of a guardrail: `{field: amount_minor, op: gt, value: 500000}`.
 *
 * A field is a value of the event, a feature one that the feature set serves.
 *
 * U1. A comparison with a missing value is false; only `missing` and `malformed` see it. Texts and
 *     numbers never equal each other.
 * U2. A feature that is not served at all (its group is masked, or another feature set is stamped) is
 *     *unknown*: neither true nor false.
 *
 * source: spec platform section 13 (guardrails).
 */
import type { StrictReader } from '../strict-reader.js';

const ORDER_OPS = ['lt', 'lte', 'gt', 'gte'] as const;
const EQUAL_OPS = ['eq', 'ne'] as const;
/** `missing`: null or absent. `malformed`: present, but no finite number. */
const STATE_OPS = ['missing', 'malformed'] as const;
const OPS = [...ORDER_OPS, ...EQUAL_OPS, 'in', ...STATE_OPS] as const;

type Scalar = string | number | boolean;

interface Subject {
  readonly of: 'field' | 'feature';
  readonly name: string;
}

export type Condition = Subject &
  (
    | { readonly op: (typeof ORDER_OPS)[number]; readonly value: number }
    | { readonly op: (typeof EQUAL_OPS)[number]; readonly value: Scalar }
    | { readonly op: 'in'; readonly values: readonly Scalar[] }
    | { readonly op: (typeof STATE_OPS)[number] }
  );

/** Looks values up by name. `undefined` from `feature` means not served (U2); `null` means missing. */
export interface GuardrailFacts {
  field(name: string): unknown;
  feature(name: string): number | null | undefined;
}

const readScalar = (reader: StrictReader): Scalar => {
  const { value } = reader;
  if (typeof value === 'boolean' || typeof value === 'string') return value;
  return typeof value === 'number'
    ? reader.number()
    : reader.refuse('a text, a number, true or false');
};

const readSubject = (reader: StrictReader): Subject => {
  const field = reader.field('field');
  const feature = reader.field('feature');
  if (field.absent === feature.absent) reader.reject('name either a field or a feature');
  return field.absent
    ? { of: 'feature', name: feature.text() }
    : { of: 'field', name: field.text() };
};

export const readCondition = (reader: StrictReader): Condition => {
  reader.fields('field', 'feature', 'op', 'value');
  const subject = readSubject(reader);
  const op = reader.field('op').oneOf(OPS);
  const value = reader.field('value');
  switch (op) {
    case 'lt':
    case 'lte':
    case 'gt':
    case 'gte':
      return { ...subject, op, value: value.number() };
    case 'eq':
    case 'ne':
      return { ...subject, op, value: readScalar(value) };
    case 'in':
      return { ...subject, op, values: value.items().map(readScalar) };
    case 'missing':
    case 'malformed':
      if (!value.absent) value.reject(`${op} takes no value; remove it`);
      return { ...subject, op };
  }
};

const compares = (op: (typeof ORDER_OPS)[number], x: number, limit: number): boolean => {
  switch (op) {
    case 'lt':
      return x < limit;
    case 'lte':
      return x <= limit;
    case 'gt':
      return x > limit;
    case 'gte':
      return x >= limit;
  }
};

/** U1, U2. */
export const holds = (condition: Condition, facts: GuardrailFacts): boolean | 'unknown' => {
  const found =
    condition.of === 'field' ? facts.field(condition.name) : facts.feature(condition.name);
  if (condition.of === 'feature' && found === undefined) return 'unknown';
  const missing = found === null || found === undefined;
  switch (condition.op) {
    case 'missing':
      return missing;
    case 'malformed':
      return !missing && !(typeof found === 'number' && Number.isFinite(found));
    case 'eq':
      return found === condition.value;
    case 'ne':
      return !missing && found !== condition.value;
    case 'in':
      return condition.values.some((value) => value === found);
    default:
      return typeof found === 'number' && compares(condition.op, found, condition.value);
  }
};
