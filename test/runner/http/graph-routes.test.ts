import { afterEach, describe, expect, it } from 'vitest';
import { graphTouches } from '../../../operators/graph/graph-edges.js';
import { mergeGraphTouch } from '../../../operators/graph/graph-merge.js';
import type { GraphRow } from '../../../operators/graph/graph-row.js';
import { graphRoutes, type GraphSource } from '../../../runner/http/graph-routes.js';
import { startHttpServer, type HttpServer } from '../../../runner/http/server.js';
import { createLogger } from '../../../runner/log.js';
import { Metrics } from '../../../runner/metrics.js';
import { RetryError } from '../../../schemas/errors.js';
import { graphVersion } from '../../../schemas/state-versions.js';

const pins = {
  platform_run_id: 'platform_20260201T224449Z',
  scenario_run_id: '61947dc98a734b8093fe938cc562b683',
  scenario_id: 'baseline_v1',
  manifest_fingerprint: 'c8'.repeat(32),
  parameter_hash: '56'.repeat(32),
  seed: '42',
};
const topic = 'fp.bus.context.arrival_entities.v1';

/** A graph whose readers are counted, as the topology's would have to be closed. */
class Graph implements GraphSource {
  readonly rows = new Map<string, GraphRow>();
  applied = 0n;
  openReaders = 0;
  reachable = true;

  add(ids: Readonly<Record<string, string>>): void {
    const at = { tsMicros: 1_769_986_000_000_000, topic, partition: 0, offset: this.applied };
    const event = { pins: { ...pins, run_id: pins.scenario_run_id }, ids, at };
    for (const touch of graphTouches(event))
      mergeGraphTouch(
        { get: (key) => this.rows.get(key), put: (key, row) => void this.rows.set(key, row) },
        touch,
      );
    this.applied += 1n;
  }

  open(run: string) {
    if (!this.reachable)
      throw new RetryError('REGISTRY_UNREACHABLE', 'the graph is recovering; ask again');
    this.openReaders += 1;
    const stream = `ieg.v0::${run}`;
    const nextOffset = this.applied.toString();
    const applied = { topic, partition: 0, nextOffset, offsetKind: 'kafka_offset' };
    return Promise.resolve({
      version: { ...graphVersion(stream, [applied]), stream },
      get: (key: string) => Promise.resolve(this.rows.get(key)),
      close: () => {
        this.openReaders -= 1;
        return Promise.resolve();
      },
    });
  }

  status() {
    return {
      eventsSeen: Number(this.applied),
      mutatingApplied: Number(this.applied),
      duplicate: 0,
      payloadMismatch: 0,
      irrelevant: 0,
      unusable: 0,
      watermarkTsMicros: this.applied === 0n ? null : 1_769_986_000_000_000,
    };
  }
}

let server: HttpServer | undefined;
afterEach(() => server?.close());

interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

const serve = async (graph: Graph) => {
  server = await startHttpServer({
    port: 0,
    metrics: new Metrics({ processDefaults: false }),
    readiness: () => [],
    routes: [graphRoutes(graph)],
    log: createLogger({ level: 'silent' }),
  });
  const { url } = server;
  return async (path: string, body?: object): Promise<Answer> => {
    const response = await fetch(`${url}/v1/${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Answer['body'] };
  };
};

const account = (value: string) => ({
  pins,
  identifier_type: 'account_id',
  identifier_value: value,
});
const idIn = (answer: Answer): string => (answer.body['entity'] as { entity_id: string }).entity_id;

describe('identity graph routes', () => {
  it('scenario 53: resolve, profile and neighbours by HTTP; the stale token is 409', async () => {
    const graph = new Graph();
    graph.add({ party: '1', account: '11', device: '7' });
    graph.add({ party: '2', account: '22', device: '7' });
    const ask = await serve(graph);
    const resolved = await ask('query/resolve', account('11'));
    expect(resolved).toMatchObject({
      status: 200,
      body: {
        entity: {
          entity_type: 'account',
          first_seen: {
            ts_utc: '2026-02-01T22:46:40.000000Z',
            origin_offset: { topic, partition: 0, offset: '0', offset_kind: 'kafka_offset' },
          },
        },
        graph_version: {
          version_id: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
          basis_digest: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
          stream: 'ieg.v0::platform_20260201T224449Z',
        },
      },
    });
    const entity_id = idIn(resolved);
    expect(await ask('query/profile', { pins, entity_id })).toMatchObject({
      status: 200,
      body: {
        truncated: false,
        degrees: [
          { edge_type: 'OWNS', direction: 'in', count: 1 },
          { edge_type: 'ON', direction: 'out', count: 1 },
        ],
      },
    });
    const page = await ask('query/neighbors', { pins, entity_id, limit: 2 });
    const { neighbors, next_page_token: page_token } = page.body;
    expect(neighbors).toMatchObject([{ identifier_value: '1' }, { identifier_value: '7' }]);
    expect(await ask('query/neighbors', { pins, entity_id, limit: 2, page_token })).toMatchObject({
      status: 200,
      body: {
        neighbors: [
          {
            entity_type: 'account',
            identifier_value: '22',
            hops: 2,
            via: { entity_type: 'device', identifier_value: '7' },
          },
        ],
        next_page_token: null,
      },
    });
    graph.add({ merchant: '5' });
    expect(await ask('query/neighbors', { pins, entity_id, limit: 2, page_token })).toMatchObject({
      status: 409,
      body: { code: 'PAGE_TOKEN_STALE' },
    });
    expect(graph.openReaders).toBe(0);
  });

  it('pins are required, each missing one is named', async () => {
    const ask = await serve(new Graph());
    expect(await ask('query/resolve', { ...account('1'), pins: undefined })).toMatchObject({
      status: 400,
      body: { code: 'PINS_MISSING' },
    });
    const unseeded = { ...pins, seed: '' };
    const answer = await ask('query/resolve', { ...account('1'), pins: unseeded });
    expect(answer).toMatchObject({ status: 400, body: { message: 'PINS_MISSING: pins.seed' } });
  });

  it('what a run never saw is 404, a wrong question 400, a recovering graph 503', async () => {
    const graph = new Graph();
    graph.add({ party: '1', account: '11' });
    const ask = await serve(graph);
    expect((await ask('query/resolve', account('99'))).status).toBe(404);
    const entity_id = idIn(await ask('query/resolve', account('11')));
    const wrong = [
      ['query/resolve', { ...account('1'), identifier_type: 'phone' }],
      ['query/profile', { pins, entity_id: '../../etc' }],
      ['query/neighbors', { pins, entity_id, edge_type: 'LIKES' }],
      ['query/neighbors', { pins, entity_id, limit: 100_000 }],
      ['query/neighbors', { pins, entity_id, hops: 9 }],
    ] as const;
    for (const [path, body] of wrong)
      expect(await ask(path, body)).toMatchObject({ status: 400, body: { code: 'USAGE' } });
    graph.reachable = false;
    expect((await ask('query/profile', { pins, entity_id })).status).toBe(503);
    expect(graph.openReaders).toBe(0);
  });

  it('status tells the counters and the watermark', async () => {
    const graph = new Graph();
    const ask = await serve(graph);
    expect(await ask('ops/status')).toMatchObject({ body: { watermark_ts_utc: null } });
    graph.add({ party: '1' });
    expect(await ask('ops/status')).toMatchObject({
      status: 200,
      body: { events_seen: 1, unusable: 0, watermark_ts_utc: '2026-02-01T22:46:40.000000Z' },
    });
  });
});
