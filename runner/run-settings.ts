/**
 * What a data directory remembers of how a topology was started there: its feature set, and the stores
 * its state is numbered by.
 *
 * E1. A command that names no feature set takes the one the directory was started with.
 * E2. Another feature set, or other stores, would read one store's rows as another's: refused.
 *
 * state: row `settings/<topology>` of the bus's meta.
 */
import { UsageError } from '../schemas/errors.js';
import type { Topology } from '../topologies/topology.js';
import type { Bus } from './bus/port.js';
import { findTopology } from './topology-catalog.js';

interface Settings {
  readonly features: string | null;
  /** stage, ordinal, name and kind of every store. */
  readonly stores: readonly string[];
}

const keyOf = (topology: string): string => `settings/${topology}`;

async function settingsOf(bus: Bus, topology: string): Promise<Settings | undefined> {
  const stored = await bus.meta.get(keyOf(topology));
  return stored && (JSON.parse(Buffer.from(stored).toString()) as Settings);
}

/** E1. The topology as it runs on this bus. */
export async function findTopologyOn(bus: Bus, name: string, features?: string): Promise<Topology> {
  const known = (await settingsOf(bus, name))?.features ?? undefined;
  if (known !== undefined && features !== undefined && known !== features) {
    throw new UsageError(
      `${name} was started here with the feature set "${known}", not "${features}"; leave --features out, or use another data directory.`,
    );
  }
  const wanted = features ?? known;
  return findTopology(name, {
    clock: bus.clock,
    ...(wanted === undefined ? {} : { features: wanted }),
  });
}

/** E2. Remembers how `topology` is started; refuses what its state cannot be read by. */
export async function rememberSettings(
  bus: Bus,
  topology: Topology,
  features: string | undefined,
): Promise<void> {
  const stores = topology.stores.map(
    ({ stage, ordinal, name, spec }) => `${stage}/${ordinal} ${name} ${spec.kind}`,
  );
  const known = await settingsOf(bus, topology.name);
  const other = known?.stores.find((store, at) => store !== stores[at]);
  if (known && (other !== undefined || known.stores.length > stores.length)) {
    throw new UsageError(
      `The state of ${topology.name} here was written with other stores (${other ?? known.stores.at(-1) ?? ''}); keep their order and add new ones behind, or use another data directory.`,
    );
  }
  const settings: Settings = { features: features ?? known?.features ?? null, stores };
  await bus.meta.put(keyOf(topology.name), Buffer.from(JSON.stringify(settings)));
}
