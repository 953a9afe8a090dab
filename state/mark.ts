/**
 * The mark: the row that says which round the last checkpoint stands at. Written last, with sync;
 * everything it promises was written before it.
 */
import { HaltError } from '../schemas/errors.js';
import { readCountChange, writeCountChange, type BlobHead } from './blob.js';
import { ByteReader, ByteWriter } from './byte-writer.js';

/** Format of the whole directory: another one is refused, not guessed at. */
const FORMAT = 1;

export interface Mark extends BlobHead {
  readonly lineage: string;
  readonly chain: Uint8Array | undefined;
}

export function encodeMark(mark: Mark): Uint8Array {
  const out = new ByteWriter();
  out.byte(FORMAT);
  out.varint(mark.lineage.length);
  out.chars(mark.lineage, 0);
  out.varint(mark.seq);
  out.double(mark.clockMs);
  out.varint(mark.chain?.length ?? 0);
  if (mark.chain !== undefined) out.raw(mark.chain);
  out.varint(mark.counts.length);
  for (const [store, change] of mark.counts) {
    out.byte(store);
    writeCountChange(out, change);
  }
  return out.take();
}

export function decodeMark(bytes: Uint8Array): Mark {
  const input = new ByteReader(bytes);
  const format = input.byte();
  if (format !== FORMAT) throw new HaltError('STATE_FORMAT', `a checkpoint of format ${format}`);
  const lineage = input.chars(input.varint());
  const seq = input.varint();
  const clockMs = input.double();
  const chainLength = input.varint();
  const chain = chainLength === 0 ? undefined : Buffer.from(input.raw(chainLength));
  const counts: (readonly [number, ReturnType<typeof readCountChange>])[] = [];
  for (let left = input.varint(); left > 0; left -= 1) {
    counts.push([input.byte(), readCountChange(input)]);
  }
  return { lineage, seq, clockMs, chain, counts };
}
