/**
 * Who owns each task and which round it committed last.
 *
 * T1. A commit needs the epoch of the task's latest claim (else ROUND_FENCED) and the seq right after
 *     its last round (else ROUND_GAP).
 * T2. A draft holds what the group in flight changes; the table takes it over once that is durable.
 */
import { HaltError } from '../../../schemas/errors.js';
import type { Claim, RoundEntry } from '../port.js';
import { lastRound, putRound } from './round-rows.js';
import { TABLE, nameOfKey, namedKey, tableStart } from './row-keys.js';
import type { RowPut, RowStore } from './row-store.js';

export interface TaskRow {
  readonly epoch: number;
  readonly owner: string;
  readonly lastSeq: number;
  readonly lastHeader: Uint8Array | null;
}

const UNCLAIMED: TaskRow = { epoch: 0, owner: '', lastSeq: 0, lastHeader: null };
const TASKS_PER_READ = 1000;

export class TaskTable {
  readonly #tasks = new Map<string, TaskRow>();

  static async load(rows: RowStore): Promise<TaskTable> {
    const table = new TaskTable();
    let from = tableStart(TABLE.claim);
    for (;;) {
      const page = await rows.range({
        from,
        until: tableStart(TABLE.claim + 1),
        limit: TASKS_PER_READ,
      });
      for (const [key, value] of page) {
        const task = nameOfKey(key);
        const claim = JSON.parse(value.toString('utf8')) as { epoch: number; owner: string };
        const last = await lastRound(rows, task);
        table.#tasks.set(task, {
          ...claim,
          lastSeq: last?.seq ?? 0,
          lastHeader: last?.header ?? null,
        });
      }
      const last = page[page.length - 1];
      if (last === undefined) return table;
      from = Buffer.concat([last[0], Buffer.of(0)]);
    }
  }

  get(task: string): TaskRow {
    return this.#tasks.get(task) ?? UNCLAIMED;
  }

  /** Tasks that committed a round, in name order. */
  committed(): readonly string[] {
    return [...this.#tasks]
      .filter(([, row]) => row.lastSeq > 0)
      .map(([task]) => task)
      .sort();
  }

  takeOver(draft: TaskDraft): void {
    for (const [task, row] of draft.changed) this.#tasks.set(task, row);
  }
}

/** T2: what one group changes. */
export class TaskDraft {
  readonly changed = new Map<string, TaskRow>();
  readonly #table: TaskTable;

  constructor(table: TaskTable) {
    this.#table = table;
  }

  #get(task: string): TaskRow {
    return this.changed.get(task) ?? this.#table.get(task);
  }

  claim(tasks: readonly string[], owner: string, puts: RowPut[]): readonly Claim[] {
    return tasks.map((task) => {
      const before = this.#get(task);
      const row = { ...before, epoch: before.epoch + 1, owner };
      this.changed.set(task, row);
      puts.push({
        key: namedKey(TABLE.claim, task),
        value: Buffer.from(JSON.stringify({ epoch: row.epoch, owner })),
      });
      return { task, ...row };
    });
  }

  /** T1 for all rounds of a request before any is written. */
  commit(rounds: readonly RoundEntry[], puts: RowPut[]): void {
    const expected = new Map<string, number>();
    for (const { task, epoch, seq } of rounds) {
      const row = this.#get(task);
      if (epoch !== row.epoch) throw fenced(task, epoch, row);
      const follows = expected.get(task) ?? row.lastSeq + 1;
      if (seq !== follows) {
        throw new HaltError(
          'ROUND_GAP',
          `round ${seq} of ${task} cannot be committed: round ${follows} is the next one.`,
          { origin: `${task}/${seq}` },
        );
      }
      expected.set(task, seq + 1);
    }
    for (const round of rounds) {
      putRound(round, puts);
      this.changed.set(round.task, {
        ...this.#get(round.task),
        lastSeq: round.seq,
        lastHeader: Buffer.from(round.header),
      });
    }
  }
}

const fenced = (task: string, epoch: number, row: TaskRow): HaltError =>
  new HaltError(
    'ROUND_FENCED',
    row.epoch === 0
      ? `task ${task} was never claimed; claim it before committing rounds.`
      : `task ${task} was claimed by ${row.owner} (epoch ${row.epoch}); epoch ${epoch} may not commit.`,
    { origin: task },
  );
