/**
 * Sealing: what a round changed becomes headers, blobs and outputs, ready for one commit.
 *
 * L1. From here on the round exists: sequence numbers, chains and offsets of its tasks have moved.
 */
import { crc32 } from 'node:zlib';
import type { CommitRequest } from '../bus/port.js';
import { encodeHeader, type RoundHeader, type SourceRange } from './header.js';
import type { Planned } from './plan.js';
import type { Reader } from './reader.js';
import { NO_OUTPUTS, type Round } from './round.js';
import type { Task } from './task.js';

/** What all headers of a round say alike. */
export type RoundFacts = Pick<
  RoundHeader,
  'round' | 'mode' | 'clockMs' | 'failedLoads' | 'build' | 'topology'
>;

export interface SealedRound {
  readonly request: CommitRequest;
  /** Tells the states that the round is durable; call after the commit. */
  readonly durable: () => void;
}

export function sealRound(
  touched: readonly Task[],
  made: { readonly round: Round; readonly taken: readonly Planned[] },
  facts: RoundFacts,
): SealedRound {
  const digests = made.round.digests();
  const crcs = lastChecksums(made.taken);
  const sealed = touched.map((task) => {
    const seq = task.seq + 1;
    const blob = task.state.seal(seq);
    const outputs = digests.get(task);
    const header = {
      ...facts,
      task: task.id,
      epoch: task.epoch,
      seq,
      lineage: task.state.lineage,
      ranges: rangesOf(task, crcs),
      outcomes: task.outcomes,
      skipped: task.skipped,
      outputs: outputs?.count ?? 0,
      outputsDigest: outputs?.digest ?? NO_OUTPUTS,
      blobDigest: blob.digest,
    };
    const { bytes, chain } = encodeHeader(header, task.chain);
    const entry = { task: task.id, epoch: task.epoch, seq, header: bytes, blob: blob.parts };
    task.next(seq, chain);
    return { task, entry, chain };
  });
  return {
    request: {
      rounds: sealed.map(({ entry }) => entry),
      outputs: made.round.outputs.map(({ record }) => record),
    },
    durable: () => {
      for (const { task, entry, chain } of sealed) task.state.durable(entry.seq, chain);
    },
  };
}

/** crc32 of the value of the last record taken from each source partition. */
function lastChecksums(taken: readonly Planned[]): ReadonlyMap<Reader, number> {
  const last = new Map<Reader, Planned>();
  for (const planned of taken) last.set(planned.reader, planned);
  return new Map(
    [...last].map(([reader, { queued }]) => [
      reader,
      queued.record.value ? crc32(queued.record.value) : 0,
    ]),
  );
}

function rangesOf(task: Task, crcs: ReadonlyMap<Reader, number>): readonly SourceRange[] {
  return task.readers.map((reader, at) => {
    const from = task.from[at] ?? reader.next;
    return {
      topic: reader.topic,
      partition: reader.partition,
      from,
      to: reader.next,
      crc: from === reader.next ? 0 : (crcs.get(reader) ?? 0),
    };
  });
}
