/**
 * One task's state as the engine drives it (port.ts): stores, timers, savepoints, rounds, recovery.
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
import { BlobReader, BlobWriter, type BlobHead } from './blob.js';
import { Cache } from './cache.js';
import { writeCheckpoint } from './checkpoint.js';
import { DurablePoint } from './durable-point.js';
import { byFullKey, type Entry } from './entry.js';
import { Guard } from './guard.js';
import { GuardLog } from './guard-log.js';
import { KeyedTable, type TableContext } from './keyed-table.js';
import { MARK_KEY, SPACE, STORES_MAX, keyedPrefix } from './keys.js';
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
import { Savepoint } from './savepoint.js';
import { Sweeper } from './sweep.js';
import { Timers } from './timers.js';

export interface TaskStateLimits {
  /** Estimated heap of cached rows, bytes. */
  readonly cacheBytes?: number;
  /** Logged rows and bytes from which a checkpoint is due. */
  readonly loggedEntriesMax?: number;
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

/** Opens a task's state, or creates it with the lineage given. The state owns the backing from here. */
export async function openTaskState(options: TaskStateOptions): Promise<TaskState> {
  const { backing, stores } = options;
  if (stores.length > STORES_MAX) {
    throw new HaltError('STATE_MISUSE', `a task has at most ${STORES_MAX} stores`);
  }
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
  private readonly context: TableContext;
  private readonly stores: readonly (KeyedTable | GuardLog)[];
  private readonly tables: readonly (readonly [store: number, table: KeyedTable])[];
  private readonly guards: readonly (readonly [store: number, log: GuardLog])[];
  private readonly timers: Timers;
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
    const cache = new Cache(options.cacheBytes ?? 192 * MIB);
    const savepoint = new Savepoint();
    this.context = { cache, savepoint, backing: options.backing, clockMs: 0 };
    this.stores = options.stores.map((spec, store) =>
      spec.kind === 'keyed'
        ? new KeyedTable(spec, keyedPrefix(store), this.context)
        : new GuardLog(new Guard(spec, savepoint), store),
    );
    this.tables = [...this.stores.entries()].filter(isTable);
    this.guards = [...this.stores.entries()].filter(isGuard);
    this.timers = new Timers(this.context);
    this.point = new DurablePoint(options.stores.length);
    this.sweeper = new Sweeper(options.backing, this.tables, this.point);
    this.lineage = mark.lineage;
    this.checkpointSeq = mark.seq;
    this.checkpointChain = mark.chain;
    this.sealedSeq = mark.seq;
    this.adopt(mark);
    this.point.restore(mark);
  }

  get clockMs(): number {
    return this.context.clockMs;
  }

  set clockMs(clockMs: number) {
    if (!(clockMs >= this.context.clockMs)) {
      const from = this.context.clockMs;
      throw new HaltError('STATE_MISUSE', `the task's clock fell from ${from} to ${clockMs}`);
    }
    this.context.clockMs = clockMs;
    for (const [, table] of this.tables) table.count.advance(clockMs);
  }

  keyed<V>(store: number): KeyedStore<V> {
    const table = this.stores[store];
    if (!(table instanceof KeyedTable)) throw misuse(`store ${store} is not a keyed store`);
    return table as KeyedStore<V>;
  }

  guard(store: number): GuardStore {
    const log = this.stores[store];
    if (!(log instanceof GuardLog)) throw misuse(`store ${store} is not a guard store`);
    return log.guard;
  }

  setTimer(operator: number, key: string, dueMs: number | null, setter: string): void {
    this.timers.set(operator, key, dueMs, setter);
  }

  timerOf(operator: number, key: string): TimerRow | undefined {
    return this.timers.of(operator, key);
  }

  nextTimer(): TimerRow | undefined {
    return this.timers.next();
  }

  mark(): void {
    if (!this.recovered) throw misuse('a round began before ready()');
    this.context.savepoint.mark();
  }

  release(): void {
    this.context.savepoint.release();
    this.timers.release();
    for (const [, log] of this.guards) log.guard.release();
  }

  rollback(): void {
    this.context.savepoint.rollback();
    this.timers.rollback();
    for (const [, log] of this.guards) log.guard.rollback();
  }

  seal(seq: number): SealedBlob {
    if (!this.recovered) throw misuse('a round was sealed before ready()');
    if (seq !== this.sealedSeq + 1) throw misuse(`round ${seq} sealed after ${this.sealedSeq}`);
    const touched = [...this.context.savepoint.takeTouched()].sort(byFullKey);
    const head: BlobHead = { seq, clockMs: this.context.clockMs, counts: this.sealCounts() };
    this.blob.begin(head);
    // Key spaces in order: rows, guard runs, guard sets, timers.
    let next = 0;
    for (; touched[next]?.owner !== this.timers.table && next < touched.length; next += 1) {
      this.sealEntry(touched[next], seq);
    }
    for (const [, log] of this.guards) log.sealRuns(seq, this.blob);
    for (const [, log] of this.guards) log.sealSet(seq, this.blob);
    for (; next < touched.length; next += 1) this.sealEntry(touched[next], seq);
    this.point.sealed(head);
    this.sealedSeq = seq;
    return this.blob.end();
  }

  private sealCounts(): BlobHead['counts'] {
    const counts: BlobHead['counts'][number][] = [];
    for (const [store, table] of this.tables) {
      const change = table.count.seal();
      if (change !== undefined) counts.push([store, change]);
    }
    return counts;
  }

  private sealEntry(entry: Entry | undefined, seq: number): void {
    if (entry === undefined) return;
    const { owner } = entry;
    const stands = owner.stands(entry.value);
    entry.working = false;
    // Made and removed within the round: it never was.
    if (!stands && !entry.stood) return;
    const bytes = stands ? owner.encode(entry.value) : null;
    this.blob.row(owner.prefix, entry.key, bytes);
    this.context.cache.log(entry, { seq, bytes, durableSeq: this.point.seq });
  }

  durable(seq: number, chain?: Uint8Array): void {
    if (seq > this.sealedSeq || seq < this.point.seq) {
      throw misuse(`round ${seq} durable, sealed ${this.sealedSeq}, durable ${this.point.seq}`);
    }
    this.point.durable(seq, chain);
    for (const [, log] of this.guards) log.durable(seq);
  }

  apply(seq: number, parts: readonly Uint8Array[]): void {
    if (this.recovered) throw misuse('a blob was applied after ready()');
    const blob = new BlobReader(parts);
    if (blob.head.seq !== seq || seq !== this.sealedSeq + 1) {
      const found = `the blob of round ${blob.head.seq}, given as ${seq}`;
      throw new HaltError('BLOB_CORRUPT', `${found}, does not follow ${this.sealedSeq}`);
    }
    blob.rows((key, value) => {
      this.applyRow(key, value, seq);
    });
    this.adopt(blob.head);
    this.point.apply(blob.head);
    this.point.chain = undefined;
    this.sealedSeq = seq;
  }

  /** Takes over clock and counts of a round. */
  private adopt(head: BlobHead): void {
    this.clockMs = Math.max(head.clockMs, this.clockMs);
    for (const [store, change] of head.counts) {
      const table = this.stores[store];
      if (table instanceof KeyedTable) table.count.apply(change);
    }
  }

  private applyRow(key: string, value: Uint8Array | null, seq: number): void {
    const space = key.charAt(0);
    if (space === SPACE.timer) {
      this.timers.table.apply(key.slice(1), value === null ? null : Buffer.from(value), seq);
      return;
    }
    const store = this.stores[key.charCodeAt(1)];
    if (space === SPACE.keyed && store instanceof KeyedTable) {
      store.apply(key.slice(2), value === null ? null : Buffer.from(value), seq);
    } else if (space === SPACE.guardRun && store instanceof GuardLog && value !== null) {
      store.applyRun(key, value);
    } else if (space === SPACE.guardSet && store instanceof GuardLog && value !== null) {
      store.applySet(value);
    } else {
      throw new HaltError('STATE_FORMAT', `the blob of round ${seq} names a store not declared`);
    }
  }

  async ready(): Promise<void> {
    if (this.recovered) throw misuse('ready() was called twice');
    await this.timers.ready();
    for (const [, log] of this.guards) await log.ready(this.context.backing, this.sealedSeq);
    this.recovered = true;
  }

  async prefetch(
    wanted: readonly { readonly store: number; readonly key: string }[],
  ): Promise<void> {
    const { cache, backing } = this.context;
    const missing = new Map<string, readonly [table: KeyedTable, key: string]>();
    for (const { store, key } of wanted) {
      const table = this.stores[store];
      if (!(table instanceof KeyedTable)) throw misuse(`store ${store} is not a keyed store`);
      const entry = table.entries.get(key);
      if (entry === undefined) missing.set(table.prefix + key, [table, key]);
      else entry.used = true;
    }
    if (missing.size === 0) return;
    await cache.reading(async () => {
      const found = await backing.getMany([...missing.keys()]);
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
    const { loggedEntries } = this.context.cache;
    return (
      loggedEntries >= times * this.loggedEntriesMax ||
      this.loggedBytes() >= times * this.loggedBytesMax
    );
  }

  private loggedBytes(): number {
    let bytes = this.context.cache.loggedBytes;
    for (const [, log] of this.guards) bytes += log.waitingBytes;
    return bytes;
  }

  checkpoint(): Promise<number> {
    return this.inTurn(async () => {
      if (this.point.seq === this.checkpointSeq) return this.checkpointSeq;
      const { backing, cache } = this.context;
      const guards = this.guards.map(([, log]) => log);
      const { point, lineage } = this;
      const { seq, chain } = await writeCheckpoint({ backing, cache, guards, point, lineage });
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
      backing: this.context.backing,
      tables: this.tables.map(([, table]) => table),
      guards: this.guards.map(([store, log]) => [store, log.guard] as const),
      timers: this.timers.table,
    });
  }

  async scan(
    store: number,
    prefix: string,
    limit: number,
  ): Promise<readonly (readonly [string, unknown])[]> {
    const target = this.stores[store];
    if (target instanceof GuardLog) return describeGuard(target.guard, prefix, limit);
    if (target === undefined) throw misuse(`there is no store ${store}`);
    const rows: (readonly [string, unknown])[] = [];
    if (limit < 1) return rows;
    for await (const row of readTable(target, this.context.backing, prefix)) {
      rows.push([row.key, valueOf(target, row)]);
      if (rows.length >= limit) break;
    }
    return rows;
  }

  sizes(): StateSizes {
    const { cache } = this.context;
    return {
      cacheEntries: cache.size,
      cacheBytes: cache.bytes,
      loggedEntries: cache.loggedEntries,
      loggedBytes: this.loggedBytes(),
      hits: cache.hits,
      misses: cache.misses,
      keys: this.stores.map((one) =>
        one instanceof KeyedTable ? one.count.standing : one.guard.size,
      ),
      dropped: this.stores.map((one) => (one instanceof GuardLog ? one.guard.set.dropped : 0)),
    };
  }

  close(): Promise<void> {
    return this.inTurn(() => this.context.backing.close());
  }
}

function isTable(
  pair: readonly [number, KeyedTable | GuardLog],
): pair is readonly [number, KeyedTable] & [number, KeyedTable | GuardLog] {
  return pair[1] instanceof KeyedTable;
}

function isGuard(
  pair: readonly [number, KeyedTable | GuardLog],
): pair is readonly [number, GuardLog] & [number, KeyedTable | GuardLog] {
  return pair[1] instanceof GuardLog;
}

function misuse(message: string): HaltError {
  return new HaltError('STATE_MISUSE', message);
}
