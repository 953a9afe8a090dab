/**
 * The durable bus of a data directory: one LevelDB at `<data>/bus`.
 *
 * One process at a time, by LevelDB's own lock, which the system releases when the process dies; a
 * second opener gets one line naming pid and command. Write buffer, block cache and files are sized so
 * that the bus stays within its budget (DESIGN section 6) and compaction stalls stay short (COSTS.md).
 */
import { ClassicLevel } from 'classic-level';
import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { HaltError, UsageError } from '../../../schemas/errors.js';
import { commandLine, forgetOwner, readOwner, writeOwner } from './data-owner.js';
import type { LogBus } from './log-bus.js';
import { openLog, type LogOptions } from './open-log.js';
import { levelRows } from './row-store.js';

const MEBIBYTE = 1024 * 1024;

export interface EmbeddedBusOptions extends LogOptions {
  /** The data directory; the bus lives in its folder `bus`. */
  readonly dir: string;
}

/** Thrown when another process holds the directory; `runner/bus/open.ts` then uses its socket. */
export class DirectoryOwned extends UsageError {}

export const openEmbeddedBus = async (options: EmbeddedBusOptions): Promise<LogBus> => {
  const { dir, readOnly = false } = options;
  if (!readOnly) await mkdir(dir, { recursive: true });
  else if (!(await exists(join(dir, 'bus')))) {
    throw new UsageError(`there is no bus in ${dir} to read; start a topology there first.`);
  }
  const level = new ClassicLevel<Buffer, Buffer>(join(dir, 'bus'), {
    keyEncoding: 'buffer',
    valueEncoding: 'buffer',
    createIfMissing: !readOnly,
    writeBufferSize: 8 * MEBIBYTE,
    cacheSize: 8 * MEBIBYTE,
    maxFileSize: 32 * MEBIBYTE,
    blockSize: 16 * 1024,
  });
  try {
    await level.open();
  } catch (cause) {
    throw await openFailure(dir, cause);
  }
  try {
    await writeOwner(dir, {
      pid: process.pid,
      command: commandLine(),
      startedAt: new Date().toISOString(),
      socket: null,
    });
    return await openLog(levelRows(level), dir, { retainEveryMs: 60_000, ...options }, () =>
      forgetOwner(dir),
    );
  } catch (cause) {
    await forgetOwner(dir);
    await level.close();
    throw cause;
  }
};

const exists = async (path: string): Promise<boolean> => {
  try {
    await stat(path);
    return true;
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return false;
    throw cause;
  }
};

const openFailure = async (dir: string, cause: unknown): Promise<HaltError | UsageError> => {
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  const code = inner instanceof Error && 'code' in inner ? inner.code : undefined;
  if (code === 'LEVEL_LOCKED') {
    const owner = await readOwner(dir);
    const who = owner === null ? 'another process' : `pid ${owner.pid} (${owner.command})`;
    return new DirectoryOwned(`${dir} is in use by ${who}; stop it, or name another --data.`, {
      cause,
    });
  }
  const why = inner instanceof Error ? inner.message : String(inner);
  return new HaltError('BUS_FAILED', `the bus in ${dir} cannot be opened: ${why}`, { cause });
};
