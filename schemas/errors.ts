/**
 * The one error family of weir. A code is wire format: the quarantine topic carries it, dashboards
 * count it, so it is never renamed. What happens to the record or task is the disposition:
 * `divert` (the lift: quarantine this record, go on), `retry` (a border: try again later),
 * `halt` (an invariant is broken: stop this task and name it).
 */
import { CODES, type Code, type Disposition } from './codes.js';

/** Where an error comes from, in the words of the log: public record, task or file. */
export type ErrorOrigin = string;

/** What a diverted record was about, as far as the operator that refused it knew. */
export interface ErrorSubject {
  readonly run?: string;
  /** hex64. */
  readonly dedupeKey?: string;
  /** hex64 of this record's payload, and of the one that stands. */
  readonly payloadHash?: string;
  readonly firstPayloadHash?: string;
}

export interface WeirErrorOptions {
  readonly origin?: ErrorOrigin;
  readonly cause?: unknown;
  readonly subject?: ErrorSubject;
}

export abstract class WeirError extends Error {
  readonly code: Code;
  readonly disposition: Disposition;
  readonly origin: ErrorOrigin | undefined;
  readonly subject: ErrorSubject | undefined;

  constructor(code: Code, message: string, options: WeirErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.disposition = CODES[code].disposition;
    this.origin = options.origin;
    this.subject = options.subject;
  }
}

/** A record that cannot be processed; it goes to the quarantine topic with its code. */
export class DivertError extends WeirError {}

/** A border that may succeed later: HTTP, object store, registry, broker. */
export class RetryError extends WeirError {}

/** A broken invariant: the task stops before committing anything further. */
export class HaltError extends WeirError {}

/** What a user did wrong: printed as one line with the fix, exit code 2. */
export class UsageError extends WeirError {
  constructor(message: string, options: { origin?: ErrorOrigin; cause?: unknown } = {}) {
    super('USAGE', message, options);
  }
}
