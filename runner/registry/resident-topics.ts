/**
 * The writer ids of a topology's topics on a bus that is only read: looked up, never registered.
 */
import { UsageError } from '../../schemas/errors.js';
import { topics } from '../../schemas/topics.js';
import type { Topology } from '../../topologies/topology.js';
import type { Registry } from './registry.js';
import type { ResidentLookup } from './resident-lookup.js';

export async function registerTopicsReadOnly(
  registry: Registry,
  topology: Topology,
  lookup: ResidentLookup,
): Promise<void> {
  const wanted = [
    ...topology.sources.map((source) => source.topic),
    ...topology.sinks.map((sink) => sink.topic),
    topics.quarantine,
  ];
  for (const { name, subject, schema } of wanted) {
    const found = await registry.lookup(subject, { schema });
    if (!found) {
      throw new UsageError(
        `The registry has no such version of ${subject}: this build's schema of ${name} was never written here.`,
      );
    }
    lookup.registered(schema, found);
  }
}
