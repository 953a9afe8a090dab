/**
 * What lies on the bus behind an import's cursor: records that were appended before the cursor could
 * say so. A resumed import asks it of each record of its first appends and leaves out what is there.
 *
 * A1. Only a record equal in topic, partition, key, value and time counts as there, each once; foreign
 *     records in between change nothing.
 * A2. At most `RECORDS_MAX` records are looked at; beyond that duplicates are possible, and the inlet's
 *     guard absorbs them (same event id, same payload hash).
 * fails: HaltError SOURCE_REWOUND when the topic ends before the cursor.
 */
import { HaltError } from '../../schemas/errors.js';
import { sha256Hex } from '../../schemas/sha256.js';
import { partitionOfKey } from '../bus/murmur2.js';
import type { Bus, ProducedRecord } from '../bus/port.js';
import type { Ends } from './import-cursor.js';

const RECORDS_MAX = 200_000;
const PULL_BYTES = 4 * 1024 * 1024;

export class AppendedTail {
  private readonly partitions: ReadonlyMap<string, number>;
  private readonly found = new Map<string, number>();

  private constructor(partitions: ReadonlyMap<string, number>) {
    this.partitions = partitions;
  }

  static async load(bus: Bus, ends: Ends): Promise<AppendedTail> {
    const partitions = new Map(Object.entries(ends).map(([topic, list]) => [topic, list.length]));
    const tail = new AppendedTail(partitions);
    let looked = 0;
    for (const [topic, list] of Object.entries(ends)) {
      for (const { partition, end } of await bus.bounds(topic)) {
        let from = BigInt(list[partition] ?? '0');
        if (end < from) {
          throw new HaltError(
            'SOURCE_REWOUND',
            `${topic}/${partition} ends at ${end}, the import had come to ${from}`,
          );
        }
        while (from < end && looked < RECORDS_MAX) {
          const { records, next } = await bus.pull(topic, partition, from, PULL_BYTES);
          for (const record of records) tail.note(identity({ topic, partition, ...record }));
          looked += records.length;
          if (next <= from) break;
          from = next;
        }
      }
    }
    return tail;
  }

  get empty(): boolean {
    return this.found.size === 0;
  }

  /** The records that are not there yet. */
  missing(records: readonly ProducedRecord[]): readonly ProducedRecord[] {
    if (this.empty) return records;
    return records.filter((record) => {
      const count = this.partitions.get(record.topic) ?? 1;
      const partition =
        record.partition ?? (record.key === null ? 0 : partitionOfKey(record.key, count));
      const id = identity({ ...record, partition, timeMs: record.timeMs ?? 0 });
      const times = this.found.get(id);
      if (times === undefined) return true;
      if (times === 1) this.found.delete(id);
      else this.found.set(id, times - 1);
      return false;
    });
  }

  private note(id: string): void {
    this.found.set(id, (this.found.get(id) ?? 0) + 1);
  }
}

interface Placed {
  readonly topic: string;
  readonly partition: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly timeMs: number;
}

function identity({ topic, partition, key, value, timeMs }: Placed): string {
  const keyed = key === null ? '-' : sha256Hex(key);
  return `${topic}/${partition}/${timeMs}/${keyed}/${value === null ? '-' : sha256Hex(value)}`;
}
