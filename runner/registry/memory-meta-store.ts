/**
 * A MetaStore in memory, for the topology driver and tests: the same contract as the bus's own, gone
 * with the process. Rows come back as copies, as from disk, so that nobody can change one in place.
 */
import type { MetaStore } from '../bus/port.js';

const byBytes = (left: string, right: string): number =>
  Buffer.compare(Buffer.from(left, 'utf8'), Buffer.from(right, 'utf8'));

export const memoryMetaStore = (): MetaStore => {
  const rows = new Map<string, Uint8Array>();
  return {
    get: (key) => Promise.resolve(rows.get(key)?.slice()),
    put: (key, value) => {
      rows.set(key, value.slice());
      return Promise.resolve();
    },
    delete: (key) => {
      rows.delete(key);
      return Promise.resolve();
    },
    list: (prefix) =>
      Promise.resolve(
        [...rows]
          .filter(([key]) => key.startsWith(prefix))
          .sort(([left], [right]) => byBytes(left, right))
          .map(([key, value]) => [key, value.slice()] as const),
      ),
  };
};
