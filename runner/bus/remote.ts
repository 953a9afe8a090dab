/**
 * A bus whose data directory another process owns, over that process's socket: reading everything,
 * appending records, meta rows. Rounds are committed by the owner only, so `claim`, `commit` and
 * `purgeBlobs` are refused with one line.
 *
 * Broker time is the owner's, carried on by this process's monotonic clock and set right by every
 * item of the append stream.
 */
import { HaltError, UsageError } from '../../schemas/errors.js';
import type { OwnerClient } from '../owner-client.js';
import { busCalls, producedTuple, storedOf } from './bus-calls.js';
import type {
  Appended,
  Bus,
  ClockKind,
  MetaStore,
  ProducedRecord,
  Pulled,
  RoundEntry,
  TopicBounds,
  TopicConfig,
} from './port.js';

export interface RemoteBusOptions {
  /** Refuses every write (READ_ONLY), as a bus opened for reading does. */
  readonly readOnly: boolean;
}

export const openRemoteBus = async (
  client: OwnerClient,
  options: RemoteBusOptions,
): Promise<RemoteBus> => {
  const { clock, nowMs } = await client.call(busCalls.about, null);
  return new RemoteBus(client, options, { clock, nowMs });
};

export class RemoteBus implements Bus {
  readonly kind = 'embedded';
  readonly clock: ClockKind;
  readonly meta: MetaStore;
  readonly #client: OwnerClient;
  readonly #readOnly: boolean;
  readonly #listeners = new Set<() => void>();
  #following: AbortController | null = null;
  #nowMs: number;
  #nowAt = performance.now();

  constructor(
    client: OwnerClient,
    { readOnly }: RemoteBusOptions,
    about: { readonly clock: ClockKind; readonly nowMs: number },
  ) {
    this.#client = client;
    this.#readOnly = readOnly;
    this.clock = about.clock;
    this.#nowMs = about.nowMs;
    this.meta = this.#metaStore();
  }

  nowMs(): number {
    return Math.floor(this.#nowMs + performance.now() - this.#nowAt);
  }

  async ensureTopics(topics: readonly TopicConfig[]): Promise<void> {
    if (this.#readOnly) {
      const known = new Set((await this.topics()).map(({ name }) => name));
      if (topics.some(({ name }) => !known.has(name))) throw readOnly();
    }
    // Nothing is missing, or it may be created: the owner compares the settings.
    await this.#client.call(busCalls.ensureTopics, topics);
  }

  topics(): Promise<readonly TopicConfig[]> {
    return this.#client.call(busCalls.topics, null);
  }

  async bounds(topic: string): Promise<readonly TopicBounds[]> {
    return this.#client.call(busCalls.bounds, topic);
  }

  async append(records: readonly ProducedRecord[]): Promise<readonly Appended[]> {
    this.#writable();
    return this.#client.call(busCalls.append, records.map(producedTuple));
  }

  async pull(topic: string, partition: number, from: bigint, bytesMax: number): Promise<Pulled> {
    const { records, next, end } = await this.#client.call(busCalls.pull, {
      topic,
      partition,
      from,
      bytesMax,
    });
    return { records: records.map(storedOf), next, end };
  }

  commit(): Promise<never> {
    return this.#ownersOnly('commits rounds');
  }

  claim(): Promise<never> {
    return this.#ownersOnly('claims tasks');
  }

  purgeBlobs(): Promise<never> {
    return this.#ownersOnly('purges blobs');
  }

  rounds(task: string, from: number, to?: number): AsyncIterable<RoundEntry> {
    return this.#client.stream(busCalls.rounds, { task, from, to: to ?? null });
  }

  tasks(): Promise<readonly string[]> {
    return this.#client.call(busCalls.tasks, null);
  }

  onAppend(listener: () => void): () => void {
    this.#listeners.add(listener);
    if (this.#following === null) void this.#follow();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#unfollow();
    };
  }

  close(): Promise<void> {
    this.#unfollow();
    this.#client.close();
    return Promise.resolve();
  }

  async #follow(): Promise<void> {
    const following = new AbortController();
    this.#following = following;
    try {
      for await (const nowMs of this.#client.stream(busCalls.appends, null, following.signal)) {
        this.#nowMs = Math.max(nowMs, this.nowMs());
        this.#nowAt = performance.now();
        this.#tell();
      }
    } catch {
      // The owner is gone: whoever listens is told, looks, and meets the error at its pull.
      if (!following.signal.aborted) this.#tell();
    } finally {
      if (this.#following === following) this.#following = null;
    }
  }

  #unfollow(): void {
    this.#following?.abort();
    this.#following = null;
  }

  #tell(): void {
    for (const listener of this.#listeners) queueMicrotask(listener);
  }

  #writable(): void {
    if (this.#readOnly) throw readOnly();
  }

  #ownersOnly(what: string): Promise<never> {
    return Promise.reject(
      this.#readOnly
        ? readOnly()
        : new UsageError(
            `only the process that owns the data directory ${what}; stop it to do that here.`,
          ),
    );
  }

  #metaStore(): MetaStore {
    const client = this.#client;
    return {
      get: async (key) => (await client.call(busCalls.metaGet, key)) ?? undefined,
      list: (prefix) => client.call(busCalls.metaList, prefix),
      put: async (key, value) => {
        this.#writable();
        await client.call(busCalls.metaPut, [key, value]);
      },
      delete: async (key) => {
        this.#writable();
        await client.call(busCalls.metaDelete, key);
      },
    };
  }
}

const readOnly = (): HaltError =>
  new HaltError('READ_ONLY', 'this bus was opened for reading; it takes no writes.');
