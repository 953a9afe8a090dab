/**
 * The timer that fires next among all tasks: by due time, then by the position of what set it.
 */
import type { TimerRow } from '../../state/port.js';
import type { Task } from './task.js';

export function earliestTimer(
  tasks: readonly Task[],
): { readonly task: Task; readonly row: TimerRow } | undefined {
  let best: { readonly task: Task; readonly row: TimerRow } | undefined;
  for (const task of tasks) {
    const row = task.state.nextTimer();
    if (!row) continue;
    const sooner =
      !best ||
      row.dueMs < best.row.dueMs ||
      (row.dueMs === best.row.dueMs && row.setter < best.row.setter);
    if (sooner) best = { task, row };
  }
  return best;
}
