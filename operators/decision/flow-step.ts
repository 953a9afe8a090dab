/**
 * The join's arithmetic: what happens to a flow when traffic, a frame or its timer comes.
 *
 * A pure step over one flow; the operator around it (flow-join.ts) owns the rows.
 *
 * J1. A traffic event is in exactly one of: waiting, emitted, refused.
 * J2. It is emitted at once when arrival and anchor are there, else when they come, else at its due
 *     time, else (no room) at once; in that order of preference, and once.
 * J3. The first binding stands; a frame of another arrival is refused (scenarios 43, 44).
 * J4. A flow counts once, at the first event that left the join: with its answer when it was joined,
 *     silently when its anchor came too late for it (ruling 2).
 * J5. Context that comes after an event left changes nothing that was emitted (scenario 60).
 *
 * source: spec/platform.md 9, 13; rulings 2 and 17; scenarios 43, 44, 55 to 61.
 */
import { DivertError } from '../../schemas/errors.js';
import { emptyFlow, type Flow, type SeenEvent, type Waiting } from './flow.js';
import type { BoundFrame } from './frame.js';
import type { TrafficFact } from './inlet.js';

export const BINDING_MISSING = 'context_missing: flow_binding_missing';
export const FRAME_INCOMPLETE = 'context_missing: join_frame_incomplete';
export const ENTITIES_MISSING = 'context_partial: arrival_entities_missing';
export const BUFFER_FULL = 'JOIN_BUFFER_FULL';
export const LATE_CONTEXT_AFTER_DECISION = 'late_context_after_decision';

/** Most events of one flow that wait at a time. */
export const WAITING_PER_FLOW_MAX = 64;
/** Most payload hashes kept per flow; the duplicate guard knows all, these name the one that stands. */
const SEEN_MAX = 32;

/** An event on its way out of the join. */
export interface Leaving {
  readonly event: TrafficFact;
  readonly firstSeenMs: number;
  readonly ready: boolean;
  readonly reasons: readonly string[];
  /** Totals of the flow, this event included. */
  readonly eventCount: number;
  readonly amountSumMinor: number;
  readonly lastTsMicros: number;
  /** This event is the one the flow is counted at, and is answered with features. */
  readonly counts: boolean;
}

export interface FlowChange {
  readonly flow: Flow;
  readonly leaving: readonly Leaving[];
  /** Events more (or fewer) that wait. */
  readonly waitingChange: number;
  /** The flow is counted now, without an answer (J4). */
  readonly countsSilently: boolean;
  readonly note: typeof LATE_CONTEXT_AFTER_DECISION | null;
}

const isReady = (frame: BoundFrame | null): boolean => frame !== null && frame.arrival !== null;

function checkPins(flow: Flow, scenarioRunId: string, what: string): void {
  if (flow.scenarioRunId === scenarioRunId) return;
  throw new DivertError(
    'PINS_MISMATCH',
    `${what} belongs to scenario run ${scenarioRunId}, its flow to ${flow.scenarioRunId}.`,
  );
}

function withSeen(flow: Flow, event: TrafficFact): readonly SeenEvent[] {
  const seen = { eventSeq: event.eventSeq, payloadHash: event.payloadHash };
  return [...flow.seen.slice(-SEEN_MAX + 1), seen];
}

/** J2, J4: lets events leave, in order; `extra` says why beside what the frame lacks. */
function leave(
  flow: Flow,
  events: readonly Waiting[],
  extra: readonly string[],
): { readonly flow: Flow; readonly leaving: readonly Leaving[]; readonly silent: boolean } {
  const { frame } = flow;
  const ready = isReady(frame);
  const reasons = extra.length > 0 ? [...extra, ...missing(frame)] : missing(frame);
  const leaving: Leaving[] = [];
  let { count, sumMinor, lastTsMicros, first } = flow;
  for (const { event, firstSeenMs } of events) {
    const counts = ready && first === null;
    count += 1;
    sumMinor += event.amountMinor;
    lastTsMicros = Math.max(lastTsMicros, event.tsMicros);
    first ??= {
      eventId: event.eventId,
      tsMicros: event.tsMicros,
      amountMinor: event.amountMinor,
    };
    leaving.push({
      event,
      firstSeenMs,
      ready,
      reasons,
      eventCount: count,
      amountSumMinor: sumMinor,
      lastTsMicros,
      counts,
    });
  }
  const some = leaving.length > 0;
  return {
    flow: {
      scenarioRunId: flow.scenarioRunId,
      frame,
      waiting: flow.waiting,
      seen: flow.seen,
      count,
      sumMinor,
      lastTsMicros,
      first,
      counted: flow.counted || (some && frame !== null),
      degraded: flow.degraded || (some && !ready),
      lastMs: flow.lastMs,
    },
    leaving,
    // Its anchor is there although its arrival is not.
    silent: some && !ready && frame !== null && flow.first === null,
  };
}

const NOTHING_MISSING: readonly string[] = [];
const NO_BINDING: readonly string[] = [BINDING_MISSING];
const INCOMPLETE: readonly string[] = [FRAME_INCOMPLETE];
const PARTIAL: readonly string[] = [ENTITIES_MISSING];

/** Reasons by what the frame lacks; entities never hold a decision (ruling 17). */
function missing(frame: BoundFrame | null): readonly string[] {
  if (frame === null) return NO_BINDING;
  if (frame.arrival === null) return INCOMPLETE;
  return frame.entities === null ? PARTIAL : NOTHING_MISSING;
}

export interface Room {
  readonly waitMs: number;
  /** True while the task may hold one more event. */
  readonly free: boolean;
}

/** A traffic event, known not to be a duplicate. */
export function trafficStep(
  before: Flow | undefined,
  event: TrafficFact,
  at: { readonly timeMs: number } & Room,
): FlowChange {
  const flow = before ?? emptyFlow(event.pins.scenario_run_id);
  checkPins(flow, event.pins.scenario_run_id, `event ${event.eventId}`);
  const known: Flow = {
    ...flow,
    seen: withSeen(flow, event),
    lastMs: Math.max(flow.lastMs, at.timeMs),
  };
  const arrived: Waiting = { event, firstSeenMs: at.timeMs, dueMs: at.timeMs + at.waitMs };
  if (!isReady(flow.frame) && at.free && flow.waiting.length < WAITING_PER_FLOW_MAX) {
    return {
      flow: { ...known, waiting: [...flow.waiting, arrived] },
      leaving: [],
      waitingChange: 1,
      countsSilently: false,
      note: null,
    };
  }
  const gone = leave(known, [arrived], isReady(flow.frame) ? [] : [BUFFER_FULL]);
  return {
    flow: gone.flow,
    leaving: gone.leaving,
    waitingChange: 0,
    countsSilently: gone.silent,
    note: null,
  };
}

/** A frame that names this flow, or a fuller one. */
export function frameStepOfFlow(
  before: Flow | undefined,
  frame: BoundFrame,
  timeMs: number,
): FlowChange {
  const flow = before ?? emptyFlow(frame.scenarioRunId);
  checkPins(flow, frame.scenarioRunId, `anchor ${frame.anchor.eventId}`);
  const held = flow.frame;
  if (
    held !== null &&
    (held.merchantId !== frame.merchantId || held.arrivalSeq !== frame.arrivalSeq)
  ) {
    throw new DivertError(
      'FLOW_BINDING_CONFLICT',
      `Flow ${frame.binds.flowId} is bound to ${held.merchantId}/${held.arrivalSeq}; ` +
        `anchor ${frame.anchor.eventId} binds it to ${frame.merchantId}/${frame.arrivalSeq}.`,
    );
  }
  const silentNow = flow.first !== null && !flow.counted;
  const bound: Flow = {
    ...flow,
    frame,
    counted: flow.counted || silentNow,
    lastMs: Math.max(flow.lastMs, timeMs),
  };
  const note = flow.degraded ? LATE_CONTEXT_AFTER_DECISION : null;
  if (!isReady(frame) || flow.waiting.length === 0) {
    return { flow: bound, leaving: [], waitingChange: 0, countsSilently: silentNow, note };
  }
  const gone = leave({ ...bound, waiting: [] }, flow.waiting, []);
  return {
    flow: gone.flow,
    leaving: gone.leaving,
    waitingChange: -flow.waiting.length,
    countsSilently: silentNow || gone.silent,
    note,
  };
}

/** Those whose due time has come leave with what is there. */
export function timerStep(flow: Flow, timeMs: number): FlowChange {
  const due = flow.waiting.filter(({ dueMs }) => dueMs <= timeMs);
  const left = flow.waiting.filter(({ dueMs }) => dueMs > timeMs);
  const gone = leave({ ...flow, waiting: left }, due, []);
  return {
    flow: gone.flow,
    leaving: gone.leaving,
    waitingChange: -due.length,
    countsSilently: gone.silent,
    note: null,
  };
}

/** When the flow's timer is due; null when nobody waits. */
export function dueOf(flow: Flow): number | null {
  let least: number | null = null;
  for (const { dueMs } of flow.waiting) {
    if (least === null || dueMs < least) least = dueMs;
  }
  return least;
}
