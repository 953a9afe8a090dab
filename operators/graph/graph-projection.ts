/**
 * The two operators of the identity graph: what an event says, and keeping it.
 *
 * graphEvents. in: admitted events. out: one touch per entity named, in the order of ENTITY_TYPES.
 * state: none. fails: PINS_MISSING, ENVELOPE_INVALID.
 * graphProjection. in: touches, keyed by entity id. out: none; the rows are read by queries.
 * state: rows of graph-row.ts. time: none. fails: STORE_FULL. crash: a touch twice changes nothing.
 * source: spec/platform.md section 10.
 */
import type { OperatorFunction } from 'rxjs';
import type { AdmittedEvent } from '../../schemas/payload-hash.js';
import { pinsOf } from '../decision/event-pins.js';
import { lift } from '../lift.js';
import type { Signal } from '../signal.js';
import type { Keyed } from '../wiring.js';
import { graphTouches, idsOf, type GraphTouch } from './graph-edges.js';
import { mergeGraphTouch } from './graph-merge.js';
import type { GraphRow } from './graph-row.js';

/** Counted for events that name no entity. */
export const GRAPH_UNUSABLE = 'GRAPH_UNUSABLE';

export const graphEvents = <E extends AdmittedEvent>(): OperatorFunction<
  Signal<E>,
  Signal<GraphTouch>
> =>
  lift<E, GraphTouch>({
    name: 'graph-events',
    stores: [],
    onRecord: ({ value, at }, tools) => {
      const touches = graphTouches({
        pins: pinsOf(value),
        ids: idsOf(value.payload),
        at: {
          tsMicros: value.ts_utc_micros,
          topic: at.topic,
          partition: at.partition,
          offset: at.offset,
        },
      });
      if (touches.length === 0) {
        tools.absorb(GRAPH_UNUSABLE);
        return;
      }
      tools.pass();
      for (const touch of touches) tools.emit(touch);
    },
  });

export const graphProjection = (options: {
  readonly in: Keyed<GraphRow>;
}): OperatorFunction<Signal<GraphTouch>, Signal<never>> => {
  const { rows } = options.in;
  return lift<GraphTouch, never>({
    name: 'graph-projection',
    stores: [options.in],
    onRecord: ({ value }, tools) => {
      mergeGraphTouch(rows, value);
      tools.absorb('merged');
    },
  });
};
