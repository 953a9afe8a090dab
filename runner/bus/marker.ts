/**
 * The progress marker of a `records` bus: how a producer says that time went on without an event.
 *
 * A marker is a record with null key, null value and one header, `weir-progress`. Its timeMs says:
 * nothing earlier than this will follow in this partition. The engine moves the clock by it and hands
 * it to no operator. An import ends by one marker in every partition of every source, control included,
 * else tasks of that run would wait for ever (DESIGN section 3: such a run waits without limit).
 * A `wall` bus needs none, its broker time moves by itself, and there a marker is refused.
 */
import { UsageError } from '../../schemas/errors.js';
import type { Appended, Bus, ProducedRecord, StoredRecord } from './port.js';

/** Header name that makes a record a marker; its value is one byte, the version of the convention. */
export const PROGRESS_HEADER = 'weir-progress';

const VERSION = Uint8Array.of(1);

export interface MarkerPlace {
  readonly topic: string;
  readonly partition: number;
  /** Nothing earlier than this follows in the partition; ms since 1970. */
  readonly timeMs: number;
}

export const progressMarker = ({ topic, partition, timeMs }: MarkerPlace): ProducedRecord => ({
  topic,
  partition,
  key: null,
  value: null,
  headers: { [PROGRESS_HEADER]: VERSION },
  timeMs,
});

export const isProgressMarker = (record: StoredRecord): boolean =>
  record.key === null &&
  record.value === null &&
  record.headers !== null &&
  record.headers[PROGRESS_HEADER] !== undefined;

/** Appends one marker to every partition of each topic, in one durable append. */
export const appendProgress = async (
  bus: Bus,
  topics: readonly string[],
  timeMs: number,
): Promise<readonly Appended[]> => {
  if (bus.clock !== 'records') {
    throw new UsageError(
      'progress markers belong to a records bus; on a wall bus broker time moves the clock.',
    );
  }
  const known = new Map((await bus.topics()).map((topic) => [topic.name, topic.partitions]));
  const markers: ProducedRecord[] = [];
  for (const topic of topics) {
    const partitions = known.get(topic);
    if (partitions === undefined) {
      throw new UsageError(`cannot mark progress of topic ${topic}: the bus does not have it.`);
    }
    for (let partition = 0; partition < partitions; partition++) {
      markers.push(progressMarker({ topic, partition, timeMs }));
    }
  }
  return bus.append(markers);
};
