/**
 * Recovery (R4): checkpoint + the blobs after it, checked by lineage, chain and digest; nothing is
 * executed again.
 *
 * V1. A checkpoint ahead of the log, of another lineage or of another chain is never used.
 * V2. A blob is applied only when its digest is the one in a header that follows from the chain.
 */
import { createHash } from 'node:crypto';
import { HaltError } from '../../schemas/errors.js';
import type { TaskState } from '../../state/port.js';
import type { Bus, Claim, RoundEntry } from '../bus/port.js';
import { decodeHeader, GENESIS, type RoundHeader } from './header.js';

export interface Recovered {
  readonly claim: Claim;
  readonly chain: Uint8Array;
  readonly header: RoundHeader | undefined;
  /** Rounds applied from blobs. */
  readonly applied: number;
}

/** Brings `state` up to the last committed round of its task. */
export async function recoverTask(bus: Bus, claim: Claim, state: TaskState): Promise<Recovered> {
  const last = claim.lastHeader ? decodeHeader(claim.lastHeader) : undefined;
  const from = state.checkpointSeq;
  checkLineage(claim, state, last);
  let chain: Uint8Array = GENESIS;
  if (from > 0) {
    chain = await chainAt(bus, claim.task, from);
    if (state.checkpointChain && Buffer.compare(chain, state.checkpointChain) !== 0) {
      throw foreign(claim.task, `its chain at round ${from} is not the round log's`);
    }
  }
  let applied = 0;
  if (claim.lastSeq > from) {
    for await (const entry of bus.rounds(claim.task, from + 1, claim.lastSeq)) {
      const expected = from + 1 + applied;
      if (entry.seq !== expected) {
        throw new HaltError(
          'HEADER_CORRUPT',
          `${claim.task} lacks round ${expected} of ${claim.lastSeq}; the round log was cut.`,
          { origin: claim.task },
        );
      }
      const header = decodeHeader(entry.header, chain);
      checkBlob(entry, header);
      state.apply(entry.seq, entry.blob);
      state.durable(entry.seq, header.chain);
      chain = header.chain;
      applied += 1;
    }
    if (applied !== claim.lastSeq - from) throw foreign(claim.task, 'rounds after it are missing');
  }
  await state.ready();
  return { claim, chain, header: last, applied };
}

function checkLineage(claim: Claim, state: TaskState, last: RoundHeader | undefined): void {
  if (state.checkpointSeq > claim.lastSeq) {
    throw foreign(
      claim.task,
      `it stands at round ${state.checkpointSeq}, the round log at ${claim.lastSeq}`,
    );
  }
  if (last && last.lineage !== state.lineage) {
    throw foreign(claim.task, `its lineage is ${state.lineage}, the round log's ${last.lineage}`);
  }
}

/** The chain at a round, whose header must follow from the one before it (V1). */
async function chainAt(bus: Bus, task: string, seq: number): Promise<Uint8Array> {
  let chain: Uint8Array | undefined = seq === 1 ? GENESIS : undefined;
  for await (const entry of bus.rounds(task, Math.max(1, seq - 1), seq)) {
    chain = decodeHeader(entry.header, chain).chain;
    if (entry.seq === seq) return chain;
  }
  throw foreign(task, `the round log has no round ${seq}`);
}

/** V2: BLOB_CORRUPT for other bytes, STATE_LOST when the blob is purged but no checkpoint covers it. */
export function checkBlob(entry: RoundEntry, header: RoundHeader): void {
  const hash = createHash('sha256');
  for (const part of entry.blob) hash.update(part);
  if (hash.digest().equals(header.blobDigest)) return;
  if (entry.blob.length === 0) {
    throw new HaltError(
      'STATE_LOST',
      `${entry.task} needs the blob of round ${entry.seq}, which is purged; run: runner rebuild`,
      { origin: entry.task },
    );
  }
  throw new HaltError(
    'BLOB_CORRUPT',
    `The blob of round ${entry.seq} of ${entry.task} does not match its header's digest.`,
    { origin: `${entry.task}#${entry.seq}` },
  );
}

function foreign(task: string, why: string): HaltError {
  return new HaltError(
    'CHECKPOINT_FOREIGN',
    `The checkpoint of ${task} cannot be used: ${why}. Set its folder aside and run: runner rebuild`,
    { origin: task },
  );
}
