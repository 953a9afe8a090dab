/**
 * Walking a task's committed rounds in order, headers checked against their chain.
 */
import { HaltError } from '../../schemas/errors.js';
import type { BorderOutcome } from '../../operators/wiring.js';
import type { Bus, RoundEntry } from '../bus/port.js';
import { decodeHeader, GENESIS, type RoundHeader } from './header.js';
import { checkBlob } from './recover.js';
import type { Task } from './task.js';

export class RoundCursor {
  readonly task: Task;
  header: RoundHeader | undefined;
  readonly #rounds: AsyncIterator<RoundEntry>;
  #chain: Uint8Array = GENESIS;

  constructor(bus: Bus, task: Task) {
    this.task = task;
    this.#rounds = bus.rounds(task.id, 1)[Symbol.asyncIterator]();
  }

  /**
   * Moves to the next round, or to none; a header that breaks the chain is a fault, and still used. A
   * blob that is still kept must be the one its header tells.
   */
  async advance(faults: string[]): Promise<void> {
    const next = await this.#rounds.next();
    this.header = undefined;
    if (next.done) return;
    const { header } = next.value;
    try {
      this.header = decodeHeader(header, this.#chain);
    } catch (error) {
      if (!(error instanceof HaltError) || error.code !== 'HEADER_CORRUPT') throw error;
      faults.push(error.message);
      this.header = decodeHeader(header);
    }
    this.#chain = this.header.chain;
    if (next.value.blob.length === 0) return;
    try {
      checkBlob(next.value, this.header);
    } catch (error) {
      if (!(error instanceof HaltError) || error.code !== 'BLOB_CORRUPT') throw error;
      faults.push(error.message);
    }
  }
}

/** Recorded border outcomes, one per answer, in order. */
export function outcomesOf(header: RoundHeader): readonly BorderOutcome[] {
  return header.outcomes.flatMap(({ reason, count }) =>
    Array.from({ length: count }, () => ({ ok: reason === '', numbers: [], reason })),
  );
}
