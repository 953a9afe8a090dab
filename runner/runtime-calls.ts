/**
 * What the owner's socket answers beyond the bus: live lag and state of the topologies it runs.
 */
import { ownerCall } from './owner-protocol.js';
import type { OwnerHandlers } from './owner-socket.js';
import type { Runtime } from './runtime.js';
import { findTask } from './find-task.js';

export interface LagRow {
  readonly topology: string;
  readonly source: string;
  readonly topic: string;
  readonly partition: number;
  /** Next offset to process, decimal digits. */
  readonly next: string;
  readonly records: number;
}

export interface StateQuery {
  readonly topology: string;
  readonly store: string;
  /** Key prefix as bytes-as-chars; '' for all. */
  readonly prefix: string;
  readonly limit: number;
}

export interface StateRow {
  readonly task: string;
  readonly key: string;
  readonly value: unknown;
}

export const runtimeCalls = {
  lag: ownerCall<null, readonly LagRow[]>('runtime.lag'),
  scan: ownerCall<StateQuery, readonly StateRow[]>('runtime.scan'),
};

export function handleRuntime(handlers: OwnerHandlers, runtime: Runtime): void {
  handlers
    .answer(runtimeCalls.lag, () =>
      Promise.resolve(
        runtime.running.flatMap(({ topology, opened }) =>
          opened.group.readers.map((reader) => ({
            topology: topology.name,
            source: reader.source,
            topic: reader.topic,
            partition: reader.partition,
            next: reader.next.toString(),
            records: reader.lag,
          })),
        ),
      ),
    )
    .answer(runtimeCalls.scan, async (query) => {
      const { store, tasks } = findTask(runtime.running, query);
      const rows: StateRow[] = [];
      for (const task of tasks) {
        if (rows.length >= query.limit) break;
        const found = await task.state.scan(store.ordinal, query.prefix, query.limit - rows.length);
        for (const [key, value] of found) rows.push({ task: task.id, key, value });
      }
      return rows;
    });
}
