/**
 * One round in the making: what its signals have produced and not yet committed.
 *
 * Outputs, forwarded signals and border work are lists that a failed signal truncates back to where
 * they stood (K1's other half). Digests are taken over outputs in order of emission, per task.
 */
import { createHash, type Hash } from 'node:crypto';
import type { Signal } from '../../operators/signal.js';
import type { BorderItem, WiredNode } from '../../operators/wiring.js';
import type { ProducedRecord } from '../bus/port.js';
import type { Task } from './task.js';

export interface RoundOutput {
  readonly task: Task;
  readonly record: ProducedRecord;
  /** What the record's bytes say, for those who watch; undefined for a diverted record. */
  readonly value: unknown;
}

export interface Forwarded {
  readonly node: number;
  readonly signal: Signal<unknown>;
}

export interface BorderWork {
  readonly task: Task;
  readonly node: WiredNode;
  readonly item: BorderItem;
}

export class Round {
  readonly outputs: RoundOutput[] = [];
  readonly forwarded: Forwarded[] = [];
  readonly borders: BorderWork[] = [];
  /** Next forwarded signal to deliver. */
  forwardedAt = 0;
  outputBytes = 0;
  timers = 0;
  diverted = 0;
  #marks = { outputs: 0, forwarded: 0, borders: 0, bytes: 0 };

  mark(): void {
    this.#marks.outputs = this.outputs.length;
    this.#marks.forwarded = this.forwarded.length;
    this.#marks.borders = this.borders.length;
    this.#marks.bytes = this.outputBytes;
  }

  rollBack(): void {
    this.outputs.length = this.#marks.outputs;
    this.forwarded.length = this.#marks.forwarded;
    for (const work of this.borders.splice(this.#marks.borders)) work.item.cancel();
    this.outputBytes = this.#marks.bytes;
  }

  addOutput(task: Task, record: ProducedRecord, value?: unknown): void {
    this.outputs.push({ task, record, value });
    this.outputBytes += (record.value?.byteLength ?? 0) + (record.key?.byteLength ?? 0) + 64;
  }

  /** Count and sha256 of each task's outputs: topic, key and value, length-prefixed. */
  digests(): ReadonlyMap<Task, { readonly count: number; readonly digest: Uint8Array }> {
    const open = new Map<Task, { count: number; hash: Hash }>();
    const frame = Buffer.alloc(8);
    for (const { task, record } of this.outputs) {
      let one = open.get(task);
      if (!one) {
        one = { count: 0, hash: createHash('sha256') };
        open.set(task, one);
      }
      frame.writeUInt32BE(record.key?.byteLength ?? 0xffffffff, 0);
      frame.writeUInt32BE(record.value?.byteLength ?? 0xffffffff, 4);
      one.hash.update(record.topic).update(frame);
      if (record.key) one.hash.update(record.key);
      if (record.value) one.hash.update(record.value);
      one.count += 1;
    }
    return new Map(
      [...open].map(([task, { count, hash }]) => [task, { count, digest: hash.digest() }]),
    );
  }
}

/** sha256 of nothing: the outputs digest of a task that emitted nothing. */
export const NO_OUTPUTS = createHash('sha256').digest();
