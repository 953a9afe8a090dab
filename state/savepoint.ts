/**
 * What the present round touched, and how to take back what came after a mark.
 *
 * V1. After `rollback` every value, count, timer and guard entry is what it was at `mark`.
 * V2. Savepoints do not nest; the engine opens one per record.
 */
import { HaltError } from '../schemas/errors.js';
import type { Entry } from './entry.js';

export class Savepoint {
  /** Entries the round changed, each once, in order of first change. */
  readonly touched: Entry[] = [];
  marked = false;
  private touchedAtMark = 0;
  private readonly changed: Entry[] = [];
  private readonly priors: unknown[] = [];

  mark(): void {
    if (this.marked) throw new HaltError('STATE_MISUSE', 'a savepoint is open already');
    this.marked = true;
    this.touchedAtMark = this.touched.length;
  }

  /** Called before `entry.value` changes. */
  note(entry: Entry, stood: boolean): void {
    if (this.marked) {
      this.changed.push(entry);
      this.priors.push(entry.value);
    }
    if (entry.working) return;
    entry.working = true;
    entry.stood = stood;
    this.touched.push(entry);
  }

  release(): void {
    if (!this.marked) throw new HaltError('STATE_MISUSE', 'no savepoint is open');
    this.marked = false;
    if (this.changed.length === 0) return;
    this.changed.length = 0;
    this.priors.length = 0;
  }

  rollback(): void {
    if (!this.marked) throw new HaltError('STATE_MISUSE', 'no savepoint is open');
    for (let at = this.changed.length - 1; at >= 0; at -= 1) {
      const entry = this.changed[at];
      entry?.owner.restore(entry, this.priors[at]);
    }
    for (let at = this.touchedAtMark; at < this.touched.length; at += 1) {
      const entry = this.touched[at];
      if (entry !== undefined) entry.working = false;
    }
    this.touched.length = this.touchedAtMark;
    this.release();
  }

  /** The round ended: the list of touched entries is handed over once. */
  takeTouched(): readonly Entry[] {
    if (this.marked) throw new HaltError('STATE_MISUSE', 'a savepoint is still open at the seal');
    return this.touched.splice(0);
  }
}
