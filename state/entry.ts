/**
 * One cached row of one table, and the encodings of it that no checkpoint has written yet.
 *
 * An entry is *working* when the present round changed it, *logged* when it has a version, else
 * *clean*. An absent row has an entry too (value undefined, raw undefined).
 */

/** What a sealed round left of a row: its stored bytes, or null for a delete. */
export interface Version {
  readonly seq: number;
  readonly bytes: Uint8Array | null;
  /** The version before it, kept while this one's round is not durable. */
  readonly older: Version | undefined;
}

/** The table an entry belongs to. */
export interface EntryOwner {
  /** Key space and store: what stands before the entry's key on disk. */
  readonly prefix: string;
  readonly entries: Map<string, Entry>;
  /** Puts an earlier value back, with everything that is counted about it. */
  restore(entry: Entry, value: unknown): void;
  /** Is the value there and still counted at the task's clock? */
  stands(value: unknown): boolean;
  /** The value as it is stored. */
  encode(value: unknown): Uint8Array;
  /** Between rounds its entries keep bytes, not values. */
  readonly restsEncoded: boolean;
}

export class Entry {
  readonly owner: EntryOwner;
  readonly key: string;
  value: unknown = undefined;
  /** Stored bytes not decoded yet; then `value` says nothing. */
  raw: Uint8Array | undefined = undefined;
  working = false;
  /** Did the row stand when the present round first touched it? Meaningful while working. */
  stood = false;
  /** May LevelDB hold a row of this key? Only a certain "no" is false. */
  onDisk: boolean;
  /** Newest sealed encoding not on disk yet. */
  version: Version | undefined = undefined;
  /** In the list of the next checkpoint. */
  listed = false;
  /** Touched since the clock hand last passed. */
  used = true;
  /** Bytes accounted to the cache. */
  charge = 0;
  /** Place in the cache's ring, -1 outside. */
  slot = -1;

  constructor(owner: EntryOwner, key: string, onDisk: boolean) {
    this.owner = owner;
    this.key = key;
    this.onDisk = onDisk;
  }
}

/** Order of full keys. */
export function byFullKey(left: Entry, right: Entry): number {
  if (left.owner !== right.owner) return left.owner.prefix < right.owner.prefix ? -1 : 1;
  return left.key < right.key ? -1 : 1;
}
