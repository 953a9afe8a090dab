/**
 * One keyed store of one task: the synchronous handle operators see (S1 to S4 of port.ts).
 *
 * `get` costs one Map look-up when cached; a row not cached is read synchronously (the straggler the
 * prefetch missed). A row *stands* while it is there and its expiry bucket has not passed
 * (`live-count.ts`); it *reads* as absent from its exact expiry on.
 *
 * fails: STORE_FULL (divert) for a new key at `keysMax`; STATE_FORMAT (halt) for bytes that no longer
 * decode.
 */
import { DivertError, HaltError } from '../schemas/errors.js';
import type { Backing } from './backing.js';
import type { Cache } from './cache.js';
import { Entry, type EntryOwner } from './entry.js';
import { describeKey } from './keys.js';
import { LiveCount, NEVER_MS } from './live-count.js';
import type { KeyedStore, KeyedStoreSpec } from './port.js';
import type { Savepoint } from './savepoint.js';

/** What the tables of a task share. */
export interface TableContext {
  readonly cache: Cache;
  readonly backing: Backing;
  readonly savepoint: Savepoint;
  /** The task's clock, set before each round. */
  clockMs: number;
}

export class KeyedTable implements KeyedStore<unknown>, EntryOwner {
  readonly prefix: string;
  readonly entries = new Map<string, Entry>();
  readonly spec: KeyedStoreSpec<unknown>;
  readonly count = new LiveCount();
  readonly restsEncoded: boolean;
  protected readonly context: TableContext;
  private readonly expires: boolean;

  constructor(spec: KeyedStoreSpec<unknown>, prefix: string, context: TableContext) {
    this.spec = spec;
    this.prefix = prefix;
    this.context = context;
    this.expires = spec.expiresMs !== undefined;
    this.restsEncoded = spec.restEncoded ?? false;
  }

  get(key: string): unknown {
    const entry = this.find(key);
    const value = entry.value;
    if (!this.expires || value === undefined) return value;
    return this.expiryOf(value) <= this.context.clockMs ? undefined : value;
  }

  put(key: string, value: unknown): void {
    if (value === undefined) throw new HaltError('STATE_MISUSE', 'a stored value is undefined');
    this.change(this.find(key), value);
  }

  delete(key: string): void {
    const entry = this.find(key);
    if (entry.value !== undefined) this.change(entry, undefined);
  }

  /** The entry of a key, decoded; read from disk when it is not cached. */
  private find(key: string): Entry {
    const cached = this.entries.get(key);
    if (cached === undefined) return this.straggler(key);
    cached.used = true;
    this.context.cache.hits += 1;
    if (cached.raw !== undefined) this.decode(cached, cached.raw);
    return cached;
  }

  private straggler(key: string): Entry {
    this.context.cache.misses += 1;
    const entry = this.load(key);
    if (entry.raw !== undefined) this.decode(entry, entry.raw);
    return entry;
  }

  /** Reads a row that is not cached. */
  protected load(key: string): Entry {
    return this.admit(key, this.context.backing.getSync(this.prefix + key));
  }

  /** Takes a row read from disk into the cache; its value is decoded when first wanted. */
  admit(key: string, raw: Uint8Array | undefined): Entry {
    const entry = new Entry(this, key, raw !== undefined);
    entry.raw = raw;
    this.context.cache.add(entry, raw === undefined ? 0 : raw.length);
    return entry;
  }

  /** The value of an entry, decoded. */
  valueOf(entry: Entry): unknown {
    if (entry.raw !== undefined) this.decode(entry, entry.raw);
    return entry.value;
  }

  private decode(entry: Entry, raw: Uint8Array): void {
    entry.value = this.decodeStored(entry.key, raw);
    entry.raw = undefined;
  }

  /** Stored bytes to a value of the current version. */
  decodeStored(key: string, stored: Uint8Array): unknown {
    const version = stored[0] ?? 0;
    const what = () => `row ${describeKey(key)}, version ${version}`;
    if (version === 0 || version > this.spec.version) {
      throw new HaltError('STATE_FORMAT', `${what()}: this build reads 1 to ${this.spec.version}`);
    }
    try {
      return this.spec.codec.decode(stored.subarray(1), version);
    } catch (cause) {
      throw new HaltError('STATE_FORMAT', `${what()} does not decode`, { cause });
    }
  }

  /** A value as it is stored: the version byte, then the codec's bytes. */
  encode(value: unknown): Uint8Array {
    const bytes = this.spec.codec.encode(value);
    const stored = Buffer.allocUnsafe(bytes.length + 1);
    stored[0] = this.spec.version;
    stored.set(bytes, 1);
    return stored;
  }

  private change(entry: Entry, next: unknown): void {
    const stood = this.stands(entry.value);
    if (this.expiresAlike(entry.value, next)) {
      // Nothing that is counted moves: the way of nearly every put of a hot row.
      this.context.savepoint.note(entry, stood);
      entry.value = next;
      return;
    }
    const will = this.stands(next);
    if (will && !stood && this.count.standing >= this.spec.keysMax) {
      throw new DivertError('STORE_FULL', `the store holds its ${this.spec.keysMax} keys`);
    }
    this.context.savepoint.note(entry, stood);
    this.recount(entry.value, stood, -1);
    this.recount(next, will, 1);
    entry.value = next;
  }

  private expiresAlike(before: unknown, next: unknown): boolean {
    if (before === undefined || next === undefined) return false;
    return !this.expires || this.expiryOf(before) === this.expiryOf(next);
  }

  restore(entry: Entry, value: unknown): void {
    this.recount(entry.value, this.stands(entry.value), -1);
    this.recount(value, this.stands(value), 1);
    entry.value = value;
  }

  private recount(value: unknown, stands: boolean, step: 1 | -1): void {
    if (stands) this.count.change(this.expiryOf(value), step);
  }

  /** When a value expires, or NEVER_MS. */
  expiryOf(value: unknown): number {
    if (this.spec.expiresMs === undefined) return NEVER_MS;
    const expiresMs = this.spec.expiresMs(value);
    if (Number.isNaN(expiresMs)) throw new HaltError('STATE_MISUSE', 'an expiry is not a number');
    return expiresMs;
  }

  /** Is the row there and still counted? Depends on data and clock only. */
  stands(value: unknown): boolean {
    if (value === undefined) return false;
    return !this.expires || this.count.stands(this.expiryOf(value));
  }

  /** Does the value read as present at the task's clock? */
  isLive(value: unknown): boolean {
    return value !== undefined && (!this.expires || this.expiryOf(value) > this.context.clockMs);
  }

  /** Recovery: the row is what round `seq` left of it, and logged. */
  apply(key: string, bytes: Uint8Array | null, seq: number): void {
    let entry = this.entries.get(key);
    if (entry === undefined) {
      entry = new Entry(this, key, true);
      this.context.cache.add(entry, 0);
    }
    entry.value = undefined;
    entry.raw = bytes ?? undefined;
    this.context.cache.log(entry, { seq, bytes, durableSeq: seq });
  }
}
