/**
 * Loads what a round's records refer to before they are stepped: bundles named by registry records.
 *
 * A load that fails is part of the round (its header lists the place); replay makes the same loads
 * fail again, so that a decision made without a bundle is executed again without it. So is a bundle of
 * an earlier record that was gone at the last start: its place stands in the header of every round that
 * had to do without it, until it is back.
 */
import { loadedBundles } from '../operators/model/loaded-bundles.js';
import { topicCodec, type Decoder } from '../schemas/codec.js';
import type { RegistryRecord } from '../schemas/generated/registry-record.js';
import type { SchemaLookup } from '../schemas/schema-lookup.js';
import { topics } from '../schemas/topics.js';
import type { BundleStore } from './bundle-store.js';
import type { Bus } from './bus/port.js';
import type { Planned } from './engine/plan.js';

/** How far a source partition was stepped. */
interface ReadSoFar {
  readonly topic: string;
  readonly partition: number;
  readonly next: bigint;
}

export class ReferenceLoader {
  readonly #bundles: BundleStore;
  readonly #decoder: Decoder<RegistryRecord>;
  readonly #failed = new Set<string>();
  #readsRegistry = false;
  /** Live: bundles of records stepped before this start that were not there then, with one place. */
  readonly #missing = new Map<string, string>();
  /** Replay: which bundle the record at a place names. */
  readonly #named = new Map<string, string>();

  constructor(bundles: BundleStore, lookup: SchemaLookup) {
    this.#bundles = bundles;
    this.#decoder = topicCodec(topics.registry, lookup);
  }

  /**
   * Loads every bundle the registry topic has ever named; operators may hold refs to them in state.
   * `readers` say which records were stepped before: what these name and is gone now is missing.
   */
  async loadAll(bus: Bus, readers: readonly ReadSoFar[]): Promise<void> {
    this.#readsRegistry = true;
    const topic = topics.registry.name;
    for (const { partition, start } of await bus.bounds(topic)) {
      const next = readers.find((one) => one.topic === topic && one.partition === partition)?.next;
      for (let from = start; ;) {
        const pulled = await bus.pull(topic, partition, from, 1 << 20);
        for (const { offset, value: bytes } of pulled.records) {
          const value = bytes && this.#read(bytes);
          if (!value || (await this.#bundles.load(value.bundle))) continue;
          if (next === undefined || offset >= next) continue;
          this.#missing.set(value.bundle.sha256, `${topic}/${partition}/${offset}`);
        }
        if (pulled.next >= pulled.end) break;
        from = pulled.next;
      }
    }
  }

  /** Live: answers the places of registry records whose bundle this round must do without. */
  async prepare(records: readonly Planned[]): Promise<readonly string[]> {
    for (const sha256 of this.#missing.keys()) {
      if (this.#bundles.has(sha256)) this.#missing.delete(sha256);
    }
    // The shelf is shared: topologies that read no registry leave it alone.
    if (this.#readsRegistry) loadedBundles.withhold(new Set(this.#missing.keys()));
    const failed = [...this.#missing.values()];
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
    loadedBundles.withhold(new Set(failed.flatMap((place) => this.#named.get(place) ?? [])));
    for (const { place, record } of registryRecords(records)) {
      const value = record.value && this.#read(record.value);
      if (value) this.#named.set(place, value.bundle.sha256);
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
