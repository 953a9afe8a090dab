/**
 * The bus port: everything weir asks of a log. Adapters: `embedded` (one LevelDB) and `kafka`.
 *
 * Ownership: the adapter owns durability, offsets and timestamps; the engine owns what a round is.
 * What crosses: bytes. No adapter decodes a value.
 *
 * P1. `append` and `commit` resolve only when what they wrote survives kill -9.
 * P2. `commit` is all or nothing: outputs, headers and blobs become visible together (R3).
 * P3. Offsets of a partition start at 0 and are consumed in order; `pull` never skips one silently.
 * P4. Times of a partition never fall. On a `wall` bus the adapter stamps them; on a `records` bus
 *     the producer does, and a time below the partition's last is raised to it.
 * P5. Every error that leaves an adapter is a WeirError.
 */

/** Which clock the topics of a bus carry; fixed when the data directory or prefix is created. */
export type ClockKind = 'wall' | 'records';

/** Record headers; values are raw bytes. */
export type Headers = Readonly<Record<string, Uint8Array>>;

export interface TopicConfig {
  readonly name: string;
  readonly partitions: number;
  /** Time retention in ms; null keeps for ever. A `records` bus has no time retention. */
  readonly retentionMs: number | null;
  /** Size retention in bytes per partition; null for no bound. */
  readonly retentionBytes: number | null;
}

/** One record on its way in. */
export interface ProducedRecord {
  readonly topic: string;
  /** Fixed partition; by default murmur2 of the key, as Kafka's Java client places it. */
  readonly partition?: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers?: Headers;
  /** Milliseconds since 1970; required on a `records` bus, refused on a `wall` one. */
  readonly timeMs?: number;
}

/** One record as stored. `value` may be a view into a larger buffer: copy it to keep it. */
export interface StoredRecord {
  readonly offset: bigint;
  readonly timeMs: number;
  /** Bus-wide append sequence on the embedded bus, 0 elsewhere. */
  readonly sequence: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: Headers | null;
}

export interface Pulled {
  readonly records: readonly StoredRecord[];
  /** The offset to pull next. */
  readonly next: bigint;
  /** One past the last readable offset at the time of the call. */
  readonly end: bigint;
}

export interface Appended {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly timeMs: number;
}

/** One task's share of a commit: its header, and its blob in parts of at most 512 KiB. */
export interface RoundEntry {
  readonly task: string;
  readonly epoch: number;
  readonly seq: number;
  readonly header: Uint8Array;
  /** Empty when purged behind a checkpoint. */
  readonly blob: readonly Uint8Array[];
}

export interface CommitRequest {
  readonly rounds: readonly RoundEntry[];
  readonly outputs: readonly ProducedRecord[];
}

/** A task's ownership after `claim`: the new epoch and the last committed round, if any. */
export interface Claim {
  readonly task: string;
  readonly epoch: number;
  readonly owner: string;
  readonly lastSeq: number;
  readonly lastHeader: Uint8Array | null;
}

export interface TopicBounds {
  readonly partition: number;
  /** First offset still kept. */
  readonly start: bigint;
  /** One past the last offset. */
  readonly end: bigint;
  /** Time of the last record, 0 when there is none. */
  readonly lastTimeMs: number;
}

export interface Bus {
  readonly kind: 'embedded' | 'kafka';
  readonly clock: ClockKind;
  /** Broker time in ms: monotone, comparable with record times of a `wall` bus. */
  nowMs(): number;
  /** Creates what is missing; refuses (TOPIC_MISMATCH) another partition count. */
  ensureTopics(topics: readonly TopicConfig[]): Promise<void>;
  topics(): Promise<readonly TopicConfig[]>;
  bounds(topic: string): Promise<readonly TopicBounds[]>;
  /** Durable when it resolves; answers in the order given. */
  append(records: readonly ProducedRecord[]): Promise<readonly Appended[]>;
  /** Reads from `from` (inclusive), about `bytesMax` bytes, at least one record when there is one. */
  pull(topic: string, partition: number, from: bigint, bytesMax: number): Promise<Pulled>;
  commit(request: CommitRequest): Promise<readonly Appended[]>;
  claim(tasks: readonly string[], owner: string): Promise<readonly Claim[]>;
  /** Committed rounds of a task, oldest first, from seq `from` to `to` inclusive. */
  rounds(task: string, from: number, to?: number): AsyncIterable<RoundEntry>;
  /** Every task that ever committed a round. */
  tasks(): Promise<readonly string[]>;
  /** Forgets blobs up to and including `through`; headers stay. */
  purgeBlobs(task: string, through: number): Promise<void>;
  /** Small durable rows beside the log: registry, object references, counters of poison records. */
  readonly meta: MetaStore;
  /** Calls back after records became readable; returns the way to stop. Never throws into the bus. */
  onAppend(listener: () => void): () => void;
  close(): Promise<void>;
}

export interface MetaStore {
  get(key: string): Promise<Uint8Array | undefined>;
  put(key: string, value: Uint8Array): Promise<void>;
  delete(key: string): Promise<void>;
  /** Rows whose key starts with `prefix`, in byte order. */
  list(prefix: string): Promise<readonly (readonly [string, Uint8Array])[]>;
}
