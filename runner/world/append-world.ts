/**
 * Streams a world onto a bus as fast as the bus takes it, in order of its own time.
 *
 * in: a world and a bus of either clock. On a `records` clock record times are event times, each batch
 * ends with a progress marker in every partition of every source, the last one 60 s after the last
 * event; on a `wall` clock the bus stamps the records and needs no markers.
 * Opening records (policy, bundle, registry) are appended first, with the first event's time.
 * fails: errors of the bus, the signal's reason.
 */
import type { Pins } from '../../schemas/generated/label-assertion.js';
import type { SchemaLookup } from '../../schemas/schema-lookup.js';
import { topics } from '../../schemas/topics.js';
import { appendProgress } from '../bus/marker.js';
import type { Bus, ProducedRecord } from '../bus/port.js';
import { EnvelopeWriter } from './envelope.js';
import { worldPins, worldRecords } from './world-records.js';
import type { World } from './world.js';

export interface AppendWorldOptions {
  readonly bus: Bus;
  readonly lookup: SchemaLookup;
  readonly world: World;
  /** Every source topic of the topologies that will read this bus, control topics included. */
  readonly sources: readonly string[];
  readonly opening?: readonly ProducedRecord[];
  /** Default: from the world's first second. */
  readonly platformRunId?: string;
  readonly progress?: (progress: { readonly records: number; readonly traffic: number }) => void;
  readonly signal?: AbortSignal;
}

export interface AppendedWorld {
  readonly pins: Pins;
  /** Records by topic, markers and opening left out. */
  readonly records: ReadonlyMap<string, number>;
  readonly traffic: number;
}

const BATCH_RECORDS = 4000;
const END_AFTER_MS = 60_000;

export async function appendWorld(options: AppendWorldOptions): Promise<AppendedWorld> {
  const { bus, world, lookup, sources, progress, signal } = options;
  const pins = worldPins(world, options.platformRunId);
  const writer = new EnvelopeWriter({
    pins,
    lookup,
    clock: bus.clock,
    producer: 'weir:world',
    origin: { source: 'world', reference: pins.manifest_fingerprint },
  });
  const byRecords = bus.clock === 'records';
  const counts = new Map<string, number>();
  let batch: ProducedRecord[] = [];
  let records = 0;
  let lastTimeMs = 0;
  const flush = async (): Promise<void> => {
    signal?.throwIfAborted();
    if (batch.length > 0) await bus.append(batch);
    records += batch.length;
    batch = [];
    if (byRecords) await appendProgress(bus, sources, lastTimeMs);
    progress?.({ records, traffic: counts.get(topics.traffic.name) ?? 0 });
  };
  for (const record of worldRecords(world, writer)) {
    if (records === 0 && batch.length === 0) await open(options, record.timeMs);
    counts.set(record.topic, (counts.get(record.topic) ?? 0) + 1);
    lastTimeMs = record.timeMs ?? 0;
    batch.push(record);
    if (batch.length === BATCH_RECORDS) await flush();
  }
  await flush();
  if (byRecords) await appendProgress(bus, sources, lastTimeMs + END_AFTER_MS);
  return { pins, records: counts, traffic: counts.get(topics.traffic.name) ?? 0 };
}

async function open(
  { bus, opening = [] }: AppendWorldOptions,
  firstTimeMs: number | undefined,
): Promise<void> {
  if (opening.length === 0) return;
  await bus.append(
    firstTimeMs === undefined
      ? opening
      : opening.map((record) => ({ ...record, timeMs: firstTimeMs })),
  );
}
