/**
 * Where a demo keeps its data: the folder asked for, which must be empty, or the next number in
 * `data/demo`, so that `npm start` works again and never touches what an earlier run left.
 */
import { mkdir, readdir, rmdir } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { UsageError } from '../../schemas/errors.js';

export interface DemoFolder {
  readonly dataDir: string;
  /** As a person would type it from where he stands. */
  readonly shown: string;
  /** Folders of earlier demos, when the folder was chosen here. */
  readonly earlier: number;
  /** Made here, not named by the user. */
  readonly made: boolean;
}

export async function demoFolder(asked: string | undefined, base: string): Promise<DemoFolder> {
  if (asked !== undefined) {
    if ((await namesIn(resolve(asked))).length > 0) {
      throw new UsageError(
        `${asked} is not empty; name another --data, or remove it, or look at it with: runner report rtdl --data ${asked}`,
      );
    }
    return { ...shown(asked), earlier: 0, made: false };
  }
  await mkdir(base, { recursive: true });
  for (;;) {
    const numbers = (await namesIn(base)).filter((name) => /^\d+$/.test(name)).map(Number);
    const folder = join(base, String(Math.max(0, ...numbers) + 1));
    // Two demos started at once: whoever makes the folder has it.
    if (await makes(folder)) {
      return { ...shown(folder), earlier: numbers.length, made: true };
    }
  }
}

/** Takes a folder made here away again when nothing was written to it. */
export async function leaveNoTrace(folder: DemoFolder): Promise<void> {
  if (folder.made && (await namesIn(folder.dataDir)).length === 0) await rmdir(folder.dataDir);
}

function shown(folder: string): { readonly dataDir: string; readonly shown: string } {
  const dataDir = resolve(folder);
  const near = relative(process.cwd(), dataDir);
  return { dataDir, shown: near === '' || near.startsWith('..') ? dataDir : near };
}

async function makes(folder: string): Promise<boolean> {
  try {
    await mkdir(folder);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}
