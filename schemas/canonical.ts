/**
 * Canonical JSON text, the pre-image of every id and hash of the platform: what Python's
 * json.dumps(sort_keys=True, ensure_ascii=True, separators=(",", ":")) writes.
 *
 * Numbers carry their type: JsonNumber (parsed text), bigint and safe integers are digits, a double is
 * given as `double(x)`. A JS number that is no safe integer is refused, because 12.0 and 12 hash
 * differently and only the schema knows which one is meant.
 *
 * source: spec/platform.md 1.1 to 1.3; vectors payload_hash, archive_payload_hash.
 */
import { DivertError } from './errors.js';
import { doubleText, JsonNumber, type JsonObject, type JsonValue } from './json-text.js';
import { sha256Hex } from './sha256.js';

export type Canonical =
  | null
  | boolean
  | string
  | number
  | bigint
  | JsonNumber
  | readonly Canonical[]
  | ReadonlyMap<string, Canonical>
  | { readonly [key: string]: Canonical };

/** A double for `canonicalText`, whatever its value: double(12) is written 12.0. */
export const double = (value: number): JsonNumber => new JsonNumber('double', doubleText(value));

// Exactly the range json.dumps leaves alone.
const PLAIN_ASCII = /^[\u0020\u0021\u0023-\u005b\u005d-\u007e]*$/;
const NEEDS_ESCAPE = /[^\u0020\u0021\u0023-\u005b\u005d-\u007e]/g;
const SHORT: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\b': '\\b',
  '\t': '\\t',
  '\n': '\\n',
  '\f': '\\f',
  '\r': '\\r',
};

/** A JSON string in ASCII: everything outside space to ~ as \uXXXX (astral as a pair), quotes included. */
export function stringText(value: string): string {
  if (PLAIN_ASCII.test(value)) return `"${value}"`;
  const escaped = value.replace(
    NEEDS_ESCAPE,
    (unit) => SHORT[unit] ?? `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return `"${escaped}"`;
}

/** UTF-16 units moved so that their order is code point order: surrogates rank above U+E000..U+FFFF. */
const rank = (unit: number): number =>
  unit < 0xd800 ? unit : unit < 0xe000 ? unit + 0x2000 : unit - 0x800;

/** Order by code point, as Python sorts keys; the default sort of JS orders by UTF-16 unit. */
export function compareCodePoints(left: string, right: string): number {
  const length = Math.min(left.length, right.length);
  for (let at = 0; at < length; at += 1) {
    const a = left.charCodeAt(at);
    const b = right.charCodeAt(at);
    if (a !== b) return rank(a) - rank(b);
  }
  return left.length - right.length;
}

function numberText(value: number): string {
  if (!Number.isSafeInteger(value)) {
    throw new DivertError(
      'ENCODE_FAILED',
      `${value} has no canonical text of its own: say double(x) or use a bigint`,
    );
  }
  return Object.is(value, -0) ? '0' : String(value);
}

interface Separators {
  readonly item: string;
  readonly key: string;
}
const COMPACT: Separators = { item: ',', key: ':' };
const SPACED: Separators = { item: ', ', key: ': ' };

const isMap = (value: object): value is ReadonlyMap<string, Canonical> => value instanceof Map;
const isArray = (value: object): value is readonly Canonical[] => Array.isArray(value);

function write(value: Canonical, separators: Separators): string {
  if (value === null) return 'null';
  switch (typeof value) {
    case 'string':
      return stringText(value);
    case 'boolean':
      return value ? 'true' : 'false';
    case 'bigint':
      return value.toString();
    case 'number':
      return numberText(value);
    default:
  }
  if (value instanceof JsonNumber) return value.text;
  if (isArray(value)) {
    return `[${value.map((item) => write(item, separators)).join(separators.item)}]`;
  }
  const entries = isMap(value) ? [...value] : Object.entries(value);
  entries.sort((left, right) => compareCodePoints(left[0], right[0]));
  const members = entries.map(
    ([key, item]) => stringText(key) + separators.key + write(item, separators),
  );
  return `{${members.join(separators.item)}}`;
}

/** Canonical text. */
export const canonicalText = (value: Canonical): string => write(value, COMPACT);

/** The same with Python's default separators; only the scenario runner's fingerprints use it. */
export const spacedText = (value: Canonical): string => write(value, SPACED);

/** sha256 hex of the canonical text. */
export const canonicalHash = (value: Canonical): string => sha256Hex(canonicalText(value));

/** sha256 hex of canon{recipe, payload}: the form of every recipe-named id. */
export const recipeHash = (recipe: string, payload: Canonical): string =>
  sha256Hex(`{"payload":${canonicalText(payload)},"recipe":${stringText(recipe)}}`);

/** True for a JSON object (and not an array or number). */
export const isJsonObject = (value: JsonValue | undefined): value is JsonObject =>
  value instanceof Map;
