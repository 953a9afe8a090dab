/**
 * The byte table of a task's keys, and the way parts become one key.
 *
 * A key is a *byte string*: a JavaScript string in which one char is one byte (latin1), so comparing
 * strings is comparing bytes and a Map finds it without conversion. Text is UTF-8 inside it.
 *
 * K1. Different parts never make equal keys: every part is tagged and ended or of fixed length.
 * K2. Keys sort by their parts: text by its UTF-8 bytes, numbers by size, a shorter list first.
 * K3. `scopedKey` puts the platform_run_id first, so runs never see each other's rows.
 *
 * Byte table (first byte of a key in LevelDB and in a blob, the *key space*):
 *
 *   00  meta       text                                  the mark of the last checkpoint
 *   10  keyed      u8 store, key                         version byte, value
 *   20  guard run  u8 store, u64 bucket, u64 round       packed 24-byte entries
 *   21  guard set  u8 store                              the live buckets of a guard
 *   30  timer      u32 operator, key                     f64 dueMs, setter
 *
 * Parts of a key: 01 text (00 escaped as 00 ff) 00 | 02 u64 | 03 u32 (a chunk of a window).
 * All numbers are big-endian.
 */
import { HaltError } from '../schemas/errors.js';

export const SPACE = {
  meta: '\x00',
  keyed: '\x10',
  guardRun: '\x20',
  guardSet: '\x21',
  timer: '\x30',
} as const;

/** The row that says what the last checkpoint stands at. */
export const MARK_KEY = `${SPACE.meta}mark`;

/** A text or a whole number from 0 to 2^64 - 1; a `number` must be a safe integer. */
export type KeyPart = string | number | bigint;

const TEXT = '\x01';
const WHOLE = '\x02';
const CHUNK = '\x03';
const END = '\x00';
const U64_LIMIT = 1n << 64n;

/** Plain text needs neither UTF-8 encoding nor escaping. */
const NOT_PLAIN = /[^\x01-\x7f]/;

/** Most stores a task can have: the ordinal is one byte. */
export const STORES_MAX = 255;

/** `value` as `width` big-endian bytes. */
export function bigEndian(value: number, width: 1 | 4 | 8): string {
  if (!Number.isSafeInteger(value) || value < 0 || (width < 8 && value >= 2 ** (8 * width))) {
    throw new HaltError('STATE_MISUSE', `${value} is not a whole number of ${width} bytes`);
  }
  if (width === 1) return String.fromCharCode(value);
  const low = value >>> 0;
  const word = String.fromCharCode(low >>> 24, (low >>> 16) & 255, (low >>> 8) & 255, low & 255);
  if (width === 4) return word;
  const high = Math.floor(value / 2 ** 32);
  return (
    String.fromCharCode(high >>> 24, (high >>> 16) & 255, (high >>> 8) & 255, high & 255) + word
  );
}

/** Reads `width` big-endian bytes of a byte string at `at`. */
export function readBigEndian(key: string, at: number, width: 1 | 4 | 8): number {
  let value = 0;
  for (let index = at; index < at + width; index += 1) value = value * 256 + key.charCodeAt(index);
  return value;
}

/** Text as a byte string of its UTF-8 bytes. */
export function utf8Key(text: string): string {
  return NOT_PLAIN.test(text) ? Buffer.from(text, 'utf8').toString('latin1') : text;
}

function textPart(text: string): string {
  if (!NOT_PLAIN.test(text)) return TEXT + text + END;
  return TEXT + utf8Key(text).replaceAll('\x00', '\x00\xff') + END;
}

function wholePart(value: number | bigint): string {
  if (typeof value === 'number') return WHOLE + bigEndian(value, 8);
  if (value < 0n || value >= U64_LIMIT) {
    throw new HaltError('STATE_MISUSE', `key part ${value.toString()} is not a uint64`);
  }
  return WHOLE + bigEndian(Number(value >> 32n), 4) + bigEndian(Number(value & 0xffffffffn), 4);
}

/** One key of any parts, in order (K1, K2). */
export function keyOf(...parts: readonly KeyPart[]): string {
  let key = '';
  for (const part of parts) key += typeof part === 'string' ? textPart(part) : wholePart(part);
  return key;
}

/** A key under a platform_run_id (K3). */
export function scopedKey(run: string, ...parts: readonly KeyPart[]): string {
  return textPart(run) + keyOf(...parts);
}

/** The key of chunk `id` under an entity's key. */
export function chunkKey(entity: string, id: number): string {
  return (
    entity + CHUNK + String.fromCharCode(id >>> 24, (id >>> 16) & 255, (id >>> 8) & 255, id & 255)
  );
}

/** The parts a key was made of, for people; undefined when it was not made by `keyOf`. */
export function keyParts(key: string): readonly (string | bigint)[] | undefined {
  const parts: (string | bigint)[] = [];
  let at = 0;
  while (at < key.length) {
    const tag = key[at];
    if (tag === WHOLE && at + 9 <= key.length) {
      const high = BigInt(readBigEndian(key, at + 1, 4));
      parts.push((high << 32n) | BigInt(readBigEndian(key, at + 5, 4)));
      at += 9;
      continue;
    }
    if (tag === CHUNK && at + 5 <= key.length) {
      parts.push(BigInt(readBigEndian(key, at + 1, 4)));
      at += 5;
      continue;
    }
    const end = tag === TEXT ? textEnd(key, at + 1) : -1;
    if (end < 0) return undefined;
    const bytes = key.slice(at + 1, end).replaceAll('\x00\xff', '\x00');
    parts.push(Buffer.from(bytes, 'latin1').toString('utf8'));
    at = end + 1;
  }
  return parts;
}

/** Where the text part beginning at `from` ends: its first 00 that no ff follows. */
function textEnd(key: string, from: number): number {
  let end = key.indexOf(END, from);
  while (end >= 0 && key[end + 1] === '\xff') end = key.indexOf(END, end + 2);
  return end;
}

/** A key in words: its parts, or its bytes in hex when it was not made by `keyOf`. */
export function describeKey(key: string): string {
  const parts = keyParts(key);
  if (parts === undefined) return `0x${Buffer.from(key, 'latin1').toString('hex')}`;
  return parts.map((part) => part.toString()).join(' / ');
}

/** Prefix of every row of a keyed store. */
export function keyedPrefix(store: number): string {
  return SPACE.keyed + bigEndian(store, 1);
}

export function guardSetKey(store: number): string {
  return SPACE.guardSet + bigEndian(store, 1);
}

export function guardRunPrefix(store: number): string {
  return SPACE.guardRun + bigEndian(store, 1);
}

export function guardRunKey(store: number, bucket: number, round: number): string {
  return guardRunPrefix(store) + bigEndian(bucket, 8) + bigEndian(round, 8);
}

/** The part of a timer's key after its space: operator, then the operator's key. */
export function timerId(operator: number, key: string): string {
  return bigEndian(operator, 4) + key;
}

/**
 * The smallest byte string above every one that starts with `prefix`; undefined when there is none
 * (all ff).
 */
export function prefixEnd(prefix: string): string | undefined {
  for (let at = prefix.length - 1; at >= 0; at -= 1) {
    const byte = prefix.charCodeAt(at);
    if (byte < 255) return prefix.slice(0, at) + String.fromCharCode(byte + 1);
  }
  return undefined;
}
