/**
 * What operators and the engine ask of remembered state.
 *
 * A store is declared as a value (StoreSpec), owned by one stage, and opened once per task. Operators
 * see only the synchronous handle; rounds, savepoints, blobs and checkpoints are the engine's.
 *
 * S1. Values are immutable: `put` takes ownership, `get` lends. Nobody changes one in place.
 * S2. Inside a savepoint every `put` and `delete` can be undone; after `release` they cannot.
 * S3. Point reads only; there is no iteration on the hot path.
 * S4. Keys are byte strings (`state/keys.ts`): one char is one byte, so string order is byte order.
 */

/** Bytes for a stored value. The first byte written by the state layer is the spec's `version`. */
export interface Codec<V> {
  /** May be a view that the next `encode` overwrites: the state layer copies at once. */
  encode(value: V): Uint8Array;
  /** `version` is the one the bytes were written with; returns the current shape (upgrade on read). */
  decode(bytes: Uint8Array, version: number): V;
}

export interface KeyedStoreSpec<V> {
  readonly kind: 'keyed';
  readonly codec: Codec<V>;
  /** 1..255; older versions are upgraded by `codec.decode`. */
  readonly version: number;
  /** Most live keys per task; the store says STORE_FULL (divert) beyond it. */
  readonly keysMax: number;
  /**
   * Logical expiry: a value whose `expiresMs` is at or below the task's clock reads as absent and is
   * removed by the sweeper later. Absent: kept until deleted.
   */
  expiresMs?(value: V): number;
  /**
   * Rows are seldom read again soon: between rounds the cache keeps their bytes, not their values,
   * which is a tenth of the heap and nothing for the garbage collector to copy.
   */
  readonly restEncoded?: boolean;
}

/** Duplicate guard: 128-bit id and 64-bit payload hash in at most 8 time buckets, resident. */
export interface GuardStoreSpec {
  readonly kind: 'guard';
  readonly keepMs: number;
  readonly keysMax: number;
}

/** Any declared store. Methods above are bivariant, so a `KeyedStoreSpec<Seen>` is one. */
export type StoreSpec = KeyedStoreSpec<unknown> | GuardStoreSpec;

export interface KeyedStore<V> {
  get(key: string): V | undefined;
  put(key: string, value: V): void;
  delete(key: string): void;
}

export type GuardVerdict = 'new' | 'same' | 'other';

export interface GuardStore {
  /**
   * Looks up a 32-byte digest of the id (its first 16 bytes are used); when new, remembers it with the
   * first 8 bytes of `payload` in the bucket of `atMs`.
   */
  admit(id: Uint8Array, payload: Uint8Array, atMs: number): GuardVerdict;
}

/** A due time of (operator, key); `setter` orders timers of equal due time. Durable like any row. */
export interface TimerRow {
  readonly operator: number;
  readonly key: string;
  readonly dueMs: number;
  /** Position of the record that set it, encoded so that string order is position order. */
  readonly setter: string;
}

/** What one round changed: puts and deletes by key, front-coded, in parts of at most 512 KiB. */
export interface SealedBlob {
  readonly parts: readonly Uint8Array[];
  /** sha256, 32 bytes, over the parts in order. */
  readonly digest: Uint8Array;
  readonly puts: number;
  readonly deletes: number;
  readonly bytes: number;
}

export interface StateSizes {
  readonly cacheEntries: number;
  readonly cacheBytes: number;
  readonly loggedEntries: number;
  readonly loggedBytes: number;
  readonly hits: number;
  readonly misses: number;
  /** Live keys per store, in declaration order. */
  readonly keys: readonly number[];
  /** Entries a guard dropped because keysMax was reached, per store; 0 for keyed stores. */
  readonly dropped: readonly number[];
}

/** One task's state, as the engine drives it. */
export interface TaskState {
  /** Random id given at creation; a checkpoint of another lineage is never used. */
  readonly lineage: string;
  /** The round the last checkpoint stands at, 0 for none. */
  readonly checkpointSeq: number;
  /** The chain given with `durable(checkpointSeq, chain)`, if one was given. */
  readonly checkpointChain: Uint8Array | undefined;
  /** The engine sets the task's clock before each round; expiry is judged by it. It never falls. */
  clockMs: number;
  keyed<V>(store: number): KeyedStore<V>;
  guard(store: number): GuardStore;
  /** At most one timer per (operator, key): a second call replaces, `null` removes. */
  setTimer(operator: number, key: string, dueMs: number | null, setter: string): void;
  /** The due time now set, if any. */
  timerOf(operator: number, key: string): TimerRow | undefined;
  /** Earliest timer by (dueMs, setter), without removing it. */
  nextTimer(): TimerRow | undefined;

  /** Savepoint: `mark`, then `release` (keep) or `rollback` (undo everything since `mark`). */
  mark(): void;
  release(): void;
  rollback(): void;

  /** Ends the round: what it changed becomes the blob of `seq` and is *logged* from now on. */
  seal(seq: number): SealedBlob;
  /**
   * Round `seq` is durable on the bus: its entries may reach a checkpoint. `chain` is the header
   * chain's value at `seq`; a checkpoint at `seq` carries it so that recovery can compare.
   */
  durable(seq: number, chain?: Uint8Array): void;
  /** Recovery: applies a committed round's blob as logged. */
  apply(seq: number, parts: readonly Uint8Array[]): void;
  /** Called once after recovery's last `apply`, before the first round: builds the timer index. */
  ready(): Promise<void>;
  /** Loads keys into the cache with one getMany per store; absent keys are remembered as absent. */
  prefetch(wanted: readonly { readonly store: number; readonly key: string }[]): Promise<void>;

  /** True when logged entries or bytes passed their bound. */
  checkpointDue(): boolean;
  /** True at twice that bound: no further round until a checkpoint has ended. */
  checkpointOverdue(): boolean;
  /** Writes durable logged entries in slices of at most 2 ms, syncs, then the mark. Resolves to its seq. */
  checkpoint(): Promise<number>;
  /** Removes expired rows; called between rounds; changes no digest. */
  sweep(keysMax: number): Promise<number>;
  /** sha256 hex over live logical entries in key order, current version. */
  digest(): Promise<string>;
  /** Rows for people: by store and key prefix, including what is only logged. */
  scan(
    store: number,
    prefix: string,
    limit: number,
  ): Promise<readonly (readonly [string, unknown])[]>;
  sizes(): StateSizes;
  close(): Promise<void>;
}
