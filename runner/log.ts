/**
 * Structured logs: one JSON object a line by pino, or one readable line when stderr is a terminal.
 *
 * Owns: what may stand in a log. Every object and every child's bindings pass `redacted` first.
 * L1. Never a payload: values under payload-like keys and all byte arrays become a note of their size.
 * L2. Never an identifying id: party, account, instrument, device and ip ids, in any spelling and at
 *     any depth, become "[redacted]".
 * L3. A text cannot break a line: control characters are escaped in both forms.
 * bound: objects are followed 6 deep and 50 keys or items wide; the rest is named as left out.
 * The message text is not searched: write ids into the object, never into the message.
 *
 * env: LOG_LEVEL (trace, debug, info, warn, error, fatal, silent); default info.
 * Source: spec/platform.md 1.12 (privacy).
 */
import pino from 'pino';
import { UsageError, WeirError } from '../schemas/errors.js';
import { logLine } from './log-line.js';

type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal';

/** A message, or an object with one; placeholders in the message are not filled. */
export interface LogCall {
  (message: string): void;
  (fields: object, message?: string): void;
}

/** What the process logs through. pino stands behind it, unreachable: nothing passes by `redacted`. */
export interface Logger extends Readonly<Record<LogLevel, LogCall>> {
  /** A logger that adds `bindings` to every line. */
  child(bindings: object): Logger;
}

export interface LogOptions {
  /** Default: LOG_LEVEL, else info. Errors: UsageError for another word. */
  readonly level?: string;
  /** Where lines go; default stderr. */
  readonly out?: { write(line: string): unknown };
  /** Readable lines; default: when stderr is a terminal and `out` is not given. */
  readonly pretty?: boolean;
}

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];
const DEPTH_MAX = 6;
const WIDTH_MAX = 50;
const SENSITIVE =
  /^(party|account|instrument|device|ip|card|customer)(ids?|address(es)?|values?)?$/;
const PAYLOAD = /^(payload|value|body|record|records|envelope|event|features|featurevalues)$/;

const plainKey = (key: string): string => key.toLowerCase().replace(/[^a-z]/g, '');

const fromError = (error: Error, depth: number): Record<string, unknown> => ({
  type: error.name,
  message: error.message,
  ...(error instanceof WeirError
    ? { code: error.code, disposition: error.disposition, origin: error.origin }
    : {}),
  stack: error.stack,
  ...(error.cause === undefined ? {} : { cause: redacted(error.cause, depth + 1) }),
});

const sizeOf = (value: unknown): string => {
  if (value instanceof Uint8Array) return `${value.byteLength} bytes`;
  if (typeof value === 'string') return `${value.length} characters`;
  if (Array.isArray(value)) return `${value.length} items`;
  return 'left out';
};

const fromEntry = (key: string, value: unknown, depth: number): unknown => {
  if (value === undefined || value === null) return value;
  const plain = plainKey(key);
  if (SENSITIVE.test(plain) && typeof value !== 'boolean') return '[redacted]';
  // A number or flag called "value" or "records" is a measure, not a payload.
  if (PAYLOAD.test(plain) && typeof value !== 'number' && typeof value !== 'boolean')
    return `[payload, ${sizeOf(value)}]`;
  return redacted(value, depth + 1);
};

/** A copy of `value` that may stand in a log (L1, L2). */
export const redacted = (value: unknown, depth = 0): unknown => {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Error) return fromError(value, depth);
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer)
    return `[${value.byteLength} bytes]`;
  if (depth >= DEPTH_MAX) return '[deeper]';
  if (value instanceof Map) return redacted(Object.fromEntries(value), depth);
  if (Array.isArray(value) || value instanceof Set) {
    const items = [...(value as Iterable<unknown>)];
    const kept = items.slice(0, WIDTH_MAX).map((item) => redacted(item, depth + 1));
    return items.length > WIDTH_MAX ? [...kept, `[${items.length - WIDTH_MAX} more]`] : kept;
  }
  const entries = Object.entries(value);
  const kept = entries
    .slice(0, WIDTH_MAX)
    .map(([key, inner]) => [key, fromEntry(key, inner, depth)] as const);
  const more = entries.length - kept.length;
  return Object.fromEntries(more > 0 ? [...kept, ['more', `[${more} keys]`]] : kept);
};

const asObject = (value: object): Record<string, unknown> =>
  redacted(value) as Record<string, unknown>;

const levelFrom = (given: string | undefined): string => {
  const level = (given ?? process.env['LOG_LEVEL'] ?? 'info').toLowerCase();
  if (LEVELS.includes(level)) return level;
  throw new UsageError(`LOG_LEVEL is '${level}'; use one of ${LEVELS.join(', ')}.`);
};

const wrapped = (inner: pino.Logger): Logger => {
  const write =
    (level: LogLevel): LogCall =>
    (first: object | string, message?: string): void => {
      if (typeof first === 'string') inner[level](first);
      else if (first instanceof Error) inner[level](asObject({ err: first }), message);
      else inner[level](asObject(first), message);
    };
  return {
    trace: write('trace'),
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    fatal: write('fatal'),
    child: (bindings) => wrapped(inner.child(asObject(bindings))),
  };
};

/**
 * The process's root logger; give each topology and task a child: `log.child({ topology, task })`.
 * Writes are synchronous, so that the last line before a crash is there.
 */
export const createLogger = (options: LogOptions = {}): Logger => {
  const level = levelFrom(options.level);
  const out = options.out ?? process.stderr;
  const pretty = options.pretty ?? (options.out === undefined && process.stderr.isTTY);
  const settings = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    // What arrives here has passed `redacted`; pino's own serializer would open errors again.
    serializers: { err: (error: unknown) => error },
    formatters: { level: (label: string) => ({ level: label }) },
  };
  return wrapped(
    pino(settings, { write: (line: string) => out.write(pretty ? logLine(line) : line) }),
  );
};
