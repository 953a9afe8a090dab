/**
 * Bundles by content: files `<data>/objects/<sha256>`, checked whenever they are read.
 *
 * A registry record names a bundle by sha256 and location; the bytes are here, or at the location
 * given (a file path, relative to the data directory or absolute). What has been loaded is handed to
 * the operators' content-addressed shelf and to the worker pool before the round that needs it.
 */
import { access, constants, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { loadedBundles } from '../operators/model/loaded-bundles.js';
import { parseBundle } from '../operators/model/bundle.js';
import { sha256Hex } from '../schemas/sha256.js';
import type { Logger } from './log.js';
import type { ModelPool } from './workers/model-pool.js';

export class BundleStore {
  readonly #dataDir: string;
  readonly #pool: ModelPool | undefined;
  readonly #log: Logger | undefined;
  readonly #loaded = new Set<string>();
  /** Every bundle ever asked for by sha256, with the path it is at. */
  readonly #paths = new Map<string, string>();

  constructor(dataDir: string, options: { readonly pool?: ModelPool; readonly log?: Logger } = {}) {
    this.#dataDir = dataDir;
    this.#pool = options.pool;
    this.#log = options.log;
  }

  /** Keeps the bytes under their hash, durably; returns what a registry record needs to name them. */
  async put(bytes: Uint8Array): Promise<{ readonly sha256: string; readonly location: string }> {
    const sha256 = sha256Hex(bytes);
    const folder = join(this.#dataDir, 'objects');
    await mkdir(folder, { recursive: true });
    const location = join('objects', sha256);
    const written = join(folder, `.${sha256}.${process.pid}`);
    await writeFile(written, bytes, { flush: true });
    await rename(written, join(this.#dataDir, location));
    return { sha256, location };
  }

  has(sha256: string): boolean {
    return this.#loaded.has(sha256);
  }

  /** True once the bundle is loaded, checked and on the shelf. */
  async load(file: { readonly sha256: string; readonly location: string }): Promise<boolean> {
    if (this.#loaded.has(file.sha256)) return true;
    const path = isAbsolute(file.location) ? file.location : join(this.#dataDir, file.location);
    this.#paths.set(file.sha256, path);
    try {
      const bytes = await readFile(path);
      const found = sha256Hex(bytes);
      if (found !== file.sha256) {
        this.#log?.error({ expected: file.sha256, found }, 'bundle bytes do not match their hash');
        return false;
      }
      const bundle = parseBundle(bytes);
      await this.#pool?.load(bytes, file.sha256);
      loadedBundles.put(file.sha256, bundle);
      this.#loaded.add(file.sha256);
      return true;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#log?.error({ sha256: file.sha256, reason }, 'bundle could not be loaded');
      return false;
    }
  }

  /**
   * Bundles that cannot be loaded, or could not be read again now: a restart would miss them. One that
   * came back is loaded by asking.
   */
  async unreadable(): Promise<readonly string[]> {
    const gone: string[] = [];
    for (const [sha256, path] of this.#paths) {
      try {
        await access(path, constants.R_OK);
        if (!(await this.load({ sha256, location: path }))) gone.push(sha256);
      } catch {
        gone.push(sha256);
      }
    }
    return gone;
  }
}
