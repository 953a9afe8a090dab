/** A bus with a records clock and small CSV files, for the tests of imports. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { readImportMap, type ImportMap } from '../../../runner/import/import-map.js';
import { openMemoryBus, type MemoryBusOptions } from '../../../runner/bus/memory.js';
import type { Bus, StoredRecord } from '../../../runner/bus/port.js';
import { topics } from '../../../schemas/topics.js';

export const SOURCES = [
  topics.policy,
  topics.registry,
  topics.posture,
  topics.labels,
  topics.arrivals,
  topics.entities,
  topics.flowAnchors,
  topics.traffic,
];
export const SOURCE_NAMES: readonly string[] = SOURCES.map(({ name }) => name);

export async function recordsBus(options: MemoryBusOptions = {}): Promise<Bus> {
  const bus = await openMemoryBus({ clock: 'records', ...options });
  await bus.ensureTopics(
    SOURCES.map(({ name, partitions }) => ({
      name,
      partitions,
      retentionMs: null,
      retentionBytes: null,
    })),
  );
  return bus;
}

export const HANDBOOK_TEXT = readFileSync(
  new URL('../../../docs/maps/handbook.yaml', import.meta.url),
  'utf8',
);

/** The shipped map, with its text changed. */
export function handbookMap(change: (text: string) => string = (text) => text): ImportMap {
  return readImportMap(change(HANDBOOK_TEXT), 'handbook.yaml');
}

export const HEADER = 'TRANSACTION_ID,TX_DATETIME,CUSTOMER_ID,TERMINAL_ID,TX_AMOUNT,TX_FRAUD';
export const LABEL_HEADER =
  'LABEL_TIME,TRANSACTION_ID,TX_DATETIME,CUSTOMER_ID,TERMINAL_ID,TX_FRAUD';

/** `2018-04-01T00:00:00Z` plus seconds. */
export function at(seconds: number): string {
  return new Date(Date.UTC(2018, 3, 1) + seconds * 1000).toISOString().replace('.000', '');
}

export class Folder {
  readonly path = mkdtempSync(join(tmpdir(), 'weir-import-'));

  file(name: string, lines: readonly string[]): string {
    const path = join(this.path, name);
    const text = `${lines.join('\n')}\n`;
    writeFileSync(path, name.endsWith('.gz') ? gzipSync(text) : text);
    return path;
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

export interface BusRecord extends StoredRecord {
  readonly topic: string;
  readonly partition: number;
}

/** Everything on the sources, topic by topic, partition by partition. */
export async function everything(bus: Bus): Promise<readonly BusRecord[]> {
  const all: BusRecord[] = [];
  for (const topic of SOURCE_NAMES) {
    for (const { partition, start, end } of await bus.bounds(topic)) {
      let from = start;
      while (from < end) {
        const { records, next } = await bus.pull(topic, partition, from, 1 << 20);
        for (const record of records) {
          all.push({
            ...record,
            key: record.key === null ? null : Buffer.from(record.key),
            value: record.value === null ? null : Buffer.from(record.value),
            topic,
            partition,
          });
        }
        from = next;
      }
    }
  }
  return all;
}

/** The same, as text that can be compared: place, time, key, value. */
export async function transcript(bus: Bus): Promise<readonly string[]> {
  return (await everything(bus)).map(({ topic, partition, offset, timeMs, key, value, headers }) =>
    [
      topic,
      partition,
      offset,
      timeMs,
      key === null ? '-' : Buffer.from(key).toString('latin1'),
      value === null ? '-' : Buffer.from(value).toString('base64'),
      Object.keys(headers ?? {}).join('+'),
    ].join(' '),
  );
}
