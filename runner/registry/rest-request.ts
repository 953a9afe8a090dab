/**
 * Reading the parts of a registry request: flags, ids, versions, bodies. Errors: 40403, 42202.
 * Source: Confluent's REST contract, whose version is a number, `latest` or -1.
 */
import { refuse } from './registry-error.js';

/** `true` in any case is true, everything else false, as the contract's server reads it. */
export const flag = (text: string | undefined): boolean => text?.toLowerCase() === 'true';

export const parsedVersion = (text: string): number | 'latest' => {
  if (text === 'latest' || text === '-1') return 'latest';
  if (!/^[0-9]{1,10}$/.test(text)) throw refuse.invalidVersion(text);
  return Number(text);
};

export const parsedId = (text: string): number => {
  if (!/^[0-9]{1,10}$/.test(text)) throw refuse.schemaNotFound();
  return Number(text);
};

/** The body as an object; anything else reads as an empty one, and what is needed is then missing. */
export const recordOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
