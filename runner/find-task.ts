/**
 * The store a person names, and the tasks that hold it.
 */
import { UsageError } from '../schemas/errors.js';
import type { Topology, TopologyStore } from '../topologies/topology.js';
import type { Task } from './engine/task.js';

interface Searched {
  readonly topology: Topology;
  readonly opened: { readonly group: { readonly tasks: readonly Task[] } };
}

export function findTask(
  running: readonly Searched[],
  query: { readonly topology: string; readonly store: string },
): { readonly store: TopologyStore; readonly tasks: readonly Task[] } {
  const one = running.find(({ topology }) => topology.name === query.topology);
  if (!one) {
    throw new UsageError(
      `${query.topology} does not run here; running: ${running.map(({ topology }) => topology.name).join(', ')}.`,
    );
  }
  const store = findStore(one.topology, query.store);
  return { store, tasks: one.opened.group.tasks.filter((task) => task.stage === store.stage) };
}

export function findStore(topology: Topology, name: string): TopologyStore {
  const store = topology.stores.find((one) => one.name === name);
  if (store) return store;
  throw new UsageError(
    `${topology.name} has no store "${name}"; it has ${topology.stores.map((one) => one.name).join(', ')}.`,
  );
}
