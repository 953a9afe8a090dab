/** The small durable rows beside the log, as the port wants them. Keys are UTF-8, at most 1 KiB. */
import { UsageError } from '../../../schemas/errors.js';
import type { MetaStore } from '../port.js';
import { TABLE, nameOfKey, namedKey, tableStart } from './row-keys.js';
import type { RowPut, RowStore } from './row-store.js';

const KEY_BYTES_MAX = 1024;
const ROWS_PER_READ = 1000;

export interface MetaAccess {
  /** Throws when the bus may not be read. */
  readonly reading: () => void;
  /** Throws when it may not be written; resolves when durable. */
  readonly write: (puts: readonly RowPut[]) => Promise<void>;
}

export const metaRows = (rows: RowStore, access: MetaAccess): MetaStore => ({
  async get(key) {
    access.reading();
    return rows.get(metaKey(key));
  },
  async put(key, value) {
    await access.write([{ key: metaKey(key), value: Buffer.from(value) }]);
  },
  async delete(key) {
    await access.write([{ key: metaKey(key), value: null }]);
  },
  async list(prefix) {
    access.reading();
    const found: (readonly [string, Uint8Array])[] = [];
    let from = metaKey(prefix);
    const until = after(from);
    for (;;) {
      const page = await rows.range({ from, until, limit: ROWS_PER_READ });
      for (const [key, value] of page) found.push([nameOfKey(key), value]);
      const last = page[page.length - 1];
      if (last === undefined) return found;
      from = Buffer.concat([last[0], Buffer.of(0)]);
    }
  },
});

const metaKey = (key: string): Buffer => {
  const bytes = namedKey(TABLE.meta, key);
  if (bytes.length > KEY_BYTES_MAX + 1) {
    throw new UsageError(`a meta key has ${bytes.length - 1} bytes; at most ${KEY_BYTES_MAX} fit.`);
  }
  return bytes;
};

/** The smallest key above everything that starts with `prefix`. UTF-8 never ends in 0xff. */
const after = (prefix: Buffer): Buffer => {
  if (prefix.length === 1) return tableStart(TABLE.meta + 1);
  const next = Buffer.from(prefix);
  next.writeUInt8(next.readUInt8(next.length - 1) + 1, next.length - 1);
  return next;
};
