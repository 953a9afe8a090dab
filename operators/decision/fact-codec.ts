/**
 * Bytes of facts inside stored rows. Hot rows are raw bytes: a frame of three facts takes about 230
 * bytes and 1.5 us, a fifth of what a general codec needs (COSTS rule 5).
 *
 * Layout: a word is one byte into WORDS, or 0 and a text; an id of 64 hex digits is 32 bytes, any other
 * a text; an offset is a varint (a log never reaches 2^53 records).
 * WORDS is part of the format: entries are only ever added at its end.
 */
import { topics } from '../../schemas/topics.js';
import type { ByteReader, ByteWriter } from '../../state/byte-writer.js';
import type { EventFact, Origin } from './inlet.js';

const WORDS: readonly string[] = [
  topics.arrivals.name,
  topics.entities.name,
  topics.flowAnchors.name,
  topics.flowAnchorsBaseline.name,
  topics.traffic.name,
  topics.trafficBaseline.name,
  'arrival_events_5B',
  's1_arrival_entities_6B',
  's3_flow_anchor_with_fraud_6B',
  's2_flow_anchor_baseline_6B',
  's3_event_stream_with_fraud_6B',
  's2_event_stream_baseline_6B',
  'traffic_fraud',
  'traffic_baseline',
  'AUTH_REQUEST',
  'AUTH_RESPONSE',
];
const WORD_NUMBERS: ReadonlyMap<string, number> = new Map(
  WORDS.map((word, index) => [word, index + 1]),
);
const HEX64 = /^[0-9a-f]{64}$/;

const ASCII_MAX = 127;

function isAscii(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) {
    if (text.charCodeAt(at) > ASCII_MAX) return false;
  }
  return true;
}

/** Twice the length in bytes, plus 1 when there is more than ASCII. */
export function writeText(out: ByteWriter, text: string): void {
  if (isAscii(text)) {
    out.varint(text.length * 2);
    out.chars(text, 0);
    return;
  }
  const bytes = Buffer.from(text, 'utf8');
  out.varint(bytes.length * 2 + 1);
  out.raw(bytes);
}

export function readText(from: ByteReader): string {
  const head = from.varint();
  return head % 2 === 0 ? from.chars(head / 2) : from.raw((head - 1) / 2).toString('utf8');
}

export function writeWord(out: ByteWriter, word: string): void {
  const number = WORD_NUMBERS.get(word) ?? 0;
  out.byte(number);
  if (number === 0) writeText(out, word);
}

export function readWord(from: ByteReader): string {
  const number = from.byte();
  return number === 0 ? readText(from) : (WORDS[number - 1] ?? '');
}

const scratch = Buffer.alloc(32);

/** Ids of the engine are 64 hex digits. */
export function writeId(out: ByteWriter, id: string): void {
  if (HEX64.test(id)) {
    out.byte(1);
    scratch.write(id, 'hex');
    out.raw(scratch);
    return;
  }
  out.byte(0);
  writeText(out, id);
}

export const readId = (from: ByteReader): string =>
  from.byte() === 1 ? from.raw(32).toString('hex') : readText(from);

export function writeOrigin(out: ByteWriter, origin: Origin): void {
  writeWord(out, origin.topic);
  out.varint(origin.partition);
  out.varint(Number(origin.offset));
}

export const readOrigin = (from: ByteReader): Origin => ({
  topic: readWord(from),
  partition: from.varint(),
  offset: BigInt(from.varint()),
});

export function writeFact(out: ByteWriter, fact: EventFact): void {
  writeId(out, fact.eventId);
  writeWord(out, fact.eventType);
  out.raw(fact.payloadHash);
  writeOrigin(out, fact.origin);
}

export const readFact = (from: ByteReader): EventFact => ({
  eventId: readId(from),
  eventType: readWord(from),
  payloadHash: Buffer.from(from.raw(32)),
  origin: readOrigin(from),
});

/** null as a byte of 0. */
export function writeMaybe<T>(
  out: ByteWriter,
  value: T | null,
  write: (out: ByteWriter, value: T) => void,
): void {
  out.byte(value === null ? 0 : 1);
  if (value !== null) write(out, value);
}

export const readMaybe = <T>(from: ByteReader, read: (from: ByteReader) => T): T | null =>
  from.byte() === 0 ? null : read(from);

/** A whole number of either sign: times before 1970, refunds. */
export function writeWhole(out: ByteWriter, value: number): void {
  out.byte(value < 0 ? 1 : 0);
  out.varint(Math.abs(value));
}

export function readWhole(from: ByteReader): number {
  const sign = from.byte() === 1 ? -1 : 1;
  return sign * from.varint();
}
