/**
 * A join frame: what is known of one arrival, whichever of its three records came first.
 *
 * F1. The frame is a function of the set of records it holds: any order of arrival ends in equal bytes.
 * F2. Only the anchor binds a flow to the frame.
 *
 * source: spec/platform.md 9; scenarios 40 to 44, 46.
 */
import { ByteReader, ByteWriter } from '../../state/byte-writer.js';
import type { Codec } from '../../state/port.js';
import {
  readFact,
  readId,
  readMaybe,
  readText,
  writeFact,
  writeId,
  writeMaybe,
  writeText,
} from './fact-codec.js';
import type { EntityIds, EventFact } from './inlet.js';

export interface Binding {
  readonly flowId: string;
  readonly ids: EntityIds;
}

export interface Frame {
  readonly merchantId: string;
  readonly arrivalSeq: number;
  /** Pin all records of a frame share. */
  readonly scenarioRunId: string;
  readonly arrival: EventFact | null;
  readonly entities: EventFact | null;
  readonly anchor: EventFact | null;
  /** Of the anchor. */
  readonly binds: Binding | null;
  /** Time of the latest record in it, ms; it is kept for a while after that. */
  readonly lastMs: number;
}

/** A frame whose flow is known: what the join is told. */
export interface BoundFrame extends Frame {
  readonly anchor: EventFact;
  readonly binds: Binding;
}

export const isBound = (frame: Frame): frame is BoundFrame =>
  frame.anchor !== null && frame.binds !== null;

const writer = new ByteWriter(1024);

function writeBinding(out: ByteWriter, { flowId, ids }: Binding): void {
  writeText(out, flowId);
  writeText(out, ids.account);
  writeText(out, ids.instrument);
  writeText(out, ids.device);
  writeText(out, ids.ip);
  writeText(out, ids.merchant);
  writeText(out, ids.party);
}

const readBinding = (from: ByteReader): Binding => ({
  flowId: readText(from),
  ids: {
    account: readText(from),
    instrument: readText(from),
    device: readText(from),
    ip: readText(from),
    merchant: readText(from),
    party: readText(from),
  },
});

export function writeFrame(out: ByteWriter, frame: Frame): void {
  writeText(out, frame.merchantId);
  out.varint(frame.arrivalSeq);
  writeId(out, frame.scenarioRunId);
  writeMaybe(out, frame.arrival, writeFact);
  writeMaybe(out, frame.entities, writeFact);
  writeMaybe(out, frame.anchor, writeFact);
  writeMaybe(out, frame.binds, writeBinding);
  out.varint(frame.lastMs);
}

export const readFrame = (from: ByteReader): Frame => ({
  merchantId: readText(from),
  arrivalSeq: from.varint(),
  scenarioRunId: readId(from),
  arrival: readMaybe(from, readFact),
  entities: readMaybe(from, readFact),
  anchor: readMaybe(from, readFact),
  binds: readMaybe(from, readBinding),
  lastMs: from.varint(),
});

export const frameCodec: Codec<Frame> = {
  encode: (frame) => {
    writeFrame(writer, frame);
    return writer.take();
  },
  decode: (bytes) => readFrame(new ByteReader(bytes)),
};
