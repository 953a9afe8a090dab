/**
 * What the join remembers of a flow: its binding and frame, who waits, what was decided.
 *
 * About 350 bytes a flow; waiting events are there only while they wait.
 */
import { ByteReader, ByteWriter } from '../../state/byte-writer.js';
import type { Codec, KeyedStoreSpec } from '../../state/port.js';
import { keyedStore } from '../../state/store.js';
import type { EventPins } from './event-pins.js';
import {
  readFact,
  readId,
  readMaybe,
  readText,
  readWhole,
  readWord,
  writeFact,
  writeId,
  writeMaybe,
  writeText,
  writeWhole,
  writeWord,
} from './fact-codec.js';
import { isBound, readFrame, writeFrame, type BoundFrame } from './frame.js';
import type { TrafficFact } from './inlet.js';

export interface Waiting {
  readonly event: TrafficFact;
  /** Time of its record; the wait counts from it, whatever happens in between. */
  readonly firstSeenMs: number;
  readonly dueMs: number;
}

/** The event a flow is counted at. */
export interface CountedEvent {
  readonly eventId: string;
  readonly tsMicros: number;
  readonly amountMinor: number;
}

/** A traffic event the flow already has, with the payload that stands. */
export interface SeenEvent {
  readonly eventSeq: number;
  readonly payloadHash: Buffer;
}

export interface Flow {
  /** Pin all records of a flow share. */
  readonly scenarioRunId: string;
  /** The binding is the frame's merchant and arrival_seq; the first one stands. */
  readonly frame: BoundFrame | null;
  readonly waiting: readonly Waiting[];
  readonly seen: readonly SeenEvent[];
  /** Events that left the join, and the sum of their amounts. */
  readonly count: number;
  readonly sumMinor: number;
  /** Newest event time among them; 0 before any. */
  readonly lastTsMicros: number;
  /** First event that left; a flow counts once, at this one. */
  readonly first: CountedEvent | null;
  /** True once the entities were told to count the flow. */
  readonly counted: boolean;
  /** True when some event left without its context. */
  readonly degraded: boolean;
  readonly lastMs: number;
}

export const emptyFlow = (scenarioRunId: string): Flow => ({
  scenarioRunId,
  frame: null,
  waiting: [],
  seen: [],
  count: 0,
  sumMinor: 0,
  lastTsMicros: 0,
  first: null,
  counted: false,
  degraded: false,
  lastMs: 0,
});

const COUNTED = 1;
const DEGRADED = 2;
const writer = new ByteWriter(1024);

function writePins(out: ByteWriter, pins: EventPins): void {
  writeText(out, pins.platform_run_id);
  writeText(out, pins.scenario_run_id);
  writeText(out, pins.scenario_id);
  writeText(out, pins.manifest_fingerprint);
  writeText(out, pins.parameter_hash);
  writeText(out, pins.seed);
  writeText(out, pins.run_id);
}

const readPins = (from: ByteReader): EventPins => ({
  platform_run_id: readText(from),
  scenario_run_id: readText(from),
  scenario_id: readText(from),
  manifest_fingerprint: readText(from),
  parameter_hash: readText(from),
  seed: readText(from),
  run_id: readText(from),
});

function writeWaiting(out: ByteWriter, { event, firstSeenMs, dueMs }: Waiting): void {
  writeFact(out, event);
  writeWord(out, event.eventClass);
  writeText(out, event.flowId);
  out.varint(event.eventSeq);
  writeWord(out, event.kind);
  writeWhole(out, event.tsMicros);
  writeWhole(out, event.amountMinor);
  writePins(out, event.pins);
  out.varint(firstSeenMs);
  out.varint(dueMs);
}

const readWaiting = (from: ByteReader): Waiting => ({
  event: {
    ...readFact(from),
    eventClass: readWord(from),
    flowId: readText(from),
    eventSeq: from.varint(),
    kind: readWord(from),
    tsMicros: readWhole(from),
    amountMinor: readWhole(from),
    pins: readPins(from),
  },
  firstSeenMs: from.varint(),
  dueMs: from.varint(),
});

function writeFirst(out: ByteWriter, { eventId, tsMicros, amountMinor }: CountedEvent): void {
  writeId(out, eventId);
  writeWhole(out, tsMicros);
  writeWhole(out, amountMinor);
}

const readFirst = (from: ByteReader): CountedEvent => ({
  eventId: readId(from),
  tsMicros: readWhole(from),
  amountMinor: readWhole(from),
});

function readBoundFrame(from: ByteReader): BoundFrame | null {
  const frame = readMaybe(from, readFrame);
  return frame !== null && isBound(frame) ? frame : null;
}

export const flowCodec: Codec<Flow> = {
  encode: (flow) => {
    writeId(writer, flow.scenarioRunId);
    writeMaybe(writer, flow.frame, writeFrame);
    writer.varint(flow.waiting.length);
    for (const one of flow.waiting) writeWaiting(writer, one);
    writer.varint(flow.seen.length);
    for (const { eventSeq, payloadHash } of flow.seen) {
      writer.varint(eventSeq);
      writer.raw(payloadHash);
    }
    writer.varint(flow.count);
    writeWhole(writer, flow.sumMinor);
    writeWhole(writer, flow.lastTsMicros);
    writeMaybe(writer, flow.first, writeFirst);
    writer.byte((flow.counted ? COUNTED : 0) | (flow.degraded ? DEGRADED : 0));
    writer.varint(flow.lastMs);
    return writer.take();
  },
  decode: (bytes) => {
    const from = new ByteReader(bytes);
    const head = {
      scenarioRunId: readId(from),
      frame: readBoundFrame(from),
      waiting: Array.from({ length: from.varint() }, () => readWaiting(from)),
      seen: Array.from({ length: from.varint() }, () => ({
        eventSeq: from.varint(),
        payloadHash: Buffer.from(from.raw(32)),
      })),
      count: from.varint(),
      sumMinor: readWhole(from),
      lastTsMicros: readWhole(from),
      first: readMaybe(from, readFirst),
    };
    const flags = from.byte();
    return {
      ...head,
      counted: (flags & COUNTED) !== 0,
      degraded: (flags & DEGRADED) !== 0,
      lastMs: from.varint(),
    };
  },
};

/** A store for flows: `keysMax` per task, each kept `keepMs` after its last record. */
export const flowStore = (bounds: {
  readonly keepMs: number;
  readonly keysMax: number;
}): KeyedStoreSpec<Flow> =>
  keyedStore<Flow>({
    keysMax: bounds.keysMax,
    codec: flowCodec,
    restEncoded: true,
    expiresMs: (flow) => flow.lastMs + bounds.keepMs,
  });
