/**
 * The codec of values that have none of their own: MessagePack, every value self-contained.
 *
 * Shared record structures are off: bytes depend on the value only, not on what was encoded before.
 * Object keys keep the order the step wrote them in. Raw-byte codecs (see window-chunk.ts) are 3 to 5
 * times cheaper for hot rows (COSTS).
 */
import { Packr } from 'msgpackr';

import { HaltError } from '../schemas/errors.js';
import type { Codec } from './port.js';

const packr = new Packr({
  useRecords: false,
  variableMapSize: true,
  moreTypes: true,
  copyBuffers: true,
  useBigIntExtension: true,
});

/** MessagePack writes a Map as it writes an object, and would read it back as one. */
function refuseMaps(value: unknown): void {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return;
  if (value instanceof Map) {
    throw new HaltError('STATE_MISUSE', 'a stored value holds a Map: use an object or pairs');
  }
  const inner: Iterable<unknown> = value instanceof Set ? value : Object.values(value);
  for (const one of inner) refuseMaps(one);
}

/** Encodes plain data: null, booleans, numbers, bigints, text, bytes, arrays, Sets, objects. */
export function packCodec<V>(upgrade?: (value: unknown, version: number) => V): Codec<V> {
  return {
    encode: (value) => {
      refuseMaps(value);
      return packr.pack(value);
    },
    decode: (bytes, version) => {
      const value: unknown = packr.unpack(bytes);
      // Without an upgrade every version has the current shape; the spec's author says so.
      return upgrade === undefined ? (value as V) : upgrade(value, version);
    },
  };
}
