/**
 * What every bus must do (port.ts, P1 to P5), whichever it is. An implementation's test file calls
 * `busSuite` with a way to open one; what only one implementation has is tested beside it.
 */
import { describe, expect } from 'vitest';
import { WeirError } from '../../../schemas/errors.js';
import type { Code } from '../../../schemas/codes.js';
import type {
  Bus,
  ClockKind,
  ProducedRecord,
  StoredRecord,
  TopicConfig,
} from '../../../runner/bus/port.js';
import { recordsSuite } from './suite-records.js';
import { roundsSuite } from './suite-rounds.js';
import { clockSuite, metaSuite, valuesSuite } from './suite-values.js';

/** One bus and its storage. */
export interface BusUnderTest {
  readonly bus: Bus;
  /** Closes the bus and opens another over the same storage. */
  reopen(): Promise<Bus>;
  /** Closes what is open and removes the storage. */
  destroy(): Promise<void>;
}

export type OpenBus = (clock?: ClockKind) => Promise<BusUnderTest>;

export const topicConfig = (name: string, partitions: number): TopicConfig => ({
  name,
  partitions,
  retentionMs: null,
  retentionBytes: null,
});

export const bytes = (text: string): Buffer => Buffer.from(text, 'utf8');

export const textRecord = (topic: string, key: string, value: string): ProducedRecord => ({
  topic,
  key: bytes(key),
  value: bytes(value),
});

/** Everything a partition holds, read as a consumer reads. */
export const drain = async (
  bus: Bus,
  topic: string,
  partition: number,
  bytesMax = 64 * 1024,
): Promise<readonly StoredRecord[]> => {
  const [bounds] = (await bus.bounds(topic)).filter((bound) => bound.partition === partition);
  const records: StoredRecord[] = [];
  let next = bounds?.start ?? 0n;
  while (next < (bounds?.end ?? 0n)) {
    const pulled = await bus.pull(topic, partition, next, bytesMax);
    expect(pulled.records.length).toBeGreaterThan(0);
    // No `expect` per record: it costs more than reading one.
    for (const { offset } of pulled.records) {
      if (offset !== next) throw new Error(`read offset ${offset}, expected ${next}`);
      next++;
    }
    expect(pulled.next).toBe(next);
    records.push(...pulled.records);
  }
  return records;
};

export const text = (value: Uint8Array | null): string =>
  value === null ? 'null' : Buffer.from(value).toString('utf8');

/** The work must fail with this code (P5). */
export const failsWith = async (work: Promise<unknown>, code: Code): Promise<WeirError> => {
  const failure: unknown = await work.then(
    () => null,
    (cause: unknown) => cause,
  );
  expect(failure).toBeInstanceOf(WeirError);
  if (!(failure instanceof WeirError)) throw new Error('no WeirError');
  expect(failure.code).toBe(code);
  return failure;
};

export interface BusSuiteOptions {
  /** False for a bus that another process commits to; it refuses claims and commits. */
  readonly rounds: boolean;
}

export const busSuite = (
  name: string,
  open: OpenBus,
  options: BusSuiteOptions = { rounds: true },
): void => {
  describe(`bus: ${name}`, () => {
    recordsSuite(open);
    valuesSuite(open);
    clockSuite(open);
    metaSuite(open);
    if (options.rounds) roundsSuite(open);
  });
};
