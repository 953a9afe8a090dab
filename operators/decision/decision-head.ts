/**
 * What travels from the join to deciding, entities and labels.
 */
import type { EventEntities, FeatureRequest } from '../features/feature-request.js';
import type { BoundFrame } from './frame.js';
import type { TrafficFact } from './inlet.js';
import type { Stamped } from './control.js';

export const CONTEXT_READY = 'CONTEXT_READY';
export const CONTEXT_MISSING = 'CONTEXT_MISSING';

/** join -> decide: the event, its context as far as it was there, and what it is bound to. */
export interface DecisionHead {
  readonly event: TrafficFact;
  /** Time of the traffic record, ms; waits and the deadline count from it. */
  readonly firstSeenMs: number;
  readonly contextStatus: typeof CONTEXT_READY | typeof CONTEXT_MISSING;
  /** Why context is missing or partial; empty when all is there. */
  readonly contextReasons: readonly string[];
  /** The frame as far as it was known. */
  readonly frame: BoundFrame | null;
  /** Values of the plan's flow part. */
  readonly flowValues: readonly number[];
  /** Parts that will come; 0 when context is missing. */
  readonly parts: number;
  readonly stamped: Stamped;
}

/** All that follows from one thing that happened to a flow. */
export interface Joined {
  readonly heads: readonly DecisionHead[];
  readonly requests: readonly FeatureRequest[];
  readonly labels: readonly EventEntities[];
}
