/**
 * Loads what a round's records refer to before they are stepped: bundles named by registry records.
 *
 * A load that fails is part of the round (its header lists the place); replay makes the same loads
 * fail again, so that a decision made without a bundle is executed again without it.
 */
import { topicCodec, type Decoder } from '../schemas/codec.js';
import type { RegistryRecord } from '../schemas/generated/registry-record.js';
import type { SchemaLookup } from '../schemas/schema-lookup.js';
import { topics } from '../schemas/topics.js';
import type { BundleStore } from './bundle-store.js';
import type { Bus } from './bus/port.js';
import type { Planned } from './engine/plan.js';

export class ReferenceLoader {
  readonly #bundles: BundleStore;
  readonly #decoder: Decoder<RegistryRecord>;
  readonly #failed = new Set<string>();

  constructor(bundles: BundleStore, lookup: SchemaLookup) {
    this.#bundles = bundles;
    this.#decoder = topicCodec(topics.registry, lookup);
  }

  /** Loads every bundle the registry topic has ever named; operators may hold refs to them in state. */
  async loadAll(bus: Bus): Promise<void> {
    for (const { partition, start } of await bus.bounds(topics.registry.name)) {
      for (let from = start; ;) {
        const pulled = await bus.pull(topics.registry.name, partition, from, 1 << 20);
        for (const record of pulled.records) {
          const value = record.value && this.#read(record.value);
          if (value) await this.#bundles.load(value.bundle);
        }
        if (pulled.next >= pulled.end) break;
        from = pulled.next;
      }
    }
  }

  /** Live: answers the places of registry records whose bundle is not to be had. */
  async prepare(records: readonly Planned[]): Promise<readonly string[]> {
    const failed: string[] = [];
    for (const { place, record } of registryRecords(records)) {
      const value = record.value && this.#read(record.value);
      if (!value || (await this.#bundles.load(value.bundle))) continue;
      failed.push(place);
      this.#failed.add(place);
    }
    return failed;
  }

  /** Replay: those that failed then fail now; the others must load, or are named in a sentence. */
  async prepareAgain(
    records: readonly Planned[],
    failed: readonly string[],
  ): Promise<readonly string[]> {
    const gone: string[] = [];
    for (const place of failed) this.#failed.add(place);
    for (const { place, record } of registryRecords(records)) {
      const value = record.value && this.#read(record.value);
      if (!value || failed.includes(place)) continue;
      if (await this.#bundles.load(value.bundle)) continue;
      this.#failed.add(place);
      const { sha256, location } = value.bundle;
      gone.push(`bundle ${sha256} at ${location}, which ${place} names, is missing or was changed`);
    }
    return gone;
  }

  /** Executor hook: says on a registry record whether its bundle was loaded. */
  annotate(source: string, value: unknown, place: () => string): unknown {
    if (source !== 'registry' || typeof value !== 'object' || value === null) return value;
    return { ...value, loaded: !this.#failed.has(place()) };
  }

  /** undefined for bytes that do not decode; stepping diverts them. */
  #read(bytes: Uint8Array): RegistryRecord | undefined {
    try {
      return this.#decoder.decode(bytes);
    } catch {
      return undefined;
    }
  }
}

function registryRecords(records: readonly Planned[]) {
  return records
    .filter(({ reader, queued }) => reader.topic === topics.registry.name && !queued.marker)
    .map(({ reader, queued }) => ({
      place: `${reader.topic}/${reader.partition}/${queued.record.offset}`,
      record: queued.record,
    }));
}
