/**
 * Opens the embedded bus over a store of rows: reads what stands there, or creates an empty bus.
 *
 * The clock belongs to the topics and is fixed when the bus is created; asking for the other one later
 * is a UsageError.
 */
import { HaltError, UsageError } from '../../../schemas/errors.js';
import type { ClockKind } from '../port.js';
import { BatchEncoder } from './batch-encode.js';
import { BrokerClock } from './broker-clock.js';
import { LogBus } from './log-bus.js';
import { RecentBatches } from './recent-batches.js';
import { TABLE, namedKey } from './row-keys.js';
import type { RowStore } from './row-store.js';
import { TaskTable } from './task-table.js';
import { TopicTable } from './topic-table.js';

export const RECENT_BYTES_MAX = 16 * 1024 * 1024;
export const QUEUE_BYTES_MAX = 64 * 1024 * 1024;
const FORMAT = '1';

export interface LogOptions {
  /** Default: what the bus was created with, `wall` for a new one. */
  readonly clock?: ClockKind;
  readonly readOnly?: boolean;
  /** Ms since 1970, for tests; by default the system's clock made monotone. */
  readonly nowMs?: () => number;
  /** Newest batches kept in memory, bytes; 16 MiB. */
  readonly recentBytesMax?: number;
  /** Bytes waiting to be written before BUS_BUSY; 64 MiB. */
  readonly queueBytesMax?: number;
  /** How often retention runs by itself; null only when called. */
  readonly retainEveryMs?: number | null;
}

export const openLog = async (
  rows: RowStore,
  /** What to call it in messages: the directory, or "memory". */
  name: string,
  options: LogOptions,
  beforeClose: () => Promise<void>,
): Promise<LogBus> => {
  const readOnly = options.readOnly ?? false;
  const clockKind = await clockOf(rows, name, options);
  const topics = await TopicTable.load(rows, clockKind);
  const { lastTimeMs, lastSequence } = topics.place;
  return new LogBus({
    core: {
      rows,
      topics,
      tasks: await TaskTable.load(rows),
      // Times of a records bus are the events' own and say nothing about now.
      clock: new BrokerClock(clockKind === 'wall' ? lastTimeMs : 0, options.nowMs),
      clockKind,
      encoder: new BatchEncoder(),
      recent: new RecentBatches(options.recentBytesMax ?? RECENT_BYTES_MAX),
      sequence: lastSequence,
      written: { records: 0, rounds: 0 },
    },
    readOnly,
    queueBytesMax: options.queueBytesMax ?? QUEUE_BYTES_MAX,
    retainEveryMs: readOnly ? null : (options.retainEveryMs ?? null),
    beforeClose,
  });
};

const clockOf = async (rows: RowStore, name: string, options: LogOptions): Promise<ClockKind> => {
  const [format, stored] = await rows.getMany([
    namedKey(TABLE.bus, 'format'),
    namedKey(TABLE.bus, 'clock'),
  ]);
  if (format === undefined || stored === undefined) {
    if (options.readOnly ?? false) {
      throw new UsageError(`there is no bus in ${name} to read; start a topology there first.`);
    }
    const clock = options.clock ?? 'wall';
    await rows.write(
      [
        { key: namedKey(TABLE.bus, 'format'), value: Buffer.from(FORMAT) },
        { key: namedKey(TABLE.bus, 'clock'), value: Buffer.from(clock) },
      ],
      true,
    );
    return clock;
  }
  if (format.toString() !== FORMAT) {
    throw new UsageError(
      `the bus in ${name} has format ${format.toString()}, this build reads ${FORMAT}; use the build that wrote it.`,
    );
  }
  const clock = stored.toString();
  if (clock !== 'wall' && clock !== 'records') {
    throw new HaltError('BATCH_CORRUPT', `the clock row of the bus in ${name} is damaged.`);
  }
  if (options.clock !== undefined && options.clock !== clock) {
    throw new UsageError(
      `the bus in ${name} was created with a ${clock} clock and cannot take ${options.clock} times; use another data directory.`,
    );
  }
  return clock;
};
