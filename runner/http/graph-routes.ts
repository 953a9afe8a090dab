/**
 * The identity graph over HTTP, read-only: `/v1/ops/status`, `/v1/query/{resolve,profile,neighbors}`.
 *
 * in: JSON with `pins` (all but run_id required, 400 PINS_MISSING) and the question. out: what
 * operators/graph/graph-query.ts answers, in the contract's snake case, always with `graph_version`.
 * Answers 404 for what was never seen in this run, 409 PAGE_TOKEN_STALE, 400 for a wrong question,
 * 503 while the source cannot give a reader. Never writes.
 *
 * source: spec/platform.md section 10 (API) and 1.6 (pins).
 */
import type { FastifyPluginCallback, FastifyRequest } from 'fastify';
import { EDGE_NAMES, identifierType } from '../../operators/graph/graph-edges.js';
import type { EntityRef, Sighting } from '../../operators/graph/graph-edges.js';
import { GraphQuery } from '../../operators/graph/graph-query.js';
import type {
  EntityAnswer,
  GraphReader,
  GraphVersion,
  NeighbourItem,
  NeighboursOptions,
} from '../../operators/graph/graph-query.js';
import { UsageError, WeirError } from '../../schemas/errors.js';
import { ENTITY_TYPES, type EntityPins, type EntityType } from '../../schemas/ids.js';
import { utcText } from '../world/utc-micros.js';

/** Counters of the projection, as the contract names them. */
export interface GraphStatus {
  readonly eventsSeen: number;
  readonly mutatingApplied: number;
  readonly duplicate: number;
  readonly payloadMismatch: number;
  readonly irrelevant: number;
  readonly unusable: number;
  /** Greatest event time applied, microseconds; null before the first. */
  readonly watermarkTsMicros: number | null;
}

/** What the topology `ieg` gives the routes. */
export interface GraphSource {
  /** Rows that stay as they are until `close`; the version says which. Throws a WeirError otherwise. */
  open(platformRunId: string): Promise<GraphReader & { close(): Promise<void> }>;
  status(): GraphStatus;
}

const PINS = [
  'platform_run_id',
  'scenario_run_id',
  'scenario_id',
  'manifest_fingerprint',
  'parameter_hash',
  'seed',
] as const;

type Body = Readonly<Record<string, unknown>>;

const bodyOf = (value: unknown): Body =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Body) : {};

const textIn = (body: Body, name: string): string => {
  const value = body[name];
  if (typeof value === 'string' && value !== '') return value;
  throw new UsageError(`${name} is missing or no text.`);
};

const pinsIn = (body: Body): EntityPins => {
  const pins = bodyOf(body['pins']);
  const missing = PINS.filter((name) => typeof pins[name] !== 'string' || pins[name] === '');
  if (missing.length > 0) throw new UsageError(`PINS_MISSING: pins.${missing.join(', pins.')}`);
  const scenarioRunId = textIn(pins, 'scenario_run_id');
  return {
    platform_run_id: textIn(pins, 'platform_run_id'),
    scenario_run_id: scenarioRunId,
    scenario_id: textIn(pins, 'scenario_id'),
    manifest_fingerprint: textIn(pins, 'manifest_fingerprint'),
    parameter_hash: textIn(pins, 'parameter_hash'),
    seed: textIn(pins, 'seed'),
    run_id: pins['run_id'] === undefined ? scenarioRunId : textIn(pins, 'run_id'),
  };
};

const entityIdIn = (body: Body): string => {
  const id = textIn(body, 'entity_id');
  if (!/^[0-9a-f]{64}$/.test(id)) throw new UsageError('entity_id is 64 lower-case hex digits.');
  return id;
};

const identifierIn = (body: Body): EntityRef => {
  const kind = textIn(body, 'identifier_type');
  const type = ENTITY_TYPES.find((name) => identifierType(name) === kind);
  if (type === undefined)
    throw new UsageError(
      `identifier_type is one of ${ENTITY_TYPES.map(identifierType).join(', ')}.`,
    );
  return { type, value: textIn(body, 'identifier_value') };
};

const neighboursOptionsIn = (body: Body): NeighboursOptions => {
  const { limit, hops } = body;
  const edge = EDGE_NAMES.find((name) => name === body['edge_type']);
  if (body['edge_type'] !== undefined && edge === undefined)
    throw new UsageError(`edge_type is one of ${EDGE_NAMES.join(', ')}.`);
  if (limit !== undefined && typeof limit !== 'number') throw new UsageError('limit is a number.');
  if (hops !== undefined && hops !== 1 && hops !== 2) throw new UsageError('hops is 1 or 2.');
  return {
    ...(edge === undefined ? {} : { edge }),
    ...(limit === undefined ? {} : { limit }),
    ...(hops === undefined ? {} : { hops }),
    ...(body['page_token'] === undefined ? {} : { pageToken: textIn(body, 'page_token') }),
  };
};

const refJson = ({ type, value }: { readonly type: EntityType; readonly value: string }) => ({
  entity_type: type,
  identifier_type: identifierType(type),
  identifier_value: value,
});

const sightingJson = ({ tsMicros, topic, partition, offset }: Sighting) => ({
  ts_utc: utcText(tsMicros),
  origin_offset: { topic, partition, offset: offset.toString(), offset_kind: 'kafka_offset' },
});

const entityJson = (entity: EntityAnswer) => ({
  entity_id: entity.entityId,
  ...refJson(entity),
  first_seen: sightingJson(entity.first),
  last_seen: sightingJson(entity.last),
});

const neighbourJson = (item: NeighbourItem) => ({
  ...entityJson(item),
  edge_type: item.edge,
  direction: item.direction,
  hops: item.hops,
  via: item.via === null ? null : refJson(item.via),
});

const versionJson = (version: GraphVersion, status: GraphStatus) => ({
  version_id: version.versionId,
  stream: version.stream,
  basis_digest: version.basisDigest,
  watermark_ts_utc: status.watermarkTsMicros === null ? null : utcText(status.watermarkTsMicros),
});

const statusOf = (error: WeirError): number => {
  if (error.code === 'USAGE') return 400;
  return error.code === 'PAGE_TOKEN_STALE' ? 409 : 503;
};

type Question = (query: GraphQuery, body: Body) => Promise<object | undefined>;

const questions: Readonly<Record<string, Question>> = {
  resolve: async (query, body) => {
    const { type, value } = identifierIn(body);
    const entity = await query.resolve(type, value);
    return entity && { entity: entityJson(entity) };
  },
  profile: async (query, body) => {
    const profile = await query.profile(entityIdIn(body));
    if (profile === undefined) return undefined;
    const degrees = profile.degrees.map(({ edge, direction, count }) => ({
      edge_type: edge,
      direction,
      count,
    }));
    return { entity: entityJson(profile), degrees, truncated: profile.truncated };
  },
  neighbors: async (query, body) => {
    const page = await query.neighbours(entityIdIn(body), neighboursOptionsIn(body));
    return (
      page && { neighbors: page.items.map(neighbourJson), next_page_token: page.nextPageToken }
    );
  },
};

/** `graph_version` is always there; `code` ENTITY_NOT_FOUND when nothing was found. */
export interface GraphAnswer {
  readonly found: boolean;
  readonly answer: object;
}

export const GRAPH_QUESTIONS: readonly string[] = Object.keys(questions);

/** Answers one question; UsageError for a wrong one. */
export const askGraph = async (
  source: GraphSource,
  name: string,
  asked: unknown,
): Promise<GraphAnswer> => {
  const ask = questions[name];
  if (ask === undefined)
    throw new UsageError(`the graph answers ${GRAPH_QUESTIONS.join(', ')}, not ${name}.`);
  const body = bodyOf(asked);
  const pins = pinsIn(body);
  const reader = await source.open(pins.platform_run_id);
  try {
    const answer = await ask(new GraphQuery(reader, pins), body);
    const graph_version = versionJson(reader.version, source.status());
    if (answer !== undefined) return { found: true, answer: { ...answer, graph_version } };
    const message = 'this run has not seen such an entity';
    return { found: false, answer: { code: 'ENTITY_NOT_FOUND', message, graph_version } };
  } finally {
    await reader.close();
  }
};

/** The routes over one graph. */
export const graphRoutes =
  (source: GraphSource): FastifyPluginCallback =>
  (app, _options, done) => {
    app.setErrorHandler((error, _request, reply) => {
      if (!(error instanceof WeirError)) throw error;
      const code = error.message.startsWith('PINS_MISSING') ? 'PINS_MISSING' : error.code;
      return reply.status(statusOf(error)).send({ code, message: error.message });
    });
    app.get('/v1/ops/status', () => {
      const status = source.status();
      const { watermarkTsMicros } = status;
      return {
        events_seen: status.eventsSeen,
        mutating_applied: status.mutatingApplied,
        duplicate: status.duplicate,
        payload_mismatch: status.payloadMismatch,
        irrelevant: status.irrelevant,
        unusable: status.unusable,
        watermark_ts_utc: watermarkTsMicros === null ? null : utcText(watermarkTsMicros),
      };
    });
    for (const name of GRAPH_QUESTIONS)
      app.post(`/v1/query/${name}`, async (request: FastifyRequest, reply) => {
        const { found, answer } = await askGraph(source, name, request.body);
        return reply.status(found ? 200 : 404).send(answer);
      });
    done();
  };
