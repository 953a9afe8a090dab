import { describe, expect, it } from 'vitest';
import { graphTouches, type GraphEvent } from '../../../operators/graph/graph-edges.js';
import { mergeGraphTouch, type GraphRows } from '../../../operators/graph/graph-merge.js';
import { GraphQuery, type NeighbourItem } from '../../../operators/graph/graph-query.js';
import type { GraphRow } from '../../../operators/graph/graph-row.js';
import type { EntityPins, EntityType } from '../../../schemas/ids.js';
import { graphVersion } from '../../../schemas/state-versions.js';

const pinsOf = (run: string): EntityPins => ({
  platform_run_id: run,
  scenario_run_id: '61947dc98a734b8093fe938cc562b683',
  scenario_id: 'baseline_v1',
  manifest_fingerprint: 'c8'.repeat(32),
  parameter_hash: '56'.repeat(32),
  seed: '42',
  run_id: '61947dc98a734b8093fe938cc562b683',
});
const pins = pinsOf('platform_20260201T224449Z');
const topic = 'fp.bus.context.arrival_entities.v1';

class Graph {
  readonly rows = new Map<string, GraphRow>();
  applied = 0n;

  add(ids: GraphEvent['ids'], under: EntityPins = pins): void {
    const at = { tsMicros: Number(this.applied), topic, partition: 0, offset: this.applied };
    const rows: GraphRows = {
      get: (key) => this.rows.get(key),
      put: (key, row) => void this.rows.set(key, row),
    };
    for (const touch of graphTouches({ pins: under, ids, at })) mergeGraphTouch(rows, touch);
    this.applied += 1n;
  }

  query(under: EntityPins = pins): GraphQuery {
    const stream = `ieg.v0::${under.platform_run_id}`;
    const nextOffset = this.applied.toString();
    const applied = { topic, partition: 0, nextOffset, offsetKind: 'kafka_offset' };
    return new GraphQuery(
      {
        version: { ...graphVersion(stream, [applied]), stream },
        get: (key) => Promise.resolve(this.rows.get(key)),
      },
      under,
    );
  }

  async id(type: EntityType, value: string): Promise<string> {
    return (await this.query().resolve(type, value))?.entityId ?? '';
  }
}

const names = (items: readonly NeighbourItem[]): readonly string[] =>
  items.map(({ hops, edge, type, value, via }) =>
    [hops, edge, type, value, via === null ? '-' : via.type + via.value].join(' '),
  );

const allPages = async (
  query: GraphQuery,
  id: string,
  limit: number,
): Promise<readonly NeighbourItem[]> => {
  const found: NeighbourItem[] = [];
  let pageToken: string | undefined;
  for (;;) {
    const page = await query.neighbours(id, { limit, ...(pageToken ? { pageToken } : {}) });
    found.push(...(page?.items ?? []));
    if (!page?.nextPageToken) return found;
    if (found.length > 10_000) throw new Error('the pages do not end');
    expect(page.items).toHaveLength(limit);
    pageToken = page.nextPageToken;
  }
};

describe('identity graph queries', () => {
  it('scenario 53: two accounts on one device are each in the other neighbourhood', async () => {
    const graph = new Graph();
    graph.add({ party: '1', account: '11', device: '7' });
    graph.add({ party: '2', account: '22', device: '7' });
    graph.add({ party: '2', account: '33', device: '8' });
    const of = async (account: string) =>
      names((await graph.query().neighbours(await graph.id('account', account)))?.items ?? []);
    expect(await of('11')).toContain('2 ON account 22 device7');
    expect(await of('22')).toContain('2 ON account 11 device7');
    expect(await of('11')).not.toContain('2 ON account 33 device7');
    // Account 33 shares the owner of 22, and no device with anyone.
    expect((await of('33')).filter((name) => name.startsWith('2'))).toEqual([
      '2 OWNS account 22 party2',
    ]);
  });

  it('scenario 53: a page token of an earlier graph version is refused as stale', async () => {
    const graph = new Graph();
    for (let device = 0; device < 5; device += 1) graph.add({ party: '1', device: String(device) });
    const id = await graph.id('party', '1');
    const page = await graph.query().neighbours(id, { limit: 2 });
    const pageToken = page?.nextPageToken ?? '';
    expect(pageToken).not.toBe('');
    graph.add({ merchant: '1' });
    await expect(graph.query().neighbours(id, { limit: 2, pageToken })).rejects.toMatchObject({
      code: 'PAGE_TOKEN_STALE',
    });
  });

  it('a token of another question, or none at all, is a usage error', async () => {
    const graph = new Graph();
    for (let device = 0; device < 5; device += 1) graph.add({ party: '1', device: String(device) });
    const id = await graph.id('party', '1');
    const query = graph.query();
    const pageToken = (await query.neighbours(id, { limit: 2 }))?.nextPageToken ?? '';
    const wrong = [
      query.neighbours(await graph.id('device', '1'), { limit: 2, pageToken }),
      query.neighbours(id, { edge: 'USES', limit: 2, pageToken }),
      query.neighbours(id, { pageToken: 'rubbish' }),
      query.neighbours(id, { limit: 0 }),
      query.neighbours(id, { limit: 501 }),
    ];
    for (const answer of wrong) await expect(answer).rejects.toMatchObject({ code: 'USAGE' });
  });

  it('Q3: pages of any size give the whole neighbourhood of a split entity, each item once', async () => {
    const graph = new Graph();
    for (let device = 0; device < 300; device += 1) graph.add({ device: String(device), ip: '1' });
    for (let ip = 2; ip < 150; ip += 1) graph.add({ device: '5', ip: String(ip) });
    for (const [type, value] of [
      ['ip', '1'],
      ['device', '5'],
    ] as const) {
      const id = await graph.id(type, value);
      const whole = names(await allPages(graph.query(), id, 500));
      expect(new Set(whole).size).toBe(whole.length);
      for (const limit of [1, 7, 64])
        expect(names(await allPages(graph.query(), id, limit))).toEqual(whole);
    }
    const device = names(await allPages(graph.query(), await graph.id('device', '5'), 500));
    expect(device.filter((name) => name.startsWith('1 '))).toHaveLength(149);
    expect(device.filter((name) => name.startsWith('2 '))).toHaveLength(299);
  });

  it('an edge type and one hop narrow the answer', async () => {
    const graph = new Graph();
    graph.add({ party: '1', account: '2', device: '3', session: '4' });
    graph.add({ party: '9', account: '8', device: '3' });
    const id = await graph.id('party', '1');
    const ask = async (options: Parameters<GraphQuery['neighbours']>[1]) =>
      names((await graph.query().neighbours(id, options))?.items ?? []);
    expect(await ask({ edge: 'USES' })).toEqual(['1 USES device 3 -', '2 USES party 9 device3']);
    expect(await ask({ hops: 1 })).toEqual([
      '1 OWNS account 2 -',
      '1 USES device 3 -',
      '1 IN session 4 -',
    ]);
  });

  it('profile tells first and last sighting with their offsets, and the degree per edge', async () => {
    const graph = new Graph();
    graph.add({ party: '1', account: '2' });
    graph.add({ party: '1', account: '3' });
    graph.add({ party: '1', device: '4' });
    expect(await graph.query().profile(await graph.id('party', '1'))).toMatchObject({
      type: 'party',
      value: '1',
      first: { offset: 0n, topic },
      last: { offset: 2n },
      truncated: false,
      degrees: [
        { edge: 'OWNS', direction: 'out', count: 2 },
        { edge: 'USES', direction: 'out', count: 1 },
      ],
    });
  });

  it('Q1: runs never meet, though identifiers are equal', async () => {
    const graph = new Graph();
    const other = pinsOf('platform_20260301T000000Z');
    graph.add({ party: '1', device: '7' });
    graph.add({ party: '2', device: '7' }, other);
    expect(await graph.query().resolve('party', '2')).toBeUndefined();
    const id = await graph.id('party', '1');
    expect(names((await graph.query().neighbours(id))?.items ?? [])).toEqual(['1 USES device 7 -']);
    expect(await graph.query(other).profile(id)).toBeUndefined();
    // Another scenario run of the same platform run is another graph too.
    const sibling = { ...pins, scenario_run_id: 'f'.repeat(32) };
    expect(await graph.query(sibling).profile(id)).toBeUndefined();
  });
});
