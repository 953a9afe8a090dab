/**
 * A batch of records in three flat buffers, so that a thread hands it over without copying objects.
 *
 * `index` holds six integers a record: topic, partition, key start, key length, value start, value
 * length; `times` one timeMs. Topics are named by their place in `PRODUCED_TOPICS`.
 * K1. Unpacking gives exactly the records packed, as views into `bytes`.
 */
import { partitionOfKey } from '../bus/murmur2.js';
import type { ProducedRecord } from '../bus/port.js';
import { PRODUCED_TOPICS } from '../world/envelope.js';

/** `index`, `times` and `bytes` may be longer than what `count` records use. */
export interface PackedRecords {
  readonly count: number;
  readonly index: Int32Array;
  readonly times: Float64Array;
  readonly bytes: Uint8Array;
}

const FIELDS = 6;
const TOPIC_AT = new Map(PRODUCED_TOPICS.map(({ name }, at) => [name, at]));

export class BatchPacker {
  /** Partitions of each produced topic, in the order of PRODUCED_TOPICS. */
  private readonly partitions: readonly number[];
  private index = new Int32Array(FIELDS * 4096);
  private times = new Float64Array(4096);
  private bytes = Buffer.allocUnsafeSlow(2 * 1024 * 1024);
  private used = 0;
  private count = 0;

  constructor(partitions: readonly number[]) {
    this.partitions = partitions;
  }

  add(record: ProducedRecord): void {
    const { key, value, timeMs } = record;
    const topic = TOPIC_AT.get(record.topic);
    if (topic === undefined || key === null || value === null || timeMs === undefined) {
      throw new RangeError(`a record of ${record.topic} does not fit a packed batch`);
    }
    this.room(key.length + value.length);
    const at = this.count * FIELDS;
    this.index[at] = topic;
    this.index[at + 1] = partitionOfKey(key, this.partitions[topic] ?? 1);
    this.index[at + 2] = this.used;
    this.index[at + 3] = key.length;
    this.bytes.set(key, this.used);
    this.used += key.length;
    this.index[at + 4] = this.used;
    this.index[at + 5] = value.length;
    this.bytes.set(value, this.used);
    this.used += value.length;
    this.times[this.count] = timeMs;
    this.count++;
  }

  /** What was added since the last call; the buffers go with it, new ones of like size take over. */
  take(): PackedRecords {
    const { count, index, times, bytes, used } = this;
    this.index = new Int32Array(index.length);
    this.times = new Float64Array(times.length);
    this.bytes = Buffer.allocUnsafeSlow(bytes.length);
    this.count = 0;
    this.used = 0;
    return { count, index, times, bytes: bytes.subarray(0, used) };
  }

  private room(bytes: number): void {
    if (this.used + bytes > this.bytes.length) {
      const larger = Buffer.allocUnsafeSlow(
        Math.ceil(Math.max(this.bytes.length * 1.5, this.used + bytes)),
      );
      larger.set(this.bytes.subarray(0, this.used));
      this.bytes = larger;
    }
    if (this.count === this.times.length) {
      const index = new Int32Array(this.index.length * 2);
      index.set(this.index);
      this.index = index;
      const times = new Float64Array(this.times.length * 2);
      times.set(this.times);
      this.times = times;
    }
  }
}

export function unpackRecords({ count, index, times, bytes }: PackedRecords): ProducedRecord[] {
  const records: ProducedRecord[] = [];
  for (let at = 0; at < count; at++) {
    const from = at * FIELDS;
    const keyAt = index[from + 2] ?? 0;
    const valueAt = index[from + 4] ?? 0;
    records.push({
      topic: PRODUCED_TOPICS[index[from] ?? 0]?.name ?? '',
      partition: index[from + 1] ?? 0,
      key: bytes.subarray(keyAt, keyAt + (index[from + 3] ?? 0)),
      value: bytes.subarray(valueAt, valueAt + (index[from + 5] ?? 0)),
      timeMs: times[at] ?? 0,
    });
  }
  return records;
}
