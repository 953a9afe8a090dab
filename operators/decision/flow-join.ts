/**
 * flowJoin: joins traffic with its flow's frame, waits a bounded time for it, and binds each event to
 * what is in force.
 *
 * in: traffic facts (main), bound frames, and the control topics. out: one `Joined` per input that
 * makes something leave: heads, feature requests, entities for labels, in the order of the events.
 * state: a flow of about 350 bytes; 24 bytes per traffic event in the duplicate guard; the control rows.
 * time: an event waits from its own record's time; its timer is the flow's earliest due time. fails:
 * PAYLOAD_HASH_MISMATCH, FLOW_BINDING_CONFLICT, PINS_MISMATCH, EVENT_TIME_JUMP, POLICY_INVALID.
 * crash: waiting events and due times are rows of the round; nothing restarts (scenario 61).
 * source: spec/platform.md 1.10, 9, 13; rulings 2, 17; scenarios 43, 44, 55 to 63, 73.
 *
 * J6. A duplicate is found before anything else happens to the event (scenario 63).
 */
import type { OperatorFunction } from 'rxjs';
import { DivertError } from '../../schemas/errors.js';
import type { Policy as PolicyRecord } from '../../schemas/generated/policy.js';
import type { Posture as PostureRecord } from '../../schemas/generated/posture.js';
import { dedupeKeyBytes } from '../../schemas/ids.js';
import { keyParts } from '../../state/keys.js';
import { flowValues } from '../features/flow-features.js';
import type { EventEntities, FeatureRequest } from '../features/feature-request.js';
import type { FeaturePlan } from '../features/plan.js';
import { also, lift, type Also, type Tools } from '../lift.js';
import type { Signal } from '../signal.js';
import type { Guard, Keyed, Stream } from '../wiring.js';
import type { ControlRow } from './control-row.js';
import { Control, type AnnotatedRegistryRecord } from './control.js';
import { CONTEXT_MISSING, CONTEXT_READY, type DecisionHead, type Joined } from './decision-head.js';
import type { DecisionScope } from './decision-scope.js';
import { acceptEventTime } from './event-time.js';
import { dueOf, frameStepOfFlow, timerStep, trafficStep } from './flow-step.js';
import type { FlowChange, Leaving } from './flow-step.js';
import type { CountedEvent, Flow } from './flow.js';
import type { BoundFrame } from './frame.js';
import { lastKey } from './last-key.js';
import type { TrafficFact } from './inlet.js';

export interface FlowJoinOptions {
  readonly frames: Stream<BoundFrame>;
  readonly policy: Stream<PolicyRecord>;
  readonly registry: Stream<AnnotatedRegistryRecord>;
  readonly posture: Stream<PostureRecord>;
  readonly flows: Keyed<Flow>;
  readonly seen: Guard;
  /** Newest event time per run (event-time.ts). */
  readonly newest: Keyed<number>;
  readonly control: Keyed<ControlRow>;
  readonly plan: FeaturePlan;
  readonly scope: DecisionScope;
}

/** Until a policy says otherwise (spec/platform.md 13). */
export const WAIT_MS = 900;
export const WAITING_MAX = 10_000;

const COUNTED = { counts: true, silent: false };
const READ_ONLY = { counts: false, silent: false };
const SILENTLY = { counts: true, silent: true };

const labelled = (event: CountedEvent, frame: BoundFrame): EventEntities => ({
  eventId: event.eventId,
  tsMicros: event.tsMicros,
  ids: frame.binds.ids,
});

class FlowJoin {
  readonly #options: FlowJoinOptions;
  readonly #control: Control;
  readonly #labelled: boolean;
  readonly keyOf = lastKey();

  constructor(options: FlowJoinOptions) {
    this.#options = options;
    this.#control = new Control(options.control, options.plan, options.scope);
    this.#labelled = options.plan.parts.some((part) => part.labels.length > 0);
  }

  traffic(run: string, event: TrafficFact, tools: Tools<Joined>): void {
    const key = this.keyOf(run, event.flowId);
    const before = this.#options.flows.rows.get(key);
    acceptEventTime(this.#options.newest.rows, run, event, tools.at.timeMs);
    if (this.#isDuplicate(run, event, before, tools)) {
      tools.absorb('duplicate');
      return;
    }
    const { policy } = this.#control;
    const change = trafficStep(before, event, {
      timeMs: tools.at.timeMs,
      waitMs: policy?.join.waitMs ?? WAIT_MS,
      free: this.#control.waiting < (policy?.join.waitingMax ?? WAITING_MAX),
    });
    if (change.waitingChange > 0) tools.hold();
    else tools.pass();
    this.#settle(key, run, change, tools);
  }

  frame(run: string, frame: BoundFrame, tools: Tools<Joined>): void {
    const key = this.keyOf(run, frame.binds.flowId);
    const before = this.#options.flows.rows.get(key);
    const change = frameStepOfFlow(before, frame, tools.at.timeMs);
    tools.absorb('frame');
    this.#settle(key, run, change, tools);
    if (change.waitingChange !== 0) tools.release(-change.waitingChange);
  }

  timer(key: string, tools: Tools<Joined>): void {
    const flow = this.#options.flows.rows.get(key);
    if (flow === undefined) return;
    const [run] = keyParts(key) ?? [];
    const change = timerStep(flow, tools.at.timeMs);
    tools.release(-change.waitingChange);
    this.#settle(key, String(run), change, tools);
  }

  policy(record: PolicyRecord, tools: Tools<Joined>): void {
    tools.absorb(`policy_${this.#control.takePolicy(record)}`);
  }

  registry(record: AnnotatedRegistryRecord, tools: Tools<Joined>): void {
    tools.absorb(`registry_${this.#control.takeRegistry(record)}`);
  }

  posture(record: PostureRecord, tools: Tools<Joined>): void {
    this.#control.enter({ timeMs: tools.at.timeMs, live: tools.live });
    this.#control.takePosture(record, { timeMs: tools.at.timeMs, live: tools.live });
    tools.absorb('posture');
  }

  /** J6. */
  #isDuplicate(
    run: string,
    event: TrafficFact,
    flow: Flow | undefined,
    tools: Tools<Joined>,
  ): boolean {
    const id = dedupeKeyBytes(run, event.eventClass, event.eventId);
    const verdict = this.#options.seen.guard.admit(id, event.payloadHash, tools.at.timeMs);
    if (verdict !== 'other') return verdict === 'same';
    const first = flow?.seen.find((one) => one.eventSeq === event.eventSeq);
    throw new DivertError(
      'PAYLOAD_HASH_MISMATCH',
      `Event ${event.eventId} came again with another payload; the first one stands.`,
      {
        subject: {
          run,
          dedupeKey: id.toString('hex'),
          payloadHash: event.payloadHash.toString('hex'),
          ...(first ? { firstPayloadHash: first.payloadHash.toString('hex') } : {}),
        },
      },
    );
  }

  #settle(key: string, run: string, change: FlowChange, tools: Tools<Joined>): void {
    const { flow, leaving } = change;
    this.#options.flows.rows.put(key, flow);
    if (change.waitingChange !== 0) {
      this.#control.addWaiting(change.waitingChange);
      tools.timer(key, dueOf(flow));
    }
    if (change.note !== null) tools.note(change.note);
    if (leaving.length === 0 && !change.countsSilently) return;
    this.#control.enter({ timeMs: tools.at.timeMs, live: tools.live });
    const flowId = leaving[0]?.event.flowId ?? flow.frame?.binds.flowId ?? '';
    tools.emit(this.#joined(flow, change, tools), flowId, run);
  }

  #joined(flow: Flow, change: FlowChange, tools: Tools<Joined>): Joined {
    const { frame, first } = flow;
    const heads: DecisionHead[] = [];
    const requests: FeatureRequest[] = [];
    const labels: EventEntities[] = [];
    const at = { timeMs: tools.at.timeMs, live: tools.live };
    const stamped = this.#control.stamp(at, frame?.merchantId);
    if (change.countsSilently && frame !== null && first !== null) {
      this.#ask(requests, frame, first, SILENTLY);
      if (this.#labelled) labels.push(labelled(first, frame));
    }
    for (const one of change.leaving) {
      heads.push(this.#head(one, frame, stamped));
      if (!one.ready || frame === null) continue;
      this.#ask(requests, frame, one.event, one.counts ? COUNTED : READ_ONLY);
      // The flow stands in the windows as its first event; a label must name that one.
      if (this.#labelled && one.counts) labels.push(labelled(one.event, frame));
    }
    return { heads, requests, labels };
  }

  #head(one: Leaving, frame: BoundFrame | null, stamped: DecisionHead['stamped']): DecisionHead {
    const { plan } = this.#options;
    return {
      event: one.event,
      firstSeenMs: one.firstSeenMs,
      contextStatus: one.ready ? CONTEXT_READY : CONTEXT_MISSING,
      contextReasons: one.reasons,
      frame,
      flowValues: flowValues(plan.flow, {
        tsMicros: one.event.tsMicros,
        amountMinor: one.event.amountMinor,
        eventCount: one.eventCount,
        amountSumMinor: one.amountSumMinor,
        lastTsMicros: one.lastTsMicros,
      }),
      parts: one.ready ? plan.parts.length : 0,
      stamped,
    };
  }

  #ask(
    requests: FeatureRequest[],
    frame: BoundFrame,
    about: CountedEvent,
    how: Pick<FeatureRequest, 'counts' | 'silent'>,
  ): void {
    const { ids, flowId } = frame.binds;
    for (const { entity } of this.#options.plan.parts) {
      requests.push({
        eventId: about.eventId,
        flowId,
        entity,
        id: ids[entity],
        tsMicros: about.tsMicros,
        amountMinor: about.amountMinor,
        ids,
        counts: how.counts,
        silent: how.silent,
        featureSet: this.#options.plan.id,
      });
    }
  }
}

export const flowJoin = (
  options: FlowJoinOptions,
): OperatorFunction<Signal<TrafficFact>, Signal<Joined>> => {
  const join = new FlowJoin(options);
  const further: Also<Joined>[] = [
    also(options.policy, ({ value }, tools) => {
      join.policy(value, tools);
    }),
    also(options.registry, ({ value }, tools) => {
      join.registry(value, tools);
    }),
    also(options.posture, ({ value }, tools) => {
      join.posture(value, tools);
    }),
    also(
      options.frames,
      ({ run, value }, tools) => {
        join.frame(run, value, tools);
      },
      ({ run, value }) => join.keyOf(run, value.binds.flowId),
    ),
  ];
  return lift<TrafficFact, Joined>({
    name: 'flow-join',
    stores: [options.flows, options.seen, options.newest, options.control],
    also: further,
    settings: `${options.plan.hash} ${JSON.stringify(options.scope)} ${FlowJoin.toString()} ${trafficStep.toString()}`,
    timerKey: ({ run, value }) => join.keyOf(run, value.flowId),
    onRecord: ({ run, value }, tools) => {
      join.traffic(run, value, tools);
    },
    onTimer: (key, tools) => {
      join.timer(key, tools);
    },
  });
};
