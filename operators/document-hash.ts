/**
 * One text and one hash for a document (policy, bundle) whatever the order of its fields or its layout.
 *
 * Not for event payloads: their hash is typed by schema (spec platform 1.4). A document is JSON whose
 * numbers are all doubles, so the text rule of RFC 8785 fits: fields sorted by UTF-16 code unit,
 * numbers as ECMAScript writes them, no spaces, UTF-8.
 *
 * fails: TypeError for what JSON cannot say (undefined in a list, NaN, functions): a programming error.
 */
import { createHash } from 'node:crypto';

/** What a JSON document may hold. */
export type DocumentValue =
  | null
  | boolean
  | number
  | string
  | readonly DocumentValue[]
  | { readonly [name: string]: DocumentValue | undefined };

const isList = (value: DocumentValue): value is readonly DocumentValue[] => Array.isArray(value);

/** RFC 8785 text; fields whose value is undefined are left out. */
export const documentText = (value: DocumentValue): string => {
  if (typeof value === 'number' && !Number.isFinite(value)) {
    throw new TypeError(`a document cannot hold the number ${value}`);
  }
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (isList(value)) return `[${value.map(documentText).join(',')}]`;
  const fields: string[] = [];
  for (const name of Object.keys(value).sort((a, b) => (a < b ? -1 : 1))) {
    const field = value[name];
    if (field !== undefined) fields.push(`${JSON.stringify(name)}:${documentText(field)}`);
  }
  return `{${fields.join(',')}}`;
};

/** sha256 of the text, lower hex, 64 characters. */
export const documentHash = (value: DocumentValue): string =>
  createHash('sha256').update(documentText(value), 'utf8').digest('hex');
