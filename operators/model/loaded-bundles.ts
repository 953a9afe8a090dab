/**
 * The shelf of loaded bundles: content-addressed, filled by the runner before the round that needs it.
 *
 * An operator may look here because what it finds is a function of the hash it asks with (R2). A bundle
 * that could not be loaded is absent, and the round's header says so: `withhold` names those that a
 * round must do without, whatever has come since.
 * bound: `BUNDLES_MAX`; the one put longest ago goes, and is loaded again when a record names it.
 */
import type { Bundle } from './bundle.js';

const BUNDLES_MAX = 64;

class LoadedBundles {
  readonly #bundles = new Map<string, Bundle>();
  #withheld: ReadonlySet<string> = new Set();

  /** `sha256` is the hex64 of the bundle's bytes, checked by the caller. */
  put(sha256: string, bundle: Bundle): void {
    this.#bundles.delete(sha256);
    this.#bundles.set(sha256, bundle);
    if (this.#bundles.size <= BUNDLES_MAX) return;
    const oldest = this.#bundles.keys().next();
    if (!oldest.done) this.#bundles.delete(oldest.value);
  }

  get(sha256: string): Bundle | undefined {
    return this.#withheld.has(sha256) ? undefined : this.#bundles.get(sha256);
  }

  /** Until the next call these read as absent. */
  withhold(sha256s: ReadonlySet<string>): void {
    this.#withheld = sha256s;
  }
}

/** One per process: content-addressed, so sharing it between topologies changes nothing. */
export const loadedBundles = new LoadedBundles();
