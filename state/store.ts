/**
 * Declaring stores: the values a topology names in its `stores`.
 *
 * Every store has a bound (`keysMax`), and a keyed one says STORE_FULL beyond it.
 */
import { UsageError } from '../schemas/errors.js';
import { packCodec } from './codec.js';
import type { Codec, GuardStoreSpec, KeyedStoreSpec } from './port.js';

export interface KeyedStoreOptions<V> {
  /** Most live keys per task. */
  readonly keysMax: number;
  /** Version of the value's shape, 1 to 255; 1 by default. */
  readonly version?: number;
  /** Bytes of a value; MessagePack by default. Upgrades older versions when decoding. */
  readonly codec?: Codec<V>;
  /** When a value stops being there, ms on the task's clock; absent: kept until deleted. */
  readonly expiresMs?: (value: V) => number;
  /** For rows seldom read again soon: the cache keeps their bytes between rounds. Default false. */
  readonly restEncoded?: boolean;
}

export interface TtlStoreOptions<V> extends Omit<KeyedStoreOptions<V>, 'expiresMs'> {
  /** How long after its `atMs` a value is there, ms. */
  readonly keepMs: number;
}

/** A value that says when it came to be, ms on the task's clock. */
export interface Timed {
  readonly atMs: number;
}

/** Values by key, kept until deleted or, with `expiresMs`, until then. */
export function keyedStore<V>(options: KeyedStoreOptions<V>): KeyedStoreSpec<V> {
  const { keysMax, version = 1, codec = packCodec<V>(), expiresMs, restEncoded } = options;
  requireWhole('keysMax', keysMax, Number.MAX_SAFE_INTEGER);
  requireWhole('version', version, 255);
  const spec = {
    kind: 'keyed',
    codec,
    version,
    keysMax,
    ...(restEncoded ? { restEncoded } : {}),
  } as const;
  return expiresMs === undefined ? spec : { ...spec, expiresMs };
}

/** Values by key, each there for `keepMs` after its own `atMs`. */
export function ttlStore<V extends Timed>(options: TtlStoreOptions<V>): KeyedStoreSpec<V> {
  const { keepMs, ...rest } = options;
  requireWhole('keepMs', keepMs, Number.MAX_SAFE_INTEGER);
  return keyedStore<V>({ ...rest, expiresMs: (value) => value.atMs + keepMs });
}

/** Duplicate guard: remembers ids for `keepMs` of record time, at most `keysMax` of them. */
export function guardStore(options: {
  readonly keepMs: number;
  readonly keysMax: number;
}): GuardStoreSpec {
  requireWhole('keepMs', options.keepMs, Number.MAX_SAFE_INTEGER);
  requireWhole('keysMax', options.keysMax, (1 << 24) - 2);
  return { kind: 'guard', keepMs: options.keepMs, keysMax: options.keysMax };
}

function requireWhole(name: string, value: number, most: number): void {
  if (Number.isSafeInteger(value) && value >= 1 && value <= most) return;
  throw new UsageError(`${name} is ${value}; give a whole number from 1 to ${most}`);
}
