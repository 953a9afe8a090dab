/**
 * frames: builds join frames of arrivals, entities and anchors, and tells the join about bound ones.
 *
 * in: context facts of one merchant's partition, in position order. out: the whole frame, whenever a
 * record changed it and its flow is known; at most one per input. state: one frame of about 250 bytes
 * per (run, merchant, arrival_seq), kept `keepMs` after its last record; one watermark per run.
 * time: `lastMs` from positions; lateness in event time. fails: ROLE_CONFLICT, JOIN_KEY_CONFLICT,
 * PAYLOAD_HASH_MISMATCH, PINS_MISMATCH, EVENT_TIME_JUMP; the first record stands. crash: none; frame and binding are in
 * one commit (scenario 45).
 * source: spec/platform.md 9; scenarios 40 to 48.
 *
 * F3. A role is filled once per event id; the same id with the same payload is absorbed.
 * F4. The same binding under another event id is no conflict (scenario 44).
 * F5. Context older than the run's watermark less LATE_MS changes state as any other, and is counted.
 */
import type { OperatorFunction } from 'rxjs';
import { DivertError } from '../../schemas/errors.js';
import { dedupeKey } from '../../schemas/ids.js';
import { scopedKey } from '../../state/keys.js';
import type { KeyedStoreSpec } from '../../state/port.js';
import { keyedStore } from '../../state/store.js';
import { lift, type Tools } from '../lift.js';
import type { Signal } from '../signal.js';
import type { Keyed } from '../wiring.js';
import { refuseJump } from './event-time.js';
import { frameCodec, isBound, type BoundFrame, type Frame } from './frame.js';
import type { ContextFact, EventFact } from './inlet.js';

/** Allowed lateness of context, event time (spec/platform.md 9). */
export const LATE_MS = 120_000;
const MICROS_PER_MS = 1000;

export const LATE_CONTEXT = 'late_context';

export interface FramesOptions {
  readonly in: Keyed<Frame>;
  readonly watermarks: Keyed<number>;
}

/** A store for frames: `keysMax` per task, each kept `keepMs` after its last record. */
export const frameStore = (bounds: {
  readonly keepMs: number;
  readonly keysMax: number;
}): KeyedStoreSpec<Frame> =>
  keyedStore<Frame>({
    keysMax: bounds.keysMax,
    codec: frameCodec,
    restEncoded: true,
    expiresMs: (frame) => frame.lastMs + bounds.keepMs,
  });

/** Highest event time per run, microseconds. */
export const watermarkStore = (): KeyedStoreSpec<number> => keyedStore<number>({ keysMax: 10_000 });

export type FrameChange =
  | { readonly kind: 'changed'; readonly frame: Frame }
  | { readonly kind: 'known'; readonly reason: 'duplicate' | 'same_binding' };

const roleOf = (frame: Frame, role: ContextFact['role']): EventFact | null => {
  switch (role) {
    case 'arrival_events':
      return frame.arrival;
    case 'arrival_entities':
      return frame.entities;
    case 'flow_anchor':
      return frame.anchor;
  }
};

const nameOf = (fact: ContextFact): string => `frame ${fact.merchantId}/${fact.arrivalSeq}`;

/** F3, F4: what a second record in a role means. */
function again(frame: Frame, held: EventFact, fact: ContextFact): FrameChange {
  if (held.eventId === fact.eventId) {
    if (held.payloadHash.equals(fact.payloadHash)) return { kind: 'known', reason: 'duplicate' };
    throw new DivertError(
      'PAYLOAD_HASH_MISMATCH',
      `${fact.role} ${fact.eventId} came again with another payload; the first one stands.`,
      { subject: mismatchOf(held, fact) },
    );
  }
  if (fact.binds !== null && frame.binds !== null) {
    if (frame.binds.flowId === fact.binds.flowId) return { kind: 'known', reason: 'same_binding' };
    throw new DivertError(
      'JOIN_KEY_CONFLICT',
      `${nameOf(fact)} belongs to flow ${frame.binds.flowId}; flow ${fact.binds.flowId} claims it too.`,
    );
  }
  throw new DivertError(
    'ROLE_CONFLICT',
    `${nameOf(fact)} has ${fact.role} ${held.eventId}; ${fact.eventId} is another.`,
  );
}

const mismatchOf = (held: EventFact, fact: ContextFact) => ({
  run: fact.pins.platform_run_id,
  dedupeKey: dedupeKey(fact.pins.platform_run_id, classOf(fact), fact.eventId),
  payloadHash: fact.payloadHash.toString('hex'),
  firstPayloadHash: held.payloadHash.toString('hex'),
});

const classOf = (fact: ContextFact): string => {
  switch (fact.role) {
    case 'arrival_events':
      return 'context_arrival';
    case 'arrival_entities':
      return 'context_arrival_entities';
    case 'flow_anchor':
      return fact.eventType.startsWith('s2_') ? 'context_flow_baseline' : 'context_flow_fraud';
  }
};

const factOf = ({ eventId, eventType, payloadHash, origin }: ContextFact): EventFact => ({
  eventId,
  eventType,
  payloadHash,
  origin,
});

/** The pure step (F1, F3). */
export function frameStep(frame: Frame | undefined, fact: ContextFact, atMs: number): FrameChange {
  if (frame !== undefined && frame.scenarioRunId !== fact.pins.scenario_run_id) {
    throw new DivertError(
      'PINS_MISMATCH',
      `${nameOf(fact)} belongs to scenario run ${frame.scenarioRunId}, not ${fact.pins.scenario_run_id}.`,
    );
  }
  const held = frame && roleOf(frame, fact.role);
  if (frame && held) return again(frame, held, fact);
  const kept = factOf(fact);
  return {
    kind: 'changed',
    frame: {
      merchantId: fact.merchantId,
      arrivalSeq: fact.arrivalSeq,
      scenarioRunId: fact.pins.scenario_run_id,
      arrival: fact.role === 'arrival_events' ? kept : (frame?.arrival ?? null),
      entities: fact.role === 'arrival_entities' ? kept : (frame?.entities ?? null),
      anchor: fact.role === 'flow_anchor' ? kept : (frame?.anchor ?? null),
      binds: fact.binds ?? frame?.binds ?? null,
      lastMs: Math.max(atMs, frame?.lastMs ?? 0),
    },
  };
}

/** F5; a jump would make everything after it late. */
function watch(fact: ContextFact, watermarks: Keyed<number>, tools: Tools<BoundFrame>): void {
  const key = scopedKey(fact.pins.platform_run_id);
  const high = watermarks.rows.get(key);
  refuseJump(fact, high, tools.at.timeMs);
  if (high === undefined || fact.tsMicros > high) watermarks.rows.put(key, fact.tsMicros);
  else if (fact.tsMicros < high - LATE_MS * MICROS_PER_MS) tools.note(LATE_CONTEXT);
}

export const frames = (
  options: FramesOptions,
): OperatorFunction<Signal<ContextFact>, Signal<BoundFrame>> => {
  const { rows } = options.in;
  return lift<ContextFact, BoundFrame>({
    name: 'frames',
    stores: [options.in, options.watermarks],
    settings: frameStep.toString(),
    onRecord: ({ run, value: fact, at }, tools) => {
      const key = scopedKey(run, fact.merchantId, fact.arrivalSeq);
      const change = frameStep(rows.get(key), fact, at.timeMs);
      if (change.kind === 'known') {
        tools.absorb(change.reason);
        return;
      }
      rows.put(key, change.frame);
      watch(fact, options.watermarks, tools);
      tools.pass();
      if (isBound(change.frame)) tools.emit(change.frame);
    },
  });
};
