/** The join's arithmetic by its invariants J1 to J5, over random histories of one flow. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  BINDING_MISSING,
  BUFFER_FULL,
  dueOf,
  ENTITIES_MISSING,
  FRAME_INCOMPLETE,
  frameStepOfFlow,
  timerStep,
  trafficStep,
  WAITING_PER_FLOW_MAX,
  type FlowChange,
} from '../../../operators/decision/flow-step.js';
import type { Flow } from '../../../operators/decision/flow.js';
import { isBound, type BoundFrame } from '../../../operators/decision/frame.js';
import { frameStep } from '../../../operators/decision/frames.js';
import {
  anchorFact,
  arrivalFact,
  entitiesFact,
  trafficFact,
} from '../../../operators/decision/inlet.js';
import type { Position } from '../../../operators/signal.js';
import { anchor, arrival, entities, traffic, type FlowPlan } from '../../support/loop-events.js';

const WAIT_MS = 900;
const PLAN: FlowPlan = { flowId: '1' };
const at = (timeMs: number): Position => ({
  timeMs,
  rank: 0,
  sequence: 0,
  partition: 0,
  offset: BigInt(timeMs),
  topic: 't',
});

/** Frames as the join is told of them: anchor alone, with arrival, with all. */
function boundFrames(plan: FlowPlan): readonly BoundFrame[] {
  const facts = [
    anchorFact(anchor(plan), at(1)),
    arrivalFact(arrival(plan), at(2)),
    entitiesFact(entities(plan), at(3)),
  ];
  const found: BoundFrame[] = [];
  facts.reduce<Parameters<typeof frameStep>[0]>((frame, fact) => {
    const change = frameStep(frame, fact, 1);
    if (change.kind !== 'changed') return frame;
    if (isBound(change.frame)) found.push(change.frame);
    return change.frame;
  }, undefined);
  return found;
}
const [ANCHORED, READY, FULL] = boundFrames(PLAN);
if (!ANCHORED || !READY || !FULL) throw new Error('frames were not built');

const step = (flow: Flow | undefined, seq: number, timeMs: number, free = true): FlowChange =>
  trafficStep(flow, trafficFact(traffic(PLAN, seq), at(timeMs)), {
    timeMs,
    waitMs: WAIT_MS,
    free,
  });

type Happening =
  | { readonly kind: 'traffic'; readonly free: boolean }
  | { readonly kind: 'frame'; readonly which: number };

const happening: fc.Arbitrary<Happening> = fc.oneof(
  fc.record({ kind: fc.constant('traffic' as const), free: fc.boolean() }),
  fc.record({ kind: fc.constant('frame' as const), which: fc.nat(2) }),
);

describe('flow step', () => {
  it('J1, J2, J4. over any history each event leaves once, by its due time, and the flow counts once', () => {
    const frames = [ANCHORED, READY, FULL];
    fc.assert(
      fc.property(
        fc.array(fc.tuple(happening, fc.nat(400)), { minLength: 1, maxLength: 30 }),
        (history) => {
          let flow: Flow | undefined;
          let now = 1000;
          let furthest = -1;
          let came = 0;
          let waiting = 0;
          let counted = 0;
          const left: { readonly seq: number; readonly waitedMs: number }[] = [];
          const take = (change: FlowChange, timeMs: number): void => {
            flow = change.flow;
            waiting += change.waitingChange;
            if (change.countsSilently) counted += 1;
            for (const one of change.leaving) {
              if (one.counts) counted += 1;
              left.push({ seq: one.event.eventSeq, waitedMs: timeMs - one.firstSeenMs });
            }
            expect(flow.waiting).toHaveLength(waiting);
          };
          const timers = (before: number): void => {
            for (let due = flow && dueOf(flow); due != null && due < before;) {
              if (flow) take(timerStep(flow, due), due);
              due = flow && dueOf(flow);
            }
          };
          for (const [what, after] of history) {
            now += after;
            timers(now);
            if (what.kind === 'traffic') {
              take(step(flow, came, now, what.free), now);
              came += 1;
            } else {
              // Frames only grow.
              furthest = Math.max(furthest, what.which);
              const frame = frames[furthest];
              if (frame) take(frameStepOfFlow(flow, frame, now), now);
            }
          }
          timers(Number.MAX_SAFE_INTEGER);
          expect(left.map(({ seq }) => seq).sort((a, b) => a - b)).toEqual(
            Array.from({ length: came }, (_, seq) => seq),
          );
          for (const { waitedMs } of left) expect(waitedMs).toBeLessThanOrEqual(WAIT_MS);
          expect(waiting).toBe(0);
          expect(counted).toBe(came > 0 && furthest >= 0 ? 1 : 0);
          expect(flow?.count).toBe(came > 0 || furthest >= 0 ? came : undefined);
        },
      ),
    );
  });

  it.each([
    ['nothing', undefined, [BINDING_MISSING], false],
    ['the anchor only', ANCHORED, [FRAME_INCOMPLETE], false],
    ['anchor and arrival', READY, [ENTITIES_MISSING], true],
    ['all three', FULL, [], true],
  ])('J2. with %s there, the reasons say what is missing', (_what, frame, reasons, ready) => {
    const flow = frame && frameStepOfFlow(undefined, frame, 1000).flow;
    const came = step(flow, 0, 2000);
    const change = came.leaving.length > 0 ? came : timerStep(came.flow, 2900);
    expect(change.leaving).toMatchObject([{ ready, reasons }]);
  });

  it('J2. without room an event leaves at once and says so; a flow never holds more than its bound', () => {
    expect(step(undefined, 0, 1000, false).leaving).toMatchObject([
      { reasons: [BUFFER_FULL, BINDING_MISSING] },
    ]);
    let flow: Flow | undefined;
    for (let seq = 0; seq < WAITING_PER_FLOW_MAX; seq += 1) flow = step(flow, seq, 1000).flow;
    const over = step(flow, WAITING_PER_FLOW_MAX, 1000);
    expect(over.leaving).toHaveLength(1);
    expect(over.flow.waiting).toHaveLength(WAITING_PER_FLOW_MAX);
  });

  it('J3. a frame of another arrival is refused; the first binding stands', () => {
    const { flow } = frameStepOfFlow(undefined, FULL, 1000);
    const [, other] = boundFrames({ ...PLAN, arrivalSeq: 77 });
    if (!other) throw new Error('no other frame');
    expect(() => frameStepOfFlow(flow, other, 1001)).toThrow(
      expect.objectContaining({ code: 'FLOW_BINDING_CONFLICT' }) as Error,
    );
  });

  it('J5. context after a degraded event lets nothing leave again, counts the flow and is noted', () => {
    const degraded = timerStep(step(undefined, 0, 1000).flow, 1900);
    const late = frameStepOfFlow(degraded.flow, FULL, 3000);
    expect(late).toMatchObject({
      leaving: [],
      countsSilently: true,
      note: 'late_context_after_decision',
    });
    expect(frameStepOfFlow(late.flow, FULL, 3001).countsSilently).toBe(false);
  });
});
