/**
 * The topics of the embedded bus and their partitions, all resident; loaded once at open.
 *
 * A topic's number is given at creation and never reused. Settings of an existing topic stay as they
 * were created; another partition count is refused (TOPIC_MISMATCH). On a `records` bus no topic has
 * time retention, whatever it declares, because its times are the events' own.
 */
import { HaltError, UsageError } from '../../../schemas/errors.js';
import type { ClockKind, TopicConfig } from '../port.js';
import { openBatch } from './batch-format.js';
import { NEW_PLACE, PartitionLog, type PartitionPlace } from './partition-log.js';
import {
  TABLE,
  baseOfBatchKey,
  batchKey,
  partitionKey,
  tableStart,
  topicIdOfKey,
  topicKey,
} from './row-keys.js';
import type { RowPut, RowStore } from './row-store.js';

const TOPICS_MAX = 10_000;
const PARTITIONS_MAX = 10_000;

export interface Topic {
  readonly id: number;
  readonly config: TopicConfig;
  readonly partitions: readonly PartitionLog[];
}

/** Where the newest record of the whole bus stands. */
export interface BusPlace {
  readonly lastTimeMs: number;
  readonly lastSequence: number;
}

export class TopicTable {
  readonly #topics = new Map<string, Topic>();
  readonly #rows: RowStore;
  readonly #clock: ClockKind;
  #nextId = 1;
  /** Created by the group in flight. */
  #planned: TopicConfig[] = [];

  private constructor(rows: RowStore, clock: ClockKind) {
    this.#rows = rows;
    this.#clock = clock;
  }

  static async load(rows: RowStore, clock: ClockKind): Promise<TopicTable> {
    const table = new TopicTable(rows, clock);
    const found = await rows.range({
      from: tableStart(TABLE.topic),
      until: tableStart(TABLE.topic + 1),
      limit: TOPICS_MAX,
      bytesMax: 64 * 1024 * 1024,
    });
    for (const [key, value] of found) {
      const id = topicIdOfKey(key);
      const config = JSON.parse(value.toString('utf8')) as TopicConfig;
      const places: PartitionPlace[] = [];
      for (let partition = 0; partition < config.partitions; partition++) {
        places.push(await loadPlace(rows, { name: config.name, id, partition }));
      }
      table.#add(id, config, places);
    }
    return table;
  }

  get place(): BusPlace {
    let lastTimeMs = 0;
    let lastSequence = 0;
    for (const log of this.logs()) {
      lastTimeMs = Math.max(lastTimeMs, log.lastTimeMs);
      lastSequence = Math.max(lastSequence, log.place.lastSequence);
    }
    return { lastTimeMs, lastSequence };
  }

  configs(): readonly TopicConfig[] {
    return [...this.#topics.values()].map(({ config }) => config);
  }

  get(name: string): Topic {
    const topic = this.#topics.get(name);
    if (topic !== undefined) return topic;
    throw new HaltError('TOPIC_UNKNOWN', `the bus has no topic ${name}.`, { origin: name });
  }

  partition(name: string, partition: number): PartitionLog {
    const log = this.get(name).partitions[partition];
    if (log !== undefined) return log;
    throw new HaltError('TOPIC_UNKNOWN', `topic ${name} has no partition ${partition}.`, {
      origin: `${name}/${partition}`,
    });
  }

  *logs(): Iterable<PartitionLog> {
    for (const topic of this.#topics.values()) yield* topic.partitions;
  }

  *all(): Iterable<Topic> {
    yield* this.#topics.values();
  }

  /** Those of `wanted` that do not exist; refuses what contradicts an existing topic. */
  missing(wanted: readonly TopicConfig[]): readonly TopicConfig[] {
    return [...lacking(wanted, [this.configs()]).values()];
  }

  /**
   * Plans the creation of what is missing; the answer makes it known once that is durable. Requests of
   * one group see each other's plans.
   */
  create(wanted: readonly TopicConfig[], puts: RowPut[]): () => void {
    const missing = lacking(wanted, [this.configs(), this.#planned]);
    if (this.#topics.size + this.#planned.length + missing.size > TOPICS_MAX) {
      throw new UsageError(`one bus holds at most ${TOPICS_MAX} topics.`);
    }
    const created = [...missing.values()].map((config) => ({
      id: this.#nextId++,
      config: {
        name: config.name,
        partitions: config.partitions,
        retentionMs: this.#clock === 'records' ? null : config.retentionMs,
        retentionBytes: config.retentionBytes,
      },
    }));
    for (const { id, config } of created) {
      puts.push({ key: topicKey(id), value: Buffer.from(JSON.stringify(config)) });
      this.#planned.push(config);
    }
    return () => {
      for (const { id, config } of created) this.#add(id, config, []);
      this.#planned = [];
    };
  }

  #add(id: number, config: TopicConfig, places: readonly PartitionPlace[]): void {
    const partitions = Array.from(
      { length: config.partitions },
      (_, partition) =>
        new PartitionLog(
          { topic: config.name, topicId: id, partition },
          this.#rows,
          places[partition] ?? NEW_PLACE,
        ),
    );
    this.#topics.set(config.name, { id, config, partitions });
    this.#nextId = Math.max(this.#nextId, id + 1);
  }
}

const lacking = (
  wanted: readonly TopicConfig[],
  existing: readonly (readonly TopicConfig[])[],
): ReadonlyMap<string, TopicConfig> => {
  const known = new Map(existing.flat().map((config) => [config.name, config]));
  const missing = new Map<string, TopicConfig>();
  for (const config of wanted) {
    const before = known.get(config.name) ?? missing.get(config.name);
    if (before === undefined) {
      checkConfig(config);
      missing.set(config.name, config);
    } else if (before.partitions !== config.partitions) {
      throw new HaltError(
        'TOPIC_MISMATCH',
        `topic ${config.name} has ${before.partitions} partitions, ${config.partitions} are declared; ` +
          'declare the same number or use another name.',
        { origin: config.name },
      );
    }
  }
  return missing;
};

const checkConfig = ({ name, partitions, retentionMs, retentionBytes }: TopicConfig): void => {
  if (!/^[A-Za-z0-9._-]{1,249}$/.test(name)) {
    throw new UsageError(
      `topic name ${JSON.stringify(name)} is not 1 to 249 of letters, digits, dot, dash, underscore.`,
    );
  }
  if (!Number.isInteger(partitions) || partitions < 1 || partitions > PARTITIONS_MAX) {
    throw new UsageError(
      `topic ${name} needs 1 to ${PARTITIONS_MAX} partitions, not ${partitions}.`,
    );
  }
  for (const bound of [retentionMs, retentionBytes]) {
    if (bound !== null && !(bound >= 0)) {
      throw new UsageError(`topic ${name} has a retention of ${bound}; give 0 or more, or null.`);
    }
  }
};

/** From the first and last batch; from the row retention left when there is no batch. */
const loadPlace = async (
  rows: RowStore,
  {
    name,
    id,
    partition,
  }: { readonly name: string; readonly id: number; readonly partition: number },
): Promise<PartitionPlace> => {
  const all = {
    from: batchKey(id, partition, 0),
    until: batchKey(id, partition, Number.MAX_SAFE_INTEGER),
    limit: 1,
  };
  const [[first], [last]] = await Promise.all([
    rows.range(all),
    rows.range({ ...all, reverse: true }),
  ]);
  if (first === undefined || last === undefined) {
    const left = await rows.get(partitionKey(id, partition));
    return left === undefined ? NEW_PLACE : (JSON.parse(left.toString('utf8')) as PartitionPlace);
  }
  const where = `${name}/${partition}`;
  const oldest = openBatch(first[1], baseOfBatchKey(first[0]), where);
  const newest = openBatch(last[1], baseOfBatchKey(last[0]), where);
  return {
    start: oldest.base,
    end: newest.end,
    startBytes: oldest.bytesBefore,
    endBytes: newest.bytesBefore + newest.bytes.length,
    lastTimeMs: newest.lastTimeMs,
    lastSequence: newest.lastSequence,
  };
};
