/**
 * `<data>/owner.json`: who holds the data directory, for the message a second process prints and for
 * finding the owner's socket. The lock itself is LevelDB's; this file is only a note, written after the
 * lock was taken and removed before it is given back, so a note without a lock is a dead owner's.
 */
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

export interface DataOwner {
  readonly pid: number;
  readonly command: string;
  /** ISO 8601. */
  readonly startedAt: string;
  /** Path of the socket the owner serves, null while it serves none. */
  readonly socket: string | null;
}

const ownerFile = (dataDir: string): string => join(dataDir, 'owner.json');

/** The command line of this process as a person typed it, near enough. */
export const commandLine = (): string =>
  [basename(process.argv[1] ?? process.title), ...process.argv.slice(2)].join(' ');

export const writeOwner = async (dataDir: string, owner: DataOwner): Promise<void> => {
  const draft = `${ownerFile(dataDir)}.${owner.pid}`;
  await writeFile(draft, `${JSON.stringify(owner)}\n`);
  await rename(draft, ownerFile(dataDir));
};

export const readOwner = async (dataDir: string): Promise<DataOwner | null> => {
  try {
    return JSON.parse(await readFile(ownerFile(dataDir), 'utf8')) as DataOwner;
  } catch (cause) {
    // Absent, or cut short by a crash: nothing is known about the owner, and nothing depends on it.
    if (cause instanceof SyntaxError || (cause instanceof Error && 'code' in cause)) return null;
    throw cause;
  }
};

export const forgetOwner = async (dataDir: string): Promise<void> => {
  await rm(ownerFile(dataDir), { force: true });
};
