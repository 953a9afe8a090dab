/**
 * The embedded bus over memory: same code, no files; what the topology driver runs on.
 *
 * A MemoryDisk outlives the buses opened over it, as a disk outlives processes. `onWrite` sees every
 * durable write (a group of appends, commits, claims or meta rows) and may end the "process" just
 * before it becomes durable or just after: the bus then answers BUS_FAILED for good, and the driver
 * opens another over the same disk. Every crash point of the bus can be reached this way.
 */
import { MemoryLevel } from 'memory-level';
import { HaltError } from '../../schemas/errors.js';
import type { LogBus } from './embedded/log-bus.js';
import { openLog, type LogOptions } from './embedded/open-log.js';
import { TABLE } from './embedded/row-keys.js';
import { levelRows, type RowPut, type RowStore } from './embedded/row-store.js';

export interface MemoryDisk {
  readonly rows: RowStore;
}

export const memoryDisk = (): MemoryDisk => {
  const level = new MemoryLevel<Buffer, Buffer>({ keyEncoding: 'buffer', valueEncoding: 'buffer' });
  return { rows: levelRows(level) };
};

/** One durable write, as `onWrite` sees it. */
export interface WriteSeen {
  /** 1 for the first durable write of this bus after it was opened. */
  readonly nth: number;
  /** Round headers in it; more than 0 means a commit. */
  readonly rounds: number;
  /** Batches of records in it. */
  readonly batches: number;
  readonly claims: number;
}

export type WriteVerdict = 'go' | 'crash-before' | 'crash-after';

export interface MemoryBusOptions extends LogOptions {
  /** A new, empty disk by default. */
  readonly disk?: MemoryDisk;
  readonly onWrite?: (write: WriteSeen) => WriteVerdict;
}

export const openMemoryBus = async (options: MemoryBusOptions = {}): Promise<LogBus> => {
  const { rows } = options.disk ?? memoryDisk();
  const { onWrite } = options;
  let nth = 0;
  let opened = false;
  const watched: RowStore = {
    ...rows,
    // The disk stays when a bus is closed.
    close: () => Promise.resolve(),
    write: async (puts, durable) => {
      const verdict =
        opened && durable && onWrite !== undefined ? onWrite(seen(++nth, puts)) : 'go';
      if (verdict === 'crash-before') throw crash('before');
      await rows.write(puts, durable);
      if (verdict === 'crash-after') throw crash('after');
    },
  };
  const bus = await openLog(watched, 'memory', options, () => Promise.resolve());
  opened = true;
  return bus;
};

const crash = (when: string): HaltError =>
  new HaltError('BUS_FAILED', `a crash was asked for, ${when} the write became durable.`);

const seen = (nth: number, puts: readonly RowPut[]): WriteSeen => {
  const count = (table: number): number => puts.filter(({ key }) => key[0] === table).length;
  return {
    nth,
    rounds: count(TABLE.header),
    batches: count(TABLE.batch),
    claims: count(TABLE.claim),
  };
};
