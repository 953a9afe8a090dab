/**
 * The world in order of time: what an observer of its outputs and its back office would see.
 *
 * out: per flow its arrival (with entities and anchor), AUTH_REQUEST, AUTH_RESPONSE and its labels,
 * merged with all other flows'. Labels observed after the world's end are not known yet: left out.
 * F1. Times never fall; at one time labels come first, then context, then traffic.
 * Memory: what lies ahead of the flow being made, mostly labels: two per hundred flows.
 */
import type { FlowFacts, TrafficFacts } from './engine-output.js';
import { factsOf } from './flow-facts.js';
import type { FlowLabel } from './labeller.js';
import { Labeller } from './labeller.js';
import { TimeHeap } from './time-heap.js';
import type { World } from './world.js';

export type WorldStep =
  | {
      readonly kind: 'label';
      readonly atMicros: number;
      readonly flow: FlowFacts;
      readonly label: FlowLabel;
    }
  | { readonly kind: 'context'; readonly atMicros: number; readonly flow: FlowFacts }
  | {
      readonly kind: 'traffic';
      readonly atMicros: number;
      readonly flow: FlowFacts;
      readonly event: TrafficFacts;
    };

const RANK: Readonly<Record<WorldStep['kind'], number>> = { label: 0, context: 1, traffic: 2 };

export const REQUEST = 'AUTH_REQUEST';
export const RESPONSE = 'AUTH_RESPONSE';

export function* worldSteps(world: World): Generator<WorldStep, void, undefined> {
  const ahead = new TimeHeap<WorldStep>();
  const labeller = new Labeller(world.options.seed);
  const toFacts = factsOf(world.startMicros);
  const push = (step: WorldStep): void => {
    ahead.push(step.atMicros, RANK[step.kind], step);
  };
  for (const flow of world.flows()) {
    while (ahead.nextTime < flow.atMicros) {
      const step = ahead.pop();
      if (step !== undefined) yield step;
    }
    const facts = toFacts(flow);
    const { requestMicros, responseMicros } = flow;
    push({ kind: 'context', atMicros: flow.atMicros, flow: facts });
    push(trafficStep(facts, { seq: 0, type: REQUEST, atMicros: requestMicros }));
    push(trafficStep(facts, { seq: 1, type: RESPONSE, atMicros: responseMicros }));
    for (const label of labeller.labels(flow)) {
      const atMicros = label.observedMicros;
      if (atMicros < world.endMicros) push({ kind: 'label', atMicros, flow: facts, label });
    }
  }
  for (let step = ahead.pop(); step !== undefined; step = ahead.pop()) yield step;
}

const trafficStep = (flow: FlowFacts, event: TrafficFacts): WorldStep => ({
  kind: 'traffic',
  atMicros: event.atMicros,
  flow,
  event,
});
