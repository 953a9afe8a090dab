/**
 * What the owner's socket answers beyond the bus: live lag and state of the topologies it runs.
 */
import { UsageError } from '../schemas/errors.js';
import { ieg } from '../topologies/ieg.js';
import { liveGraph } from './graph-source.js';
import { askGraph, type GraphAnswer, type GraphSource } from './http/graph-routes.js';
import { ownerCall } from './owner-protocol.js';
import type { OwnerHandlers } from './owner-socket.js';
import type { Runtime } from './runtime.js';
import { findTask } from './find-task.js';
import { registerSchemas, type RegisterRow } from './registry/commands.js';
import { searchPartition, type PartitionSearch } from './search-partition.js';
import type { SchemaTopic } from './registry/register-topics.js';

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

export interface GraphQuestion {
  readonly name: string;
  readonly body: unknown;
}

export const runtimeCalls = {
  lag: ownerCall<null, readonly LagRow[]>('runtime.lag'),
  scan: ownerCall<StateQuery, readonly StateRow[]>('runtime.scan'),
  /** One question to the identity graph, as over HTTP. */
  graph: ownerCall<GraphQuestion, GraphAnswer>('runtime.graph'),
  /** Offsets of records that hold a text; nothing but offsets crosses the socket. */
  search: ownerCall<PartitionSearch, readonly bigint[]>('runtime.search'),
  /** All or none, as `runner schemas register` does on its own. */
  register: ownerCall<readonly SchemaTopic[], readonly RegisterRow[]>('runtime.register'),
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
    .answer(runtimeCalls.register, (wanted) => registerSchemas(runtime.registry, wanted))
    .answer(runtimeCalls.graph, ({ name, body }) => askGraph(graphOf(runtime), name, body))
    .answer(runtimeCalls.search, (search) => searchPartition(runtime.bus, search))
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

function graphOf(runtime: Runtime): GraphSource {
  const running = runtime.running.find(({ topology }) => topology.name === ieg.name);
  if (running) return liveGraph(running);
  throw new UsageError(
    `${ieg.name} does not run here; running: ${runtime.running.map(({ topology }) => topology.name).join(', ')}.`,
  );
}
