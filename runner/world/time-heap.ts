/**
 * A heap of things that wait for their time: smallest (time, rank, order of arrival) first.
 *
 * H1. Equal times leave by rank, equal ranks in the order they came, so the output never depends on
 * the shape of the heap. The caller bounds its size.
 */
interface Waiting<T> {
  readonly time: number;
  readonly rank: number;
  readonly arrival: number;
  readonly item: T;
}

const before = (left: Waiting<unknown>, right: Waiting<unknown>): boolean =>
  left.time !== right.time
    ? left.time < right.time
    : left.rank !== right.rank
      ? left.rank < right.rank
      : left.arrival < right.arrival;

export class TimeHeap<T> {
  private readonly entries: Waiting<T>[] = [];
  private arrivals = 0;

  get size(): number {
    return this.entries.length;
  }

  /** Time of what leaves next; Infinity when empty. */
  get nextTime(): number {
    return this.entries[0]?.time ?? Number.POSITIVE_INFINITY;
  }

  push(time: number, rank: number, item: T): void {
    const entry = { time, rank, arrival: this.arrivals++, item };
    const { entries } = this;
    let at = entries.length;
    entries.push(entry);
    while (at > 0) {
      const parentAt = (at - 1) >>> 1;
      const parent = entries[parentAt];
      if (parent === undefined || !before(entry, parent)) break;
      entries[at] = parent;
      at = parentAt;
    }
    entries[at] = entry;
  }

  pop(): T | undefined {
    const { entries } = this;
    const top = entries[0];
    const last = entries.pop();
    if (top === undefined || last === undefined || top === last) return top?.item;
    let at = 0;
    for (;;) {
      let childAt = at * 2 + 1;
      let child = entries[childAt];
      if (child === undefined) break;
      const sibling = entries[childAt + 1];
      if (sibling !== undefined && before(sibling, child)) {
        child = sibling;
        childAt++;
      }
      if (!before(child, last)) break;
      entries[at] = child;
      at = childAt;
    }
    entries[at] = last;
    return top.item;
  }
}
