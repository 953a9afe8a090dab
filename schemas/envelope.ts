/**
 * Is this envelope, and the payload in it, what the contract says? Answers are problems with a code
 * and a message that names the field; nothing is repaired and nothing is guessed.
 *
 * Stricter than the reference, which validates without format checks: ids of length 0 or 257,
 * impossible times, any schema_version but v1, unknown event types are refused (scenarios 20 to 23).
 *
 * source: spec/platform.md 2.1 to 2.3; vectors envelope_validation, payload_schema_validation.
 */
import type { Code } from './codes.js';
import { JsonNumber, type JsonObject, type JsonValue } from './json-text.js';
import {
  CLASS_MAP,
  isEngineOutput,
  isOfKind,
  KIND_MEANING,
  PAYLOAD_CONTRACTS,
} from './payload-contract.js';
import { parseUtcMicros } from './utc-time.js';

export interface Problem {
  readonly code: Code;
  readonly message: string;
}

/** The only schema_version admitted (ruling on platform 2.3). */
export const SCHEMA_VERSION = 'v1';

interface Check {
  readonly holds: (value: JsonValue) => boolean;
  readonly meaning: string;
}

/** Characters are code points, as JSON Schema counts them. */
const textCheck = (most: number): Check => ({
  holds: (value) =>
    typeof value === 'string' &&
    value !== '' &&
    (value.length <= most || (value.length <= 2 * most && Array.from(value).length <= most)),
  meaning: `a string of 1 to ${most} characters`,
});
const patternCheck = (pattern: RegExp, meaning: string): Check => ({
  holds: (value) => typeof value === 'string' && pattern.test(value),
  meaning,
});
const timeCheck: Check = {
  holds: (value) => typeof value === 'string' && parseUtcMicros(value) !== undefined,
  meaning: KIND_MEANING.utc,
};
const hex32 = patternCheck(/^[0-9a-f]{32}$/, '32 lower-case hex digits');
const hex64 = patternCheck(/^[0-9a-f]{64}$/, '64 lower-case hex digits');
const isNatural = (value: JsonValue): boolean =>
  value instanceof JsonNumber && value.kind === 'integer' && !value.text.startsWith('-');
const text256 = textCheck(256);
const text128 = textCheck(128);

const ENVELOPE: ReadonlyMap<string, Check> = new Map([
  ['event_id', text256],
  ['parent_event_id', text256],
  ['event_type', text256],
  ['schema_version', textCheck(64)],
  ['ts_utc', timeCheck],
  ['emitted_at_utc', timeCheck],
  ['manifest_fingerprint', hex64],
  ['parameter_hash', hex64],
  [
    'platform_run_id',
    patternCheck(/^platform_[0-9]{8}T[0-9]{6}Z$/, 'platform_ and a time like 20260201T224449Z'),
  ],
  ['scenario_run_id', hex32],
  ['run_id', hex32],
  ['seed', { holds: (value) => isOfKind(value, 'uint64'), meaning: KIND_MEANING.uint64 }],
  [
    'scenario_id',
    {
      holds: (value) => text256.holds(value) || isNatural(value),
      meaning: `${text256.meaning}, or an integer from 0`,
    },
  ],
  ['trace_id', text128],
  ['span_id', text128],
  ['producer', text128],
  ['payload', { holds: (value) => value instanceof Map, meaning: 'an object' }],
]);
const REQUIRED = ['event_id', 'event_type', 'ts_utc', 'manifest_fingerprint'] as const;

/** What is wrong with an envelope by itself, or null. */
export function envelopeProblem(envelope: JsonValue): Problem | null {
  const invalid = (message: string): Problem => ({ code: 'ENVELOPE_INVALID', message });
  if (!(envelope instanceof Map)) return invalid('the envelope is not an object');
  const object: JsonObject = envelope;
  for (const name of REQUIRED) {
    if (!object.has(name)) return invalid(`${name} is missing`);
  }
  for (const [name, value] of object) {
    const check = ENVELOPE.get(name);
    if (check === undefined) return invalid(`${name} is not a field of the envelope`);
    if (!check.holds(value)) return invalid(`${name} is not ${check.meaning}`);
  }
  return null;
}

/** What is wrong with the class and pins of a valid envelope, or null. */
export function classProblem(envelope: JsonObject): Problem | null {
  const eventType = envelope.get('event_type') as string;
  const eventClass = CLASS_MAP.get(eventType);
  if (eventClass === undefined) {
    return {
      code: 'SCHEMA_POLICY_MISSING',
      message: `event type ${eventType} is not in the class map`,
    };
  }
  const missing = eventClass.pins.filter((pin) => !envelope.has(pin));
  if (missing.length > 0) {
    return { code: 'PINS_MISSING', message: `${eventClass.name} requires ${missing.join(', ')}` };
  }
  return null;
}

/** What is wrong with a payload of an event type and schema version, or null. */
export function payloadProblem(
  eventType: string,
  schemaVersion: JsonValue | undefined,
  payload: JsonValue | undefined,
): Problem | null {
  if (!isEngineOutput(eventType)) {
    return { code: 'SCHEMA_POLICY_MISSING', message: `no payload schema for ${eventType}` };
  }
  if (schemaVersion === undefined || schemaVersion === null) {
    return { code: 'SCHEMA_VERSION_REQUIRED', message: `schema_version must be ${SCHEMA_VERSION}` };
  }
  if (schemaVersion !== SCHEMA_VERSION) {
    return {
      code: 'SCHEMA_VERSION_NOT_ALLOWED',
      message: `schema_version must be ${SCHEMA_VERSION}`,
    };
  }
  const failed = (message: string): Problem => ({ code: 'SCHEMA_FAIL', message });
  if (!(payload instanceof Map)) return failed('payload is not an object');
  const object: JsonObject = payload;
  const contract = PAYLOAD_CONTRACTS[eventType];
  for (const field of contract.fields) {
    const value = object.get(field.name);
    if (value === undefined) {
      if (field.required) return failed(`payload.${field.name} is missing`);
    } else if (!(value === null && field.nullable) && !isOfKind(value, field.kind)) {
      return failed(`payload.${field.name} is not ${KIND_MEANING[field.kind]}`);
    }
  }
  // An undeclared field is carried in a map, where this one name cannot be a key.
  if (object.has('__proto__')) return failed('payload.__proto__ cannot be carried');
  if (!contract.extraAllowed) {
    for (const name of object.keys()) {
      if (!contract.byName.has(name))
        return failed(`payload.${name} is not a field of ${eventType}`);
    }
  }
  return null;
}

/** Pins that stand in both places must be the same in both. */
export function pinsProblem(envelope: JsonObject, payload: JsonObject): Problem | null {
  for (const name of ['seed', 'manifest_fingerprint', 'parameter_hash', 'scenario_id']) {
    if (textOf(envelope.get(name)) !== textOf(payload.get(name))) {
      return { code: 'PINS_MISMATCH', message: `payload.${name} is not the envelope's ${name}` };
    }
  }
  return null;
}

const textOf = (value: JsonValue | undefined): JsonValue | undefined =>
  value instanceof JsonNumber ? value.text : value;
