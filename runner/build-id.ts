/**
 * What is executing: the package's version and a digest of the code whose results are recorded.
 *
 * in: the files of schemas, state, operators, topologies and the engine, as they run (dist or sources).
 * out: `0.1.0+1a2b3c4d5e6f`. Two builds with equal ids give equal bytes; an id that differs says only
 * that they might not (R5).
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const DECIDING = ['schemas', 'state', 'operators', 'topologies', 'runner/engine'];

let known: string | undefined;

export function buildId(): string {
  known ??= `${version()}+${codeDigest(ROOT).slice(0, 12)}`;
  return known;
}

/** sha256 hex over the deciding files below `root`, by path. */
export function codeDigest(root: string): string {
  const hash = createHash('sha256');
  for (const folder of DECIDING) {
    for (const path of codeFiles(join(root, folder))) {
      hash.update(relative(root, path)).update('\0').update(readFileSync(path)).update('\0');
    }
  }
  return hash.digest('hex');
}

function codeFiles(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /(?<!\.d)\.(ts|js)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** The version of the package this file belongs to, whether it runs from dist or from sources. */
function version(): string {
  for (const up of ['package.json', '../package.json']) {
    try {
      const parsed: unknown = JSON.parse(readFileSync(join(ROOT, up), 'utf8'));
      if (isVersioned(parsed)) return parsed.version;
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }
  return '0.0.0';
}

const isVersioned = (value: unknown): value is { readonly version: string } =>
  typeof value === 'object' && value !== null && 'version' in value;

const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ENOENT';
