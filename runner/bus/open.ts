/**
 * The bus of a data directory for a command.
 *
 *   own   holds the directory and may commit rounds (`start`, `import`)
 *   read  reads what is there: holds the directory read-only when it is free, else asks its owner
 *   use   reads and appends: holds the directory when it is free, else asks its owner
 *
 * `own` of a directory in use is a UsageError naming pid and command.
 */
import { RetryError, UsageError } from '../../schemas/errors.js';
import { OwnerClient } from '../owner-client.js';
import { readOwner } from './embedded/data-owner.js';
import type { LogBus } from './embedded/log-bus.js';
import { DirectoryOwned, openEmbeddedBus } from './embedded/open-embedded.js';
import type { Bus, ClockKind } from './port.js';
import { openRemoteBus } from './remote.js';

export type OpenMode = 'own' | 'read' | 'use';

export interface OpenBusOptions {
  readonly dataDir: string;
  readonly clock?: ClockKind;
  readonly mode: OpenMode;
}

/** Exactly one of `own` and `owner` is there. Closing the bus closes the connection too. */
export interface OpenedBus {
  readonly bus: Bus;
  /** The directory is this process's. */
  readonly own: LogBus | null;
  /** It is another process's, and this is the way to ask for more than the bus. */
  readonly owner: OwnerClient | null;
}

/** The owner may end, or another begin, between looking and asking. */
const ATTEMPTS = 3;

export const openBus = async (options: OpenBusOptions): Promise<OpenedBus> => {
  for (let attempt = 1; ; attempt++) {
    try {
      return await openHere(options);
    } catch (refused) {
      if (!(refused instanceof DirectoryOwned) || options.mode === 'own') throw refused;
      const asked = await askOwner(options);
      if (asked !== null) return asked;
      if (attempt === ATTEMPTS) {
        throw new UsageError(`${refused.message} It answers on no socket yet; try again.`, {
          cause: refused,
        });
      }
    }
  }
};

const openHere = async ({ dataDir, clock, mode }: OpenBusOptions): Promise<OpenedBus> => {
  const own = await openEmbeddedBus({
    dir: dataDir,
    readOnly: mode === 'read',
    ...(clock === undefined ? {} : { clock }),
  });
  return { bus: own, own, owner: null };
};

/** Null when there is no socket, or nobody behind it. */
const askOwner = async ({ dataDir, clock, mode }: OpenBusOptions): Promise<OpenedBus | null> => {
  const socket = (await readOwner(dataDir))?.socket ?? null;
  if (socket === null) return null;
  const owner = new OwnerClient(socket);
  try {
    const bus = await openRemoteBus(owner, { readOnly: mode === 'read' });
    if (clock !== undefined && bus.clock !== clock) {
      throw new UsageError(
        `the bus in ${dataDir} was created with a ${bus.clock} clock and cannot take ${clock} times; use another data directory.`,
      );
    }
    return { bus, own: null, owner };
  } catch (failure) {
    owner.close();
    if (failure instanceof RetryError) return null;
    throw failure;
  }
};
