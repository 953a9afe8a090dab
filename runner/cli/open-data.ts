/**
 * The data directory as commands open it: its bus, its registry, and its owner when one runs.
 *
 * A directory that is not there is a UsageError naming the commands that make one; everything is
 * closed when the work ends, however it ends.
 */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageError } from '../../schemas/errors.js';
import { openBus, type OpenMode } from '../bus/open.js';
import type { Bus } from '../bus/port.js';
import type { OwnerClient } from '../owner-client.js';
import { RegistryStore } from '../registry/registry-store.js';
import { ResidentLookup } from '../registry/resident-lookup.js';
import { dataDirOf } from './options.js';

export interface OpenedData {
  readonly dataDir: string;
  readonly bus: Bus;
  /** The process that runs topologies here; null when none does. */
  readonly owner: OwnerClient | null;
  /** The registry as it is now. While an owner runs it is a copy for reading. */
  readonly registry: RegistryStore;
  readonly lookup: ResidentLookup;
}

export interface DataOptions {
  readonly data: string;
  readonly mode: Exclude<OpenMode, 'own'>;
}

export async function withData<T>(
  options: DataOptions,
  work: (opened: OpenedData) => Promise<T>,
): Promise<T> {
  const dataDir = dataDirOf(options.data);
  await requireData(dataDir);
  const { bus, owner } = await openBus({ dataDir, mode: options.mode });
  try {
    const registry = await RegistryStore.open(bus.meta);
    return await work({ dataDir, bus, owner, registry, lookup: new ResidentLookup(registry) });
  } finally {
    await bus.close();
  }
}

/** Throws unless something was written to `dataDir` before. */
export async function requireData(dataDir: string): Promise<void> {
  try {
    await stat(join(dataDir, 'bus'));
  } catch {
    throw new UsageError(
      `There is no data in ${dataDir}; make some with "runner start NAME --data ${dataDir}" or "runner import transactions --data ${dataDir}", or name another --data.`,
    );
  }
}
