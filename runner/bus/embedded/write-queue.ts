/**
 * One write at a time, everything that waits goes into the next: group commit.
 *
 * W1. A request is planned against what the requests before it in the queue will have done; one that
 *     may not happen (a fenced round) is refused alone and leaves no trace in the group.
 * W2. A promise resolves only after its group is durable, and in the order of the requests.
 * W3. After a failed write nobody knows what the disk holds, so the queue refuses everything
 *     (BUS_FAILED) until the bus is opened again; `throwIfFailed` says so to those who only read, or an
 *     idle owner would go on looking healthy.
 * Bound: `bytesMax` waiting (64 MiB by default), beyond it BUS_BUSY (retry); a single larger request
 * passes when nothing else waits. A group takes about GROUP_BYTES.
 */
import { HaltError, RetryError } from '../../../schemas/errors.js';

const GROUP_BYTES = 8 * 1024 * 1024;

/** What one write consists of; made empty, filled by plans, then written and published. */
export interface WriteGroup {
  /** Makes it durable; called once. */
  write(): Promise<void>;
  /** Makes it readable; cannot fail. */
  publish(): void;
}

interface Waiting<Group> {
  readonly bytes: number;
  /** Plans the request into the group and returns what resolves it, or throws to be refused. */
  readonly plan: (group: Group) => () => void;
  readonly reject: (reason: unknown) => void;
}

export interface QueueOptions<Group> {
  readonly bytesMax: number;
  readonly begin: () => Group;
  /** After each group, also one whose requests were all refused. */
  readonly landed: () => void;
}

export class WriteQueue<Group extends WriteGroup> {
  readonly #options: QueueOptions<Group>;
  #waiting: Waiting<Group>[] = [];
  #waitingBytes = 0;
  #draining: Promise<void> | null = null;
  #refusal: HaltError | null = null;
  #failed = false;
  groups = 0;

  constructor(options: QueueOptions<Group>) {
    this.#options = options;
  }

  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** W3. */
  throwIfFailed(): void {
    if (this.#failed && this.#refusal !== null) throw this.#refusal;
  }

  enqueue<T>(bytes: number, plan: (group: Group) => T): Promise<T> {
    if (this.#refusal !== null) return Promise.reject(this.#refusal);
    if (this.#waitingBytes > 0 && this.#waitingBytes + bytes > this.#options.bytesMax) {
      return Promise.reject(
        new RetryError(
          'BUS_BUSY',
          `${this.#waitingBytes} bytes wait to be written, ${bytes} more do not fit; send again later.`,
        ),
      );
    }
    this.#waitingBytes += bytes;
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({
        bytes,
        reject,
        plan: (group) => {
          const answer = plan(group);
          return () => {
            resolve(answer);
          };
        },
      });
      // A microtask later, so that calls made together travel together.
      this.#draining ??= Promise.resolve().then(() => this.#drain());
    });
  }

  /** Refuses what comes from now on and resolves when what waits is done. */
  async close(refusal: HaltError): Promise<void> {
    this.#refusal ??= refusal;
    await this.#draining;
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) await this.#writeGroup(this.#takeGroup());
    this.#draining = null;
  }

  #takeGroup(): readonly Waiting<Group>[] {
    let bytes = 0;
    let count = 0;
    for (const request of this.#waiting) {
      if (count > 0 && bytes + request.bytes > GROUP_BYTES) break;
      bytes += request.bytes;
      count++;
    }
    this.#waitingBytes -= bytes;
    return this.#waiting.splice(0, count);
  }

  async #writeGroup(requests: readonly Waiting<Group>[]): Promise<void> {
    const group = this.#options.begin();
    const answers: (() => void)[] = [];
    const planned: Waiting<Group>[] = [];
    for (const request of requests) {
      try {
        answers.push(request.plan(group));
        planned.push(request);
      } catch (refused) {
        request.reject(refused);
      }
    }
    if (planned.length === 0) {
      this.#options.landed();
      return;
    }
    try {
      await group.write();
    } catch (cause) {
      this.#fail(planned, cause);
      return;
    }
    this.groups++;
    group.publish();
    for (const answer of answers) answer();
    this.#options.landed();
  }

  /** W3. */
  #fail(planned: readonly Waiting<Group>[], cause: unknown): void {
    const why = cause instanceof Error ? cause.message : String(cause);
    const failure = new HaltError('BUS_FAILED', `a write to the bus failed: ${why}`, { cause });
    this.#refusal = failure;
    this.#failed = true;
    for (const request of planned) request.reject(failure);
    for (const request of this.#waiting) request.reject(failure);
    this.#waiting = [];
    this.#waitingBytes = 0;
  }
}
