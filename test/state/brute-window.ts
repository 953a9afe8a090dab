/** Windows by brute force: every answer from the whole list, each time. Shares no code with state/. */
import type { Answer } from '../../state/window-accumulators.js';
import type { WindowAggregate } from '../../state/window-plan.js';

export interface BruteEntry {
  readonly at: number;
  readonly values: readonly number[];
  readonly ids: readonly number[];
  readonly flags: number;
  readonly entryId: number;
  /** By label slot: when it was observed. */
  readonly labels: Map<number, number>;
}

export class BruteWindow {
  readonly entries: BruteEntry[] = [];

  /** Adds the entry and answers every aggregate for it. */
  add(entry: BruteEntry, aggregates: readonly WindowAggregate[]): Answer[] {
    const earlier = [...this.entries];
    this.entries.push(entry);
    return aggregates.map((one) => this.answer(entry, earlier, one));
  }

  /** Answers every aggregate as of `at`, adding nothing. */
  read(at: number, aggregates: readonly WindowAggregate[]): Answer[] {
    const look = { at, values: [], ids: [], flags: 0, entryId: -1, labels: new Map() };
    return aggregates.map((one) => this.answer(look, this.entries, one));
  }

  private answer(entry: BruteEntry, earlier: BruteEntry[], one: WindowAggregate): Answer {
    const end = entry.at - (one.delay ?? 0);
    const inside = (other: BruteEntry): boolean =>
      other.at <= end &&
      other.at > end - one.width &&
      (one.where === undefined || (other.flags & one.where) === one.where);
    const all = this.entries.filter(inside);
    const values = all.map((other) => other.values[one.value ?? 0] ?? 0);
    const sum = values.reduce((total, value) => total + value, 0);
    const labelled = all.filter(
      (other) => (other.labels.get(one.label ?? 0) ?? Infinity) <= entry.at,
    ).length;
    switch (one.aggregate) {
      case 'count':
        return all.length;
      case 'sum':
        return sum;
      case 'mean':
        return { numerator: sum, denominator: all.length };
      case 'min':
        return values.length === 0 ? null : Math.min(...values);
      case 'max':
        return values.length === 0 ? null : Math.max(...values);
      case 'distinct':
        return new Set(all.map((other) => other.ids[one.id ?? 0])).size;
      case 'label_count':
        return labelled;
      case 'label_rate':
        return { numerator: labelled, denominator: all.length };
      case 'last':
      case 'since_last': {
        // Latest by time; of equal times the one that arrived last.
        let last: BruteEntry | undefined;
        for (const other of earlier) {
          if (inside(other) && (last === undefined || other.at >= last.at)) last = other;
        }
        if (last === undefined) return null;
        return one.aggregate === 'last' ? (last.values[one.value ?? 0] ?? 0) : entry.at - last.at;
      }
    }
  }

  /** Sets or clears a label; false when there is no such entry. */
  label(key: { at: number; entryId: number }, slot: number, observedAt: number | null): boolean {
    const entry = this.entries.find((one) => one.at === key.at && one.entryId === key.entryId);
    if (entry === undefined) return false;
    if (observedAt === null) entry.labels.delete(slot);
    else entry.labels.set(slot, observedAt);
    return true;
  }
}
