/**
 * The inlets as operators: one per kind of admitted event. Contract and failures: inlet.ts.
 * in: admitted events. out: one fact each. state: none.
 */
import type { OperatorFunction } from 'rxjs';
import type { AdmittedArrival } from '../../schemas/generated/admitted-arrival.js';
import type { AdmittedEntities } from '../../schemas/generated/admitted-entities.js';
import type { AdmittedFlowAnchor } from '../../schemas/generated/admitted-flow-anchor.js';
import type { AdmittedTraffic } from '../../schemas/generated/admitted-traffic.js';
import { lift } from '../lift.js';
import type { Position, Signal } from '../signal.js';
import {
  anchorFact,
  arrivalFact,
  entitiesFact,
  trafficFact,
  type ContextFact,
  type TrafficFact,
} from './inlet.js';

const inlet = <Event, Fact>(
  name: string,
  read: (event: Event, at: Position) => Fact,
): OperatorFunction<Signal<Event>, Signal<Fact>> =>
  lift<Event, Fact>({
    name,
    stores: [],
    settings: read.toString(),
    onRecord: ({ value, at }, tools) => {
      tools.pass();
      tools.emit(read(value, at));
    },
  });

export const arrivalInlet = (): OperatorFunction<Signal<AdmittedArrival>, Signal<ContextFact>> =>
  inlet('arrival-inlet', arrivalFact);

export const entitiesInlet = (): OperatorFunction<Signal<AdmittedEntities>, Signal<ContextFact>> =>
  inlet('entities-inlet', entitiesFact);

export const anchorInlet = (): OperatorFunction<Signal<AdmittedFlowAnchor>, Signal<ContextFact>> =>
  inlet('anchor-inlet', anchorFact);

export const trafficInlet = (): OperatorFunction<Signal<AdmittedTraffic>, Signal<TrafficFact>> =>
  inlet('traffic-inlet', trafficFact);
