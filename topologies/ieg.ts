/**
 * ieg, the identity and entity graph of a run: who was seen with whom, for resolve, profile and
 * neighbours (spec/platform.md 10).
 *
 *   arrivals, entities, anchors, traffic -> read (as they lie) -> graph (by entity)
 */
import { graphEvents, graphProjection } from '../operators/graph/graph-projection.js';
import { graphStore } from '../operators/graph/graph-store.js';
import { merge } from '../operators/merge.js';
import { rekey } from '../operators/rekey.js';
import { asStream } from '../operators/wiring.js';
import { topics } from '../schemas/topics.js';
import { source, topology } from './topology.js';

export const ieg = topology({
  name: 'ieg',
  sources: {
    arrivals: source(topics.arrivals, { stage: 'read' }),
    entities: source(topics.entities, { stage: 'read' }),
    anchors: source(topics.flowAnchors, { stage: 'read' }),
    traffic: source(topics.traffic, { stage: 'read' }),
  },
  stores: { graph: graphStore(8_000_000) },
  sinks: {},
  wire: ({ arrivals, entities, anchors, traffic }, { graph }) =>
    merge(
      asStream(arrivals.pipe(graphEvents()), 'arrivals'),
      asStream(entities.pipe(graphEvents()), 'entities'),
      asStream(anchors.pipe(graphEvents()), 'anchors'),
      asStream(traffic.pipe(graphEvents()), 'traffic'),
    ).pipe(
      rekey({ stage: 'graph', key: (touch) => touch.entityId }),
      graphProjection({ in: graph }),
    ),
});
