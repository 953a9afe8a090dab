/**
 * Crossing a border: what a round asks of the runner, kind by kind, each in one batch and in order.
 *
 * Executing again: the recorded outcomes of a task are taken in the order they were recorded; a border
 * may compute an `ok` again, but never turns a recorded skip into an answer (H3).
 */
import type { BorderOutcome } from '../../operators/wiring.js';
import type { Border, RunOptions } from './execution.js';
import type { BorderWork } from './round.js';
import type { Task } from './task.js';

export class BorderCrossing {
  readonly #borders: Readonly<Record<string, Border>>;
  /** Recorded outcomes already taken, per task. */
  #taken = new Map<Task, number>();

  constructor(borders: Readonly<Record<string, Border>>) {
    this.#borders = borders;
  }

  /** A new round: recorded outcomes are taken from their beginning. */
  begin(): void {
    this.#taken = new Map();
  }

  async ask(
    batch: readonly BorderWork[],
    recorded: RunOptions['recorded'],
  ): Promise<ReadonlyMap<BorderWork, BorderOutcome>> {
    const answers = new Map<BorderWork, BorderOutcome>();
    for (const kind of new Set(batch.map((work) => work.item.border))) {
      const asked = batch.filter(
        (work) => work.item.border === kind && work.item.request !== undefined,
      );
      if (asked.length === 0) continue;
      const cross = this.#borders[kind];
      if (!cross) throw new Error(`the runner has no border named ${kind}`);
      const before = recorded && asked.map((work) => this.#recorded(recorded, work.task));
      const outcomes = await cross(
        asked.map((work) => work.item.request),
        before,
      );
      asked.forEach((work, at) => {
        const outcome = outcomes[at];
        if (outcome) answers.set(work, outcome);
      });
    }
    return answers;
  }

  #recorded(recorded: NonNullable<RunOptions['recorded']>, task: Task): BorderOutcome {
    const at = this.#taken.get(task) ?? 0;
    this.#taken.set(task, at + 1);
    return recorded.get(task)?.[at] ?? { ok: true, numbers: [], reason: '' };
  }
}

/** Adds an outcome to what the task's header will say, as runs of equal ones. */
export function recordOutcome(task: Task, outcome: BorderOutcome): void {
  const reason = outcome.ok ? '' : outcome.reason;
  const last = task.outcomes.at(-1);
  if (last?.reason === reason) {
    task.outcomes[task.outcomes.length - 1] = { reason, count: last.count + 1 };
  } else task.outcomes.push({ reason, count: 1 });
}
