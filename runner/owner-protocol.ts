/**
 * What goes over `<data>/weir.sock`: HTTP over a unix socket, bodies in msgpack.
 *
 *   POST /call/NAME    one request, one answer: {answer} or {error}
 *   POST /stream/NAME  one request, many answers: frames of length (4 bytes, big-endian) and msgpack,
 *                      each {item}, the last {end: true} or {error}
 *   GET /metrics, /health/live, /health/ready   text, for people with curl
 *
 * A call is a typed constant that both sides share, so what one sends the other declares. The socket
 * has mode 0600: whoever can open it is the same person who owns the data directory.
 */
import { Packr } from 'msgpackr';
import { CODES, type Code } from '../schemas/codes.js';
import { DivertError, HaltError, RetryError, UsageError, WeirError } from '../schemas/errors.js';

/** One request, one answer. The types exist for the compiler only. */
export interface OwnerCall<Params, Answer> {
  readonly kind: 'call';
  readonly name: string;
  readonly types?: (params: Params) => Answer;
}

/** One request, answers until the server ends or the client leaves. */
export interface OwnerStream<Params, Item> {
  readonly kind: 'stream';
  readonly name: string;
  readonly types?: (params: Params) => Item;
}

export const ownerCall = <Params, Answer>(name: string): OwnerCall<Params, Answer> => ({
  kind: 'call',
  name,
});

export const ownerStream = <Params, Item>(name: string): OwnerStream<Params, Item> => ({
  kind: 'stream',
  name,
});

/** Largest request body and answer frame, bytes. */
export const MESSAGE_BYTES_MAX = 96 * 1024 * 1024;

const packr = new Packr({ useRecords: false });

export const packMessage = (message: unknown): Buffer => packr.pack(message);

export const unpackMessage = (bytes: Uint8Array): unknown => packr.unpack(bytes) as unknown;

export interface WireError {
  readonly code: Code;
  readonly message: string;
  readonly origin: string | null;
}

/** One of these, by which field is there. */
export interface OwnerMessage {
  readonly answer?: unknown;
  readonly item?: unknown;
  readonly end?: boolean;
  readonly error?: WireError;
}

/** Errors of weir cross with their code; anything else is the owner's defect and says so. */
export const wireError = (failure: unknown): WireError => {
  if (failure instanceof WeirError) {
    return { code: failure.code, message: failure.message, origin: failure.origin ?? null };
  }
  const why = failure instanceof Error ? failure.message : String(failure);
  return { code: 'OWNER_GONE', message: `the owner could not answer: ${why}`, origin: null };
};

/** The same error on this side; a code this build does not know halts. */
export const errorOfWire = ({ code, message, origin }: WireError): WeirError => {
  const options = origin === null ? {} : { origin };
  if (code === 'USAGE') return new UsageError(message, options);
  const known = Object.hasOwn(CODES, code);
  switch (known ? CODES[code].disposition : 'halt') {
    case 'divert':
      return new DivertError(code, message, options);
    case 'retry':
      return new RetryError(code, message, options);
    case 'halt':
      return known
        ? new HaltError(code, message, options)
        : new HaltError('OWNER_GONE', `${code}: ${message}`, options);
  }
};

export const frameOf = (message: OwnerMessage): Buffer => {
  const body = packMessage(message);
  const frame = Buffer.allocUnsafe(4 + body.length);
  frame.writeUInt32BE(body.length, 0);
  body.copy(frame, 4);
  return frame;
};

/** Frames out of chunks as the socket delivers them. */
export async function* framesIn(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<OwnerMessage> {
  let waiting = Buffer.alloc(0);
  for await (const chunk of chunks) {
    waiting = waiting.length === 0 ? Buffer.from(chunk) : Buffer.concat([waiting, chunk]);
    let at = 0;
    while (waiting.length - at >= 4) {
      const length = waiting.readUInt32BE(at);
      if (waiting.length - at - 4 < length) break;
      yield unpackMessage(waiting.subarray(at + 4, at + 4 + length)) as OwnerMessage;
      at += 4 + length;
    }
    waiting = waiting.subarray(at);
  }
}
