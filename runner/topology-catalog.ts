/**
 * Topologies by name: the shipped ones, and a user's own from a module path.
 */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { UsageError } from '../schemas/errors.js';
import { ieg } from '../topologies/ieg.js';
import { rtdlTopology } from '../topologies/rtdl.js';
import type { Topology } from '../topologies/topology.js';
import type { ClockKind } from './bus/port.js';

export interface CatalogOptions {
  readonly clock: ClockKind;
  /** Feature set of the decision loop. */
  readonly features?: string;
}

interface Shipped {
  readonly about: string;
  readonly make: (options: CatalogOptions) => Topology;
}

export const SHIPPED: Readonly<Record<string, Shipped>> = {
  rtdl: {
    about: 'the real-time decision loop: join, features, guardrails, score, decision, audit',
    make: ({ clock, features }) =>
      rtdlTopology({ clock, ...(features === undefined ? {} : { features }) }),
  },
  ieg: {
    about: 'the identity and entity graph of a run, for resolve, profile and neighbours',
    make: () => ieg,
  },
};

/** The topology of a shipped name, or of a module path such as ./my.topology.js. */
export async function findTopology(name: string, options: CatalogOptions): Promise<Topology> {
  const shipped = SHIPPED[name];
  if (shipped) return shipped.make(options);
  if (!/[./]/.test(name)) {
    throw new UsageError(
      `There is no topology named "${name}"; shipped are ${Object.keys(SHIPPED).join(', ')}, or give a path such as ./my.topology.js.`,
    );
  }
  return fromModule(name);
}

async function fromModule(name: string): Promise<Topology> {
  const path = resolve(name);
  if (!existsSync(path)) throw new UsageError(`There is no file ${name} to take a topology from.`);
  const module = (await import(pathToFileURL(path).href)) as Readonly<Record<string, unknown>>;
  const found = Object.values(module).filter(isTopology);
  const [first] = found;
  if (!first || found.length > 1) {
    throw new UsageError(
      `${name} exports ${found.length} topologies; export exactly one made by topology({...}).`,
    );
  }
  return first;
}

const isTopology = (value: unknown): value is Topology =>
  typeof value === 'object' && value !== null && 'stages' in value && 'instantiate' in value;
