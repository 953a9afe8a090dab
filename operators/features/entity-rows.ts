/**
 * The rows entity windows live in: one store of heads and one of chunks for every feature set alive.
 *
 * A row carries the tag of the part (set and entity) it was written for, which names its layout, and
 * the record time up to which it is kept. About 10 bytes more than the window's own row.
 *
 * T1. A row of a part that is no longer alive is never read as a window; it keeps its bytes, expires as
 *     it would have, and then goes.
 * T2. `untilMs` is rounded up to `KEEP_STEP_MS`, so that most puts do not move the expiry.
 */
import { UsageError } from '../../schemas/errors.js';
import { sha256Bytes } from '../../schemas/sha256.js';
import { ByteReader, ByteWriter } from '../../state/byte-writer.js';
import type { Codec, KeyedStore, KeyedStoreSpec } from '../../state/port.js';
import { keyedStore } from '../../state/store.js';
import type { EntityPart, FeaturePlan } from './plan.js';

export interface TaggedRow<R> {
  readonly tag: number;
  readonly untilMs: number;
  /** Bytes when the tag is not alive. */
  readonly row: R | Uint8Array;
}

/** 70 minutes. */
const KEEP_STEP_MS = 2 ** 22;

/** Tells the rows of one entity of one feature set from all others. */
export function partTag(plan: FeaturePlan, part: EntityPart): number {
  return sha256Bytes(`${plan.hash} ${part.entity}`).readUInt32BE(0);
}

/** Codecs by tag; refuses tags that collide. */
export function codecsByTag<R>(
  all: readonly (readonly [tag: number, codec: Codec<R>])[],
): ReadonlyMap<number, Codec<R>> {
  const byTag = new Map(all);
  if (byTag.size === all.length) return byTag;
  throw new UsageError('two feature sets got the same tag; raise the version of one of them');
}

/** Declares a store of tagged rows. */
export function taggedStore<R extends object>(
  codecs: ReadonlyMap<number, Codec<R>>,
  keysMax: number,
): KeyedStoreSpec<TaggedRow<R>> {
  const out = new ByteWriter(1 << 12);
  const codec: Codec<TaggedRow<R>> = {
    encode: ({ tag, untilMs, row }) => {
      const inner = codecs.get(tag);
      const bytes = row instanceof Uint8Array ? row : inner?.encode(row);
      out.varint(tag);
      out.varint(untilMs);
      if (bytes !== undefined) out.raw(bytes);
      return out.view();
    },
    decode: (bytes, version) => {
      const input = new ByteReader(bytes);
      const tag = input.varint();
      const untilMs = input.varint();
      const rest = bytes.subarray(input.at);
      const inner = codecs.get(tag);
      return { tag, untilMs, row: inner?.decode(rest, version) ?? Uint8Array.from(rest) };
    },
  };
  return keyedStore<TaggedRow<R>>({ keysMax, codec, expiresMs: (tagged) => tagged.untilMs });
}

/** The rows of one part, as the windows know them. */
export class PartRows<R extends object> implements KeyedStore<R> {
  private readonly rows: KeyedStore<TaggedRow<R>>;
  private readonly tag: number;
  private readonly untilMs: (row: R) => number;

  constructor(
    rows: KeyedStore<TaggedRow<R>>,
    options: { readonly tag: number; readonly untilMs: (row: R) => number },
  ) {
    this.rows = rows;
    this.tag = options.tag;
    this.untilMs = options.untilMs;
  }

  get(key: string): R | undefined {
    const found = this.rows.get(key);
    if (found?.tag !== this.tag) return undefined;
    return found.row instanceof Uint8Array ? undefined : found.row;
  }

  put(key: string, row: R): void {
    const untilMs = Math.ceil(this.untilMs(row) / KEEP_STEP_MS) * KEEP_STEP_MS;
    this.rows.put(key, { tag: this.tag, untilMs, row });
  }

  delete(key: string): void {
    this.rows.delete(key);
  }
}
