/**
 * The bus over the owner's socket: its calls, and the owner's side of them. The other side is
 * remote.ts. Records travel as tuples: half the bytes of objects, and header names stay data.
 */
import type { OwnerHandlers } from '../owner-socket.js';
import { ownerCall, ownerStream } from '../owner-protocol.js';
import type {
  Appended,
  Bus,
  ClockKind,
  Headers,
  ProducedRecord,
  RoundEntry,
  StoredRecord,
  TopicBounds,
  TopicConfig,
} from './port.js';

type HeaderPairs = readonly (readonly [string, Uint8Array])[] | null;

export type StoredTuple = readonly [
  offset: bigint,
  timeMs: number,
  sequence: number,
  key: Uint8Array | null,
  value: Uint8Array | null,
  headers: HeaderPairs,
];

export type ProducedTuple = readonly [
  topic: string,
  partition: number | null,
  key: Uint8Array | null,
  value: Uint8Array | null,
  headers: HeaderPairs,
  timeMs: number | null,
];

export interface PulledTuples {
  readonly records: readonly StoredTuple[];
  readonly next: bigint;
  readonly end: bigint;
}

export interface PullParams {
  readonly topic: string;
  readonly partition: number;
  readonly from: bigint;
  readonly bytesMax: number;
}

export interface RoundsParams {
  readonly task: string;
  readonly from: number;
  readonly to: number | null;
}

export const busCalls = {
  about: ownerCall<null, { readonly clock: ClockKind; readonly nowMs: number }>('bus.about'),
  topics: ownerCall<null, readonly TopicConfig[]>('bus.topics'),
  ensureTopics: ownerCall<readonly TopicConfig[], null>('bus.ensure-topics'),
  bounds: ownerCall<string, readonly TopicBounds[]>('bus.bounds'),
  pull: ownerCall<PullParams, PulledTuples>('bus.pull'),
  append: ownerCall<readonly ProducedTuple[], readonly Appended[]>('bus.append'),
  rounds: ownerStream<RoundsParams, RoundEntry>('bus.rounds'),
  tasks: ownerCall<null, readonly string[]>('bus.tasks'),
  /** One item at once and after every append. */
  appends: ownerStream<null, number>('bus.appends'),
  metaGet: ownerCall<string, Uint8Array | null>('bus.meta.get'),
  metaPut: ownerCall<readonly [string, Uint8Array], null>('bus.meta.put'),
  metaDelete: ownerCall<string, null>('bus.meta.delete'),
  metaList: ownerCall<string, readonly (readonly [string, Uint8Array])[]>('bus.meta.list'),
};

/** Lets the socket answer everything about `bus` that does not commit rounds. */
export const handleBus = (handlers: OwnerHandlers, bus: Bus): void => {
  handlers
    .answer(busCalls.about, () => Promise.resolve({ clock: bus.clock, nowMs: bus.nowMs() }))
    .answer(busCalls.topics, () => bus.topics())
    .answer(busCalls.ensureTopics, (topics) => bus.ensureTopics(topics).then(() => null))
    .answer(busCalls.bounds, (topic) => bus.bounds(topic))
    .answer(busCalls.pull, async ({ topic, partition, from, bytesMax }) => {
      const { records, next, end } = await bus.pull(topic, partition, from, bytesMax);
      return { records: records.map(storedTuple), next, end };
    })
    .answer(busCalls.append, (tuples) => bus.append(tuples.map(producedOf)))
    .stream(busCalls.rounds, ({ task, from, to }) => bus.rounds(task, from, to ?? undefined))
    .answer(busCalls.tasks, () => bus.tasks())
    .stream(busCalls.appends, (_params, signal) => appendsOf(bus, signal))
    .answer(busCalls.metaGet, async (key) => (await bus.meta.get(key)) ?? null)
    .answer(busCalls.metaPut, ([key, value]) => bus.meta.put(key, value).then(() => null))
    .answer(busCalls.metaDelete, (key) => bus.meta.delete(key).then(() => null))
    .answer(busCalls.metaList, (prefix) => bus.meta.list(prefix));
};

/** Broker time at once and after appends; several appends before it is read are one item. */
async function* appendsOf(bus: Bus, signal: AbortSignal): AsyncGenerator<number> {
  let wake: (() => void) | null = null;
  let appended = true;
  const tell = (): void => {
    appended = true;
    wake?.();
  };
  const stop = bus.onAppend(tell);
  signal.addEventListener('abort', tell);
  try {
    for (;;) {
      if (!appended) await new Promise<void>((resolve) => (wake = resolve));
      if (signal.aborted) return;
      appended = false;
      yield bus.nowMs();
    }
  } finally {
    stop();
  }
}

const pairsOf = (headers: Headers | null | undefined): HeaderPairs =>
  headers === null || headers === undefined ? null : Object.entries(headers);

const headersOf = (pairs: readonly (readonly [string, Uint8Array])[]): Headers => {
  // No prototype: a header may be called `__proto__`.
  const headers = Object.create(null) as Record<string, Uint8Array>;
  for (const [name, value] of pairs) headers[name] = value;
  return headers;
};

const storedTuple = (record: StoredRecord): StoredTuple => [
  record.offset,
  record.timeMs,
  record.sequence,
  record.key,
  record.value,
  pairsOf(record.headers),
];

export const storedOf = ([
  offset,
  timeMs,
  sequence,
  key,
  value,
  pairs,
]: StoredTuple): StoredRecord => ({
  offset,
  timeMs,
  sequence,
  key,
  value,
  headers: pairs === null ? null : headersOf(pairs),
});

export const producedTuple = (record: ProducedRecord): ProducedTuple => [
  record.topic,
  record.partition ?? null,
  record.key,
  record.value,
  pairsOf(record.headers),
  record.timeMs ?? null,
];

const producedOf = ([
  topic,
  partition,
  key,
  value,
  pairs,
  timeMs,
]: ProducedTuple): ProducedRecord => ({
  topic,
  key,
  value,
  ...(partition === null ? {} : { partition }),
  ...(pairs === null ? {} : { headers: headersOf(pairs) }),
  ...(timeMs === null ? {} : { timeMs }),
});
