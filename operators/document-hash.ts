/**
 * One text and one hash for a document (policy, bundle), whatever the order of its fields or its layout.
 *
 * Not for event payloads: there the schema says which numbers are doubles (spec platform 1.4). A
 * document has no schema, so its numbers go by value: whole ones are digits, all others doubles. The
 * text is what Python's json.dumps(sort_keys, compact) writes for the same values.
 *
 * fails: TypeError for what JSON cannot say (undefined in a list, NaN): a programming error.
 * source: schemas/canonical.ts.
 */
import { canonicalText, double, type Canonical } from '../schemas/canonical.js';
import { sha256Hex } from '../schemas/sha256.js';

/** What a JSON document may hold. */
export type DocumentValue =
  | null
  | boolean
  | number
  | string
  | readonly DocumentValue[]
  | { readonly [name: string]: DocumentValue | undefined };

const isList = (value: DocumentValue): value is readonly DocumentValue[] => Array.isArray(value);

const canonicalOf = (value: DocumentValue | undefined): Canonical => {
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new TypeError(`a document cannot hold the number ${value}`);
    return Number.isSafeInteger(value) ? value : double(value);
  }
  if (value === undefined) throw new TypeError('a document cannot hold undefined in a list');
  if (value === null || typeof value !== 'object') return value;
  if (isList(value)) return value.map(canonicalOf);
  const given = Object.entries(value).filter(([, field]) => field !== undefined);
  return new Map(given.map(([name, field]) => [name, canonicalOf(field)]));
};

/** Canonical text; fields whose value is undefined are left out. */
export const documentText = (value: DocumentValue): string => canonicalText(canonicalOf(value));

/** sha256 of the text, lower hex, 64 characters. */
export const documentHash = (value: DocumentValue): string => sha256Hex(documentText(value));
