/**
 * The round header: what one committed round of one task was, in 200 to 800 bytes of Avro.
 *
 * H1. The header is the offset: `ranges` holds the next offset of every source of the task, and ranges
 *     of consecutive rounds touch (R1).
 * H2. chain = sha256(previous chain, header without chain): a changed, lost or foreign header shows.
 * H3. What cannot be computed again stands here: mode, clock, border outcomes, skipped
 *     positions, references that could not be loaded.
 */
import { hash } from 'node:crypto';
import avsc from 'avsc';
import { HaltError } from '../../schemas/errors.js';

export interface SourceRange {
  readonly topic: string;
  readonly partition: number;
  /** First offset of this round, and one past the last; equal when the source gave nothing. */
  readonly from: bigint;
  readonly to: bigint;
  /** crc32 of the value of the last record of the range, 0 for an empty range. */
  readonly crc: number;
}

/** A run of equal border outcomes, in order of asking: '' is ok. */
export interface OutcomeRun {
  readonly reason: string;
  readonly count: number;
}

export interface RoundHeader {
  readonly task: string;
  readonly epoch: number;
  readonly seq: number;
  /** Number of the commit; tasks fused into one process share it. */
  readonly round: number;
  readonly lineage: string;
  readonly mode: 'catch-up' | 'live';
  readonly clockMs: number;
  readonly ranges: readonly SourceRange[];
  readonly outcomes: readonly OutcomeRun[];
  /** Positions released by `runner skip`, as topic/partition/offset. */
  readonly skipped: readonly string[];
  /** Places of records whose reference (a bundle) could not be loaded before the round. */
  readonly failedLoads: readonly string[];
  readonly build: string;
  readonly topology: string;
  readonly outputs: number;
  /** sha256 over the outputs, in order. */
  readonly outputsDigest: Uint8Array;
  readonly blobDigest: Uint8Array;
  readonly chain: Uint8Array;
}

const longType = avsc.types.LongType.__with({
  fromBuffer: (bytes: Buffer) => bytes.readBigInt64LE(),
  toBuffer: (value: bigint) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(value);
    return bytes;
  },
  fromJSON: BigInt,
  toJSON: Number,
  isValid: (value: unknown) => typeof value === 'bigint',
  compare: (left: bigint, right: bigint) => (left === right ? 0 : left < right ? -1 : 1),
});

const headerType = avsc.Type.forSchema(
  {
    type: 'record',
    name: 'RoundHeader',
    fields: [
      { name: 'task', type: 'string' },
      { name: 'epoch', type: 'int' },
      { name: 'seq', type: 'int' },
      { name: 'round', type: 'int' },
      { name: 'lineage', type: 'string' },
      { name: 'mode', type: { type: 'enum', name: 'Mode', symbols: ['catch_up', 'live'] } },
      { name: 'clockMs', type: 'double' },
      {
        name: 'ranges',
        type: {
          type: 'array',
          items: {
            type: 'record',
            name: 'SourceRange',
            fields: [
              { name: 'topic', type: 'string' },
              { name: 'partition', type: 'int' },
              { name: 'from', type: 'long' },
              { name: 'to', type: 'long' },
              { name: 'crc', type: 'double' },
            ],
          },
        },
      },
      {
        name: 'outcomes',
        type: {
          type: 'array',
          items: {
            type: 'record',
            name: 'OutcomeRun',
            fields: [
              { name: 'reason', type: 'string' },
              { name: 'count', type: 'int' },
            ],
          },
        },
      },
      { name: 'skipped', type: { type: 'array', items: 'string' } },
      { name: 'failedLoads', type: { type: 'array', items: 'string' } },
      { name: 'build', type: 'string' },
      { name: 'topology', type: 'string' },
      { name: 'outputs', type: 'int' },
      { name: 'outputsDigest', type: { type: 'fixed', name: 'Digest', size: 32 } },
      { name: 'blobDigest', type: 'Digest' },
    ],
  },
  { typeHook: (schema) => (schema === 'long' ? longType : undefined) },
);

type WireHeader = Omit<RoundHeader, 'mode' | 'chain'> & { readonly mode: 'catch_up' | 'live' };

export const GENESIS = new Uint8Array(32);

/** Encodes a header and links it to the chain before it. */
export function encodeHeader(
  header: Omit<RoundHeader, 'chain'>,
  previous: Uint8Array,
): { readonly bytes: Buffer; readonly chain: Buffer } {
  const body = headerType.toBuffer({
    ...header,
    mode: header.mode === 'live' ? 'live' : 'catch_up',
    outputsDigest: Buffer.from(header.outputsDigest),
    blobDigest: Buffer.from(header.blobDigest),
  });
  const chain = hash('sha256', Buffer.concat([previous, body]), 'buffer');
  return { bytes: Buffer.concat([body, chain]), chain };
}

/** Decodes a header; HEADER_CORRUPT when its chain does not follow from `previous` (if given). */
export function decodeHeader(bytes: Uint8Array, previous?: Uint8Array): RoundHeader {
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const body = all.subarray(0, -32);
  const chain = all.subarray(-32);
  let wire: WireHeader;
  try {
    wire = headerType.fromBuffer(body) as WireHeader;
  } catch (cause) {
    throw new HaltError(
      'HEADER_CORRUPT',
      'A round header does not decode; its bytes were changed.',
      {
        cause,
      },
    );
  }
  if (previous && !hash('sha256', Buffer.concat([previous, body]), 'buffer').equals(chain)) {
    throw new HaltError(
      'HEADER_CORRUPT',
      `Header ${wire.seq} of ${wire.task} does not follow from the one before it: one of the two was changed.`,
      { origin: `${wire.task}#${wire.seq}` },
    );
  }
  return {
    ...wire,
    mode: wire.mode === 'live' ? 'live' : 'catch-up',
    chain,
  };
}
