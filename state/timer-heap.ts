/**
 * A binary heap of timers that knows each one's place, so that any of them can be removed.
 * Order: (dueMs, setter, operator, key), total, so the heap's history never shows.
 */
import type { TimerRow } from './port.js';

export interface TimerNode {
  readonly row: TimerRow;
  /** Index in the heap. */
  at: number;
}

function before(left: TimerRow, right: TimerRow): boolean {
  if (left.dueMs !== right.dueMs) return left.dueMs < right.dueMs;
  if (left.setter !== right.setter) return left.setter < right.setter;
  if (left.operator !== right.operator) return left.operator < right.operator;
  return left.key < right.key;
}

export class TimerHeap {
  private readonly nodes: TimerNode[] = [];

  first(): TimerRow | undefined {
    return this.nodes[0]?.row;
  }

  add(row: TimerRow): TimerNode {
    const node = { row, at: this.nodes.length };
    this.nodes.push(node);
    this.up(node);
    return node;
  }

  remove(node: TimerNode): void {
    const last = this.nodes.pop();
    if (last === undefined || last === node) return;
    last.at = node.at;
    this.nodes[last.at] = last;
    this.up(last);
    this.down(last);
  }

  private place(node: TimerNode, at: number): void {
    this.nodes[at] = node;
    node.at = at;
  }

  private up(node: TimerNode): void {
    while (node.at > 0) {
      const above = this.nodes[(node.at - 1) >> 1];
      if (above === undefined || !before(node.row, above.row)) return;
      const at = above.at;
      this.place(above, node.at);
      this.place(node, at);
    }
  }

  private down(node: TimerNode): void {
    for (;;) {
      const left = this.nodes[2 * node.at + 1];
      const right = this.nodes[2 * node.at + 2];
      if (left === undefined) return;
      const least = right !== undefined && before(right.row, left.row) ? right : left;
      if (!before(least.row, node.row)) return;
      const at = least.at;
      this.place(least, node.at);
      this.place(node, at);
    }
  }
}
