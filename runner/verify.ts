/**
 * `runner replay --verify`: recorded rounds executed again and compared with what was recorded, and
 * with what stands on the topics, byte for byte.
 *
 * Every difference is one sentence naming round, task, topic or record. None means: these decisions
 * are what this build gives for these records.
 */
import type { Bus, StoredRecord } from './bus/port.js';
import { partitionOf } from './engine/assembly.js';
import type { Replay, ReplayedRound, ReplayedTask } from './engine/replay.js';
import type { RoundOutput } from './engine/round.js';

export interface Verified {
  readonly rounds: number;
  readonly records: number;
  readonly outputs: number;
  /** At most `DIFFERENCES_MAX`, first first. */
  readonly differences: readonly string[];
  readonly differing: number;
  /** Builds that decided, other than the one executing now. */
  readonly builds: readonly string[];
}

export interface VerifyOptions {
  readonly bus: Bus;
  readonly replay: Replay;
  readonly build: string;
  /** Restricts what is compared to rounds that took any of these records; everything is executed. */
  readonly ranges?: readonly OffsetRange[];
  readonly onRound?: (round: ReplayedRound) => void;
}

export interface OffsetRange {
  readonly topic: string;
  readonly partition: number;
  /** Inclusive. */
  readonly from: bigint;
  /** Exclusive. */
  readonly to: bigint;
}

const DIFFERENCES_MAX = 20;

export async function verifyReplay(options: VerifyOptions): Promise<Verified> {
  const { replay, bus } = options;
  const stored = new StoredOutputs(bus);
  const differences: string[] = [];
  const builds = new Set<string>();
  let differing = 0;
  let rounds = 0;
  let records = 0;
  let outputs = 0;
  const differ = (sentence: string): void => {
    differing += 1;
    if (differences.length < DIFFERENCES_MAX) differences.push(sentence);
  };
  for await (const round of replay.rounds()) {
    const compared = !options.ranges || options.ranges.some((range) => touches(round, range));
    rounds += 1;
    records += round.records.length;
    outputs += round.outputs.length;
    const found = [
      ...round.faults,
      ...round.tasks.flatMap((task) => compareTask(round.round, task)),
      ...(await stored.compare(round.outputs)),
    ];
    for (const task of round.tasks) {
      if (task.header.build !== options.build) builds.add(task.header.build);
    }
    if (compared) found.forEach(differ);
    options.onRound?.(round);
  }
  return { rounds, records, outputs, differences, differing, builds: [...builds] };
}

function touches(round: ReplayedRound, range: OffsetRange): boolean {
  return round.records.some(
    ({ reader, queued }) =>
      reader.topic === range.topic &&
      reader.partition === range.partition &&
      queued.record.offset >= range.from &&
      queued.record.offset < range.to,
  );
}

function compareTask(round: number, task: ReplayedTask): readonly string[] {
  const { header } = task;
  const found: string[] = [];
  const where = `round ${round} of ${task.task}`;
  if (header.outputs !== task.outputs) {
    found.push(`${where} emitted ${header.outputs} records then and ${task.outputs} now`);
  } else if (Buffer.compare(header.outputsDigest, task.outputsDigest) !== 0) {
    found.push(`${where} emitted other bytes then than now`);
  }
  if (Buffer.compare(header.blobDigest, task.blobDigest) !== 0) {
    found.push(`${where} left other state then than now`);
  }
  return found;
}

/**
 * The records on the output topics, walked beside the replay. Other producers may write to the same
 * topics between ours, so a record that does not match is passed over, unless it has our key.
 */
class StoredOutputs {
  readonly #bus: Bus;
  readonly #counts = new Map<string, number>();
  readonly #walks = new Map<string, Walk>();

  constructor(bus: Bus) {
    this.#bus = bus;
  }

  async compare(outputs: readonly RoundOutput[]): Promise<readonly string[]> {
    if (this.#counts.size === 0) {
      for (const { name, partitions } of await this.#bus.topics())
        this.#counts.set(name, partitions);
    }
    const found: string[] = [];
    for (const { record } of outputs) {
      const count = this.#counts.get(record.topic) ?? 1;
      const key = record.key ? Buffer.from(record.key).toString() : '';
      const partition = record.partition ?? partitionOf(key, count);
      const place = `${record.topic}/${partition}`;
      let walk = this.#walks.get(place);
      if (!walk) {
        walk = new Walk(this.#bus, record.topic, partition);
        this.#walks.set(place, walk);
      }
      const sentence = await walk.find(key, record.value);
      if (sentence) found.push(sentence);
    }
    return found;
  }
}

class Walk {
  readonly #bus: Bus;
  readonly #topic: string;
  readonly #partition: number;
  #next: bigint | undefined;
  #records: readonly StoredRecord[] = [];
  #at = 0;

  constructor(bus: Bus, topic: string, partition: number) {
    this.#bus = bus;
    this.#topic = topic;
    this.#partition = partition;
  }

  async find(key: string, value: Uint8Array | null): Promise<string | undefined> {
    for (;;) {
      const record = await this.#peek();
      const place = `${this.#topic}/${this.#partition}`;
      if (!record) return `${place} lacks a record with key ${key} that executing again gives`;
      this.#at += 1;
      if (equalBytes(record.value, value)) return undefined;
      if (record.key && Buffer.from(record.key).toString() === key) {
        return `${place}/${record.offset} holds other bytes than executing again gives (key ${key})`;
      }
    }
  }

  async #peek(): Promise<StoredRecord | undefined> {
    if (this.#at >= this.#records.length) {
      this.#next ??= await this.#start();
      const pulled = await this.#bus.pull(this.#topic, this.#partition, this.#next, 1 << 20);
      this.#records = pulled.records;
      this.#next = pulled.next;
      this.#at = 0;
    }
    return this.#records[this.#at];
  }

  async #start(): Promise<bigint> {
    const bounds = await this.#bus.bounds(this.#topic);
    return bounds.find((one) => one.partition === this.#partition)?.start ?? 0n;
  }
}

function equalBytes(left: Uint8Array | null, right: Uint8Array | null): boolean {
  if (left === null || right === null) return left === right;
  return Buffer.compare(left, right) === 0;
}
