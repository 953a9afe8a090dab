/**
 * Values as JSON for people and pipes: one line, bytes as lower-case hex, 64-bit numbers exact.
 */
import { randomUUID } from 'node:crypto';

/** Digits of a bigint travel through JSON.stringify as strings that no value can hold by chance. */
const MARK = `bigint-${randomUUID()}:`;
const MARKED = new RegExp(`"${MARK}(-?\\d+)"`, 'g');

/** JSON text of a decoded value; a bigint is written with all its digits. */
export function jsonText(value: unknown): string {
  return JSON.stringify(plain(value)).replaceAll(MARKED, '$1');
}

/** The same value with bytes as hex, maps as objects and bigints marked for `jsonText`. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return MARK + value.toString();
  if (typeof value !== 'object' || value === null) return value ?? null;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  if (value instanceof Map) {
    return Object.fromEntries([...value].map(([key, item]) => [String(key), plain(item)]));
  }
  if (value instanceof Set) return [...value].map(plain);
  if (Array.isArray(value)) return value.map(plain);
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, plain(item)]));
}

/** Bytes as text when they are UTF-8 without control characters, else as 0x and hex. */
export function textOfBytes(bytes: Uint8Array | null): string | null {
  if (bytes === null) return null;
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = buffer.toString('utf8');
  const exact = !/[\p{Cc}\uFFFD]/u.test(text);
  return exact ? text : `0x${buffer.toString('hex')}`;
}

/** Milliseconds since 1970 as RFC 3339 in UTC. */
export const timeText = (timeMs: number): string => new Date(timeMs).toISOString();
