/**
 * The part of the vector the join answers by itself: values of the event, and of its flow so far.
 * Source: DESIGN section 8 (`core_features` per flow); spec platform section 11.
 */
import { eventValue } from './event-value.js';
import type { EntryValue, FlowFeature } from './definition.js';
import type { FlowPart } from './plan.js';

/** What the join knows when it sends the event on; times in microseconds, money in minor units. */
export interface FlowFacts {
  readonly tsMicros: number;
  readonly amountMinor: number;
  /** Traffic events of the flow so far, this one included, and the sum of their amounts. */
  readonly eventCount: number;
  readonly amountSumMinor: number;
  /** Newest event time among them. */
  readonly lastTsMicros: number;
}

const inUnit = (value: EntryValue, minor: number): number =>
  value === 'amount' ? minor / 100 : minor;

function flowValue({ aggregate, value }: FlowFeature, facts: FlowFacts): number {
  switch (aggregate) {
    case 'count':
      return facts.eventCount;
    case 'sum':
      return inUnit(value, facts.amountSumMinor);
    case 'last':
      return value === 'ts' ? facts.lastTsMicros : inUnit(value, facts.amountMinor);
  }
}

/** Values in order of `part.places`. */
export const flowValues = (part: FlowPart, facts: FlowFacts): readonly number[] =>
  part.features.map((feature) =>
    feature.kind === 'event'
      ? eventValue(feature.derive, facts.tsMicros, facts.amountMinor)
      : flowValue(feature, facts),
  );
