/**
 * A topic as a Node Readable over a range of offsets or times, in object mode.
 *
 * Several partitions are merged by (time, sequence, partition, offset), the order in which a task would
 * step them; with `follow` it goes on with what is appended, in order among what has arrived.
 * Bound: one pull of about `bytesMax` per partition and 64 records handed over, however slow the
 * consumer is. Aborting or destroying ends it at once and leaves the bus open.
 */
import { Readable } from 'node:stream';
import { UsageError } from '../../schemas/errors.js';
import type { Bus, StoredRecord, TopicBounds } from './port.js';

/** A stored record that knows where it lies. */
export interface TopicRecord extends StoredRecord {
  readonly topic: string;
  readonly partition: number;
}

/** An offset, the same in each partition read, or the first record at or after a time. */
export type TopicPlace = bigint | { readonly timeMs: number };

export interface ReadTopicOptions {
  readonly topic: string;
  /** Only this one; all of them by default. */
  readonly partition?: number;
  /** Inclusive; the first record kept by default. */
  readonly from?: TopicPlace;
  /** Exclusive; by default the end at the time of the call, or none with `follow`. */
  readonly to?: TopicPlace;
  /** Goes on with what is appended later; ends only by `to`, by the signal or by destroying it. */
  readonly follow?: boolean;
  /** Bytes per pull and partition; 256 KiB. */
  readonly bytesMax?: number;
  readonly signal?: AbortSignal;
}

const BYTES_MAX = 256 * 1024;
const OBJECTS_AHEAD = 64;

/** One partition being read. */
interface Lane {
  readonly partition: number;
  /** Exclusive; null while following without an end. */
  readonly until: bigint | null;
  next: bigint;
  records: readonly StoredRecord[];
  at: number;
}

export const readTopic = (bus: Bus, options: ReadTopicOptions): Readable => {
  const { signal, topic } = options;
  if (options.follow === true && typeof options.to === 'object') {
    throw new UsageError(
      'following a topic ends at an offset, not at a time; leave one of them out.',
    );
  }
  let lanes: Lane[] | null = null;
  let pumping = false;
  let again = false;
  let wake: (() => void) | null = null;
  let appends = 0;
  const unlisten = bus.onAppend(() => {
    appends++;
    wake?.();
  });

  const gone = (): boolean => stream.destroyed;

  const pump = async (): Promise<void> => {
    lanes ??= await openLanes(bus, options);
    for (;;) {
      const seen = appends;
      await refill(bus, options, lanes);
      if (gone()) return;
      const lane = earliest(lanes);
      if (lane === null) {
        lanes = lanes.filter(({ next, until }) => until === null || next < until);
        if (lanes.length === 0) {
          stream.push(null);
          return;
        }
        // Nothing to read for now; an append since `seen` means: look again.
        if (appends === seen) await new Promise<void>((resolve) => (wake = resolve));
        wake = null;
        if (gone()) return;
      } else if (!pushFrom(stream, topic, lanes, lane)) return;
    }
  };

  const start = (): void => {
    pumping = true;
    again = false;
    pump().then(
      () => {
        pumping = false;
        // Asked for more between the last push and now; nobody would ask twice.
        if (again && !stream.destroyed) start();
      },
      (failure: unknown) => stream.destroy(asError(failure)),
    );
  };

  const stream = new Readable({
    objectMode: true,
    highWaterMark: OBJECTS_AHEAD,
    ...(signal === undefined ? {} : { signal }),
    read() {
      if (pumping) again = true;
      else start();
    },
    destroy(failure, done) {
      unlisten();
      wake?.();
      done(failure);
    },
  });
  return stream;
};

const withPlace = (record: StoredRecord, topic: string, partition: number): TopicRecord => ({
  topic,
  partition,
  offset: record.offset,
  timeMs: record.timeMs,
  sequence: record.sequence,
  key: record.key,
  value: record.value,
  headers: record.headers,
});

const asError = (failure: unknown): Error =>
  failure instanceof Error ? failure : new Error(String(failure));

/** Pushes records in merged order until a lane runs dry (true) or the consumer has enough (false). */
const pushFrom = (
  stream: Readable,
  topic: string,
  lanes: readonly Lane[],
  first: Lane,
): boolean => {
  for (let lane: Lane | null = first; lane !== null; lane = earliest(lanes)) {
    const record = lane.records[lane.at++];
    if (record === undefined) return true;
    if (!stream.push(withPlace(record, topic, lane.partition))) return false;
    if (lane.at >= lane.records.length) return true;
  }
  return true;
};

/** The lane whose first record comes first; null when no lane holds a record. */
const earliest = (lanes: readonly Lane[]): Lane | null => {
  let best: Lane | null = null;
  let bestRecord: StoredRecord | undefined;
  for (const lane of lanes) {
    const record = lane.records[lane.at];
    if (record === undefined) continue;
    const before =
      bestRecord === undefined ||
      record.timeMs < bestRecord.timeMs ||
      (record.timeMs === bestRecord.timeMs && record.sequence < bestRecord.sequence);
    if (before) {
      best = lane;
      bestRecord = record;
    }
  }
  return best;
};

/** Pulls for every lane that ran dry. A lane is dry only when its partition has nothing more now. */
const refill = async (
  bus: Bus,
  options: ReadTopicOptions,
  lanes: readonly Lane[],
): Promise<void> => {
  await Promise.all(
    lanes.map(async (lane) => {
      if (lane.at < lane.records.length) return;
      lane.records = [];
      lane.at = 0;
      if (lane.until !== null && lane.next >= lane.until) return;
      const bytesMax = options.bytesMax ?? BYTES_MAX;
      const pulled = await bus.pull(options.topic, lane.partition, lane.next, bytesMax);
      const { until } = lane;
      const inside =
        until === null ? pulled.records : pulled.records.filter(({ offset }) => offset < until);
      lane.records = inside;
      lane.next = inside.length < pulled.records.length && until !== null ? until : pulled.next;
    }),
  );
};

const openLanes = async (bus: Bus, options: ReadTopicOptions): Promise<Lane[]> => {
  const bounds = (await bus.bounds(options.topic)).filter(
    ({ partition }) => options.partition === undefined || partition === options.partition,
  );
  if (bounds.length === 0) {
    throw new UsageError(`topic ${options.topic} has no partition ${options.partition ?? 0}.`);
  }
  return Promise.all(
    bounds.map(async (bound) => {
      const next = await offsetOf(bus, options.topic, bound, options.from ?? bound.start);
      return {
        partition: bound.partition,
        next,
        until: await endOf(bus, options, bound),
        records: [],
        at: 0,
      };
    }),
  );
};

const endOf = async (
  bus: Bus,
  { topic, to, follow = false }: ReadTopicOptions,
  bound: TopicBounds,
): Promise<bigint | null> => {
  if (follow) return typeof to === 'bigint' ? to : null;
  if (to === undefined) return bound.end;
  const until = await offsetOf(bus, topic, bound, to);
  return until < bound.end ? until : bound.end;
};

/** The offset of a place: itself, or the first record at or after the time (times never fall, P4). */
const offsetOf = async (
  bus: Bus,
  topic: string,
  { partition, start, end }: TopicBounds,
  place: TopicPlace,
): Promise<bigint> => {
  if (typeof place === 'bigint') return place;
  let low = start;
  let high = end;
  while (low < high) {
    const middle = (low + high) / 2n;
    const [record] = (await bus.pull(topic, partition, middle, 1)).records;
    if (record === undefined || record.timeMs >= place.timeMs) high = middle;
    else low = middle + 1n;
  }
  return low;
};
