/**
 * One task's state as the engine drives it (port.ts): rounds, recovery, checkpoints.
 *
 * Life: open -> apply(c+1..n) -> ready -> rounds: clockMs, prefetch, (mark, steps, release or rollback)
 * per record, seal(seq), and durable(seq) once the bus has it; checkpoint and sweep between or beside
 * rounds. Round n+1 may run, and be sealed, before round n is durable.
 *
 * Invariants live with their parts: cache (C), savepoint (V), checkpoint (P), guard (G), timers (T),
 * count (L), digest (D), sweep (W).
 */
import { HaltError } from '../schemas/errors.js';
import type { Backing } from './backing.js';
import { BlobReader, BlobWriter } from './blob.js';
import { writeCheckpoint } from './checkpoint.js';
import { DurablePoint } from './durable-point.js';
import { GuardLog } from './guard-log.js';
import { KeyedTable } from './keyed-table.js';
import { MARK_KEY } from './keys.js';
import { decodeMark, encodeMark, type Mark } from './mark.js';
import type {
  GuardStore,
  KeyedStore,
  SealedBlob,
  StateSizes,
  StoreSpec,
  TaskState,
  TimerRow,
} from './port.js';
import { describeGuard, digestOf, readTable, valueOf } from './read-out.js';
import { Sweeper } from './sweep.js';
import { TaskStores } from './task-stores.js';

export interface TaskStateLimits {
  /** Estimated heap of cached rows, bytes; 192 MiB by default. */
  readonly cacheBytes?: number;
  /** Logged rows from which a checkpoint is due; 65,536 by default. */
  readonly loggedEntriesMax?: number;
  /** Logged bytes from which a checkpoint is due; 32 MiB by default. */
  readonly loggedBytesMax?: number;
}

export interface TaskStateOptions extends TaskStateLimits {
  /** In the order of their ordinals; the order is part of the layout on disk. */
  readonly stores: readonly StoreSpec[];
  readonly backing: Backing;
  /** Lineage for a state that is created now: 16 random bytes from the caller. */
  readonly newLineage: Uint8Array;
}

const MIB = 1 << 20;

/** Opens a task's state, or creates it with the lineage given. It owns the backing from here on. */
export async function openTaskState(options: TaskStateOptions): Promise<TaskState> {
  const { backing } = options;
  const stored = backing.getSync(MARK_KEY);
  if (stored !== undefined) return new OpenTaskState(options, decodeMark(stored));
  const lineage = Buffer.from(options.newLineage).toString('hex');
  const mark: Mark = { lineage, seq: 0, clockMs: 0, chain: undefined, counts: [] };
  const batch = backing.batch();
  batch.put(MARK_KEY, encodeMark(mark));
  await batch.write(true);
  return new OpenTaskState(options, mark);
}

class OpenTaskState implements TaskState {
  readonly lineage: string;
  checkpointSeq: number;
  checkpointChain: Uint8Array | undefined;
  private readonly loggedEntriesMax: number;
  private readonly loggedBytesMax: number;
  private readonly backing: Backing;
  private readonly stores: TaskStores;
  private readonly point: DurablePoint;
  private readonly sweeper: Sweeper;
  private readonly blob = new BlobWriter();
  private sealedSeq: number;
  private recovered = false;
  /** Checkpoints, sweeps and the close take turns. */
  private turn: Promise<unknown> = Promise.resolve();

  constructor(options: TaskStateOptions, mark: Mark) {
    this.loggedEntriesMax = options.loggedEntriesMax ?? 65_536;
    this.loggedBytesMax = options.loggedBytesMax ?? 32 * MIB;
    this.backing = options.backing;
    this.stores = new TaskStores(options.stores, this.backing, options.cacheBytes ?? 192 * MIB);
    this.point = new DurablePoint(options.stores.length);
    this.sweeper = new Sweeper(this.backing, this.stores.tables, this.point);
    this.lineage = mark.lineage;
    this.checkpointSeq = mark.seq;
    this.checkpointChain = mark.chain;
    this.sealedSeq = mark.seq;
    this.stores.adopt(mark);
    this.point.restore(mark);
  }

  get clockMs(): number {
    return this.stores.context.clockMs;
  }

  set clockMs(clockMs: number) {
    this.stores.setClock(clockMs);
  }

  keyed<V>(store: number): KeyedStore<V> {
    return this.stores.table(store) as KeyedStore<V>;
  }

  guard(store: number): GuardStore {
    return this.stores.guard(store);
  }

  setTimer(operator: number, key: string, dueMs: number | null, setter: string): void {
    this.stores.timers.set(operator, key, dueMs, setter);
  }

  timerOf(operator: number, key: string): TimerRow | undefined {
    return this.stores.timers.of(operator, key);
  }

  nextTimer(): TimerRow | undefined {
    return this.stores.timers.next();
  }

  mark(): void {
    if (!this.recovered) throw misuse('a round began before ready()');
    this.stores.context.savepoint.mark();
  }

  release(): void {
    this.stores.release();
  }

  rollback(): void {
    this.stores.rollback();
  }

  seal(seq: number): SealedBlob {
    if (!this.recovered) throw misuse('a round was sealed before ready()');
    if (seq !== this.sealedSeq + 1) throw misuse(`round ${seq} sealed after ${this.sealedSeq}`);
    this.point.sealed(this.stores.seal(seq, this.point.seq, this.blob));
    this.sealedSeq = seq;
    return this.blob.end();
  }

  durable(seq: number, chain?: Uint8Array): void {
    if (seq > this.sealedSeq || seq < this.point.seq) {
      throw misuse(`round ${seq} durable, sealed ${this.sealedSeq}, durable ${this.point.seq}`);
    }
    this.point.durable(seq, chain);
    for (const [, log] of this.stores.guards) log.durable(seq);
  }

  apply(seq: number, parts: readonly Uint8Array[]): void {
    if (this.recovered) throw misuse('a blob was applied after ready()');
    const blob = new BlobReader(parts);
    if (blob.head.seq !== seq || seq !== this.sealedSeq + 1) {
      const found = `the blob of round ${blob.head.seq}, given as ${seq}`;
      throw new HaltError('BLOB_CORRUPT', `${found}, does not follow ${this.sealedSeq}`);
    }
    blob.rows((key, value) => {
      this.stores.applyRow(key, value, seq);
    });
    this.stores.adopt(blob.head);
    this.point.apply(blob.head);
    this.point.chain = undefined;
    this.sealedSeq = seq;
  }

  async ready(): Promise<void> {
    if (this.recovered) throw misuse('ready() was called twice');
    await this.stores.timers.ready();
    for (const [, log] of this.stores.guards) await log.ready(this.backing, this.sealedSeq);
    this.recovered = true;
  }

  async prefetch(
    wanted: readonly { readonly store: number; readonly key: string }[],
  ): Promise<void> {
    const missing = new Map<string, readonly [table: KeyedTable, key: string]>();
    for (const { store, key } of wanted) {
      const table = this.stores.table(store);
      const entry = table.entries.get(key);
      if (entry === undefined) missing.set(table.prefix + key, [table, key]);
      else entry.used = true;
    }
    if (missing.size === 0) return;
    const { cache } = this.stores.context;
    await cache.reading(async () => {
      const found = await this.backing.getMany([...missing.keys()]);
      let at = 0;
      for (const [table, key] of missing.values()) {
        if (!table.entries.has(key)) table.admit(key, found[at]);
        at += 1;
      }
    });
    cache.trim();
  }

  checkpointDue(): boolean {
    return this.loggedBeyond(1);
  }

  checkpointOverdue(): boolean {
    return this.loggedBeyond(2);
  }

  private loggedBeyond(times: number): boolean {
    return (
      this.stores.context.cache.loggedEntries >= times * this.loggedEntriesMax ||
      this.loggedBytes() >= times * this.loggedBytesMax
    );
  }

  private loggedBytes(): number {
    let bytes = this.stores.context.cache.loggedBytes;
    for (const [, log] of this.stores.guards) bytes += log.waitingBytes;
    return bytes;
  }

  checkpoint(): Promise<number> {
    return this.inTurn(async () => {
      if (this.point.seq === this.checkpointSeq) return this.checkpointSeq;
      const { seq, chain } = await writeCheckpoint({
        backing: this.backing,
        cache: this.stores.context.cache,
        guards: this.stores.guards.map(([, log]) => log),
        point: this.point,
        lineage: this.lineage,
      });
      this.checkpointSeq = seq;
      this.checkpointChain = chain;
      return seq;
    });
  }

  sweep(keysMax: number): Promise<number> {
    return this.inTurn(() => this.sweeper.sweep(keysMax));
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.turn.then(work);
    // A failure is the caller's to hear of; the next in turn goes on all the same.
    this.turn = mine.catch(() => undefined);
    return mine;
  }

  digest(): Promise<string> {
    return digestOf({
      backing: this.backing,
      tables: this.stores.tables.map(([, table]) => table),
      guards: this.stores.guards.map(([store, log]) => [store, log.guard] as const),
      timers: this.stores.timers.table,
    });
  }

  async scan(
    store: number,
    prefix: string,
    limit: number,
  ): Promise<readonly (readonly [string, unknown])[]> {
    const target = this.stores.all[store];
    if (target instanceof GuardLog) return describeGuard(target.guard, prefix, limit);
    const table = this.stores.table(store);
    const rows: (readonly [string, unknown])[] = [];
    if (limit < 1) return rows;
    for await (const row of readTable(table, this.backing, prefix)) {
      rows.push([row.key, valueOf(table, row)]);
      if (rows.length >= limit) break;
    }
    return rows;
  }

  sizes(): StateSizes {
    const { cache } = this.stores.context;
    const { all } = this.stores;
    return {
      cacheEntries: cache.size,
      cacheBytes: cache.bytes,
      loggedEntries: cache.loggedEntries,
      loggedBytes: this.loggedBytes(),
      hits: cache.hits,
      misses: cache.misses,
      keys: all.map((one) => (one instanceof KeyedTable ? one.count.standing : one.guard.size)),
      dropped: all.map((one) => (one instanceof GuardLog ? one.guard.set.dropped : 0)),
    };
  }

  close(): Promise<void> {
    return this.inTurn(() => this.backing.close());
  }
}

function misuse(message: string): HaltError {
  return new HaltError('STATE_MISUSE', message);
}
