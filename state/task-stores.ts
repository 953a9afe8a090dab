/**
 * The stores and timers of one task: made from their declarations, addressed by ordinal, and changed
 * as a whole when a round is sealed or a blob applied.
 */
import { HaltError } from '../schemas/errors.js';
import type { Backing } from './backing.js';
import type { BlobHead, BlobWriter } from './blob.js';
import { Cache } from './cache.js';
import { byFullKey, type Entry } from './entry.js';
import { Guard } from './guard.js';
import { GuardLog } from './guard-log.js';
import { KeyedTable, type TableContext } from './keyed-table.js';
import { SPACE, STORES_MAX, keyedPrefix } from './keys.js';
import type { StoreSpec } from './port.js';
import { Savepoint } from './savepoint.js';
import { Timers } from './timers.js';

type Store = KeyedTable | GuardLog;

export class TaskStores {
  readonly context: TableContext;
  readonly all: readonly Store[];
  readonly tables: readonly (readonly [store: number, table: KeyedTable])[];
  readonly guards: readonly (readonly [store: number, log: GuardLog])[];
  readonly timers: Timers;

  constructor(specs: readonly StoreSpec[], backing: Backing, cacheBytes: number) {
    if (specs.length > STORES_MAX) {
      throw new HaltError('STATE_MISUSE', `a task has at most ${STORES_MAX} stores`);
    }
    const savepoint = new Savepoint();
    this.context = { cache: new Cache(cacheBytes), savepoint, backing, clockMs: 0 };
    const tables: (readonly [number, KeyedTable])[] = [];
    const guards: (readonly [number, GuardLog])[] = [];
    this.all = specs.map((spec, store) => {
      if (spec.kind === 'keyed') {
        const table = new KeyedTable(spec, keyedPrefix(store), this.context);
        tables.push([store, table]);
        return table;
      }
      const log = new GuardLog(new Guard(spec, savepoint), store);
      guards.push([store, log]);
      return log;
    });
    this.tables = tables;
    this.guards = guards;
    this.timers = new Timers(this.context);
  }

  table(store: number): KeyedTable {
    const table = this.all[store];
    if (table instanceof KeyedTable) return table;
    throw new HaltError('STATE_MISUSE', `store ${store} is not a keyed store`);
  }

  guard(store: number): Guard {
    const log = this.all[store];
    if (log instanceof GuardLog) return log.guard;
    throw new HaltError('STATE_MISUSE', `store ${store} is not a guard store`);
  }

  /** Moves the task's clock; it never falls. */
  setClock(clockMs: number): void {
    const from = this.context.clockMs;
    if (!(clockMs >= from)) {
      throw new HaltError('STATE_MISUSE', `the task's clock fell from ${from} to ${clockMs}`);
    }
    this.context.clockMs = clockMs;
    for (const [, table] of this.tables) table.count.advance(clockMs);
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

  /** Writes everything the round touched to the blob and makes it logged. */
  seal(seq: number, durableSeq: number, out: BlobWriter): BlobHead {
    const touched = [...this.context.savepoint.takeTouched()].sort(byFullKey);
    const counts: BlobHead['counts'][number][] = [];
    for (const [store, table] of this.tables) {
      const change = table.count.seal();
      if (change !== undefined) counts.push([store, change]);
    }
    const head: BlobHead = { seq, clockMs: this.context.clockMs, counts };
    out.begin(head);
    // Key spaces in order: rows, guard runs, guard sets, timers.
    let timersAt = touched.length;
    while (timersAt > 0 && touched[timersAt - 1]?.owner === this.timers.table) timersAt -= 1;
    const rounds = { seq, durableSeq };
    for (let at = 0; at < timersAt; at += 1) this.sealEntry(touched[at], rounds, out);
    for (const [, log] of this.guards) log.sealRuns(seq, out);
    for (const [, log] of this.guards) log.sealSet(seq, out);
    for (let at = timersAt; at < touched.length; at += 1) this.sealEntry(touched[at], rounds, out);
    return head;
  }

  private sealEntry(
    entry: Entry | undefined,
    rounds: { readonly seq: number; readonly durableSeq: number },
    out: BlobWriter,
  ): void {
    if (entry === undefined) return;
    const { owner } = entry;
    const stands = owner.stands(entry.value);
    entry.working = false;
    // Made and removed within the round: it never was.
    if (!stands && !entry.stood) return;
    const bytes = stands ? owner.encode(entry.value) : null;
    out.row(owner.prefix, entry.key, bytes);
    this.context.cache.log(entry, { ...rounds, bytes });
    if (bytes !== null && owner.restsEncoded) {
      entry.raw = bytes;
      entry.value = undefined;
    }
  }

  /** Recovery: one row of a committed round's blob, by its full key; `value` may be a view. */
  applyRow(key: string, value: Uint8Array | null, seq: number): void {
    const space = key.charAt(0);
    if (space === SPACE.timer) {
      this.timers.table.apply(key.slice(1), value === null ? null : Buffer.from(value), seq);
      return;
    }
    const store = this.all[key.charCodeAt(1)];
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

  /** Takes over clock and counts of a round. */
  adopt(head: BlobHead): void {
    this.setClock(head.clockMs);
    for (const [store, change] of head.counts) this.table(store).count.apply(change);
  }
}
