import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import {
  graphTouches,
  idsOf,
  slotOf,
  type GraphEvent,
} from '../../../operators/graph/graph-edges.js';
import { graphKey, mergeGraphTouch, type GraphRows } from '../../../operators/graph/graph-merge.js';
import {
  DEPTH_MAX,
  NEIGHBOURS_PER_ROW,
  type GraphRow,
} from '../../../operators/graph/graph-row.js';
import { graphRowCodec } from '../../../operators/graph/graph-store.js';
import { entityId, entityScope, type EntityPins } from '../../../schemas/ids.js';

const pins: EntityPins = {
  platform_run_id: 'platform_20260201T224449Z',
  scenario_run_id: '61947dc98a734b8093fe938cc562b683',
  scenario_id: 'baseline_v1',
  manifest_fingerprint: 'c8'.repeat(32),
  parameter_hash: '56'.repeat(32),
  seed: '42',
  run_id: '61947dc98a734b8093fe938cc562b683',
};
const scope = entityScope(pins);

class Rows implements GraphRows {
  readonly rows = new Map<string, GraphRow>();
  get(key: string): GraphRow | undefined {
    return this.rows.get(key);
  }
  put(key: string, row: GraphRow): void {
    this.rows.set(key, row);
  }
  /** Every row's bytes, in key order. */
  bytes(): readonly string[] {
    return [...this.rows]
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([key, row]) => key + Buffer.from(graphRowCodec.encode(row)).toString('latin1'));
  }
}

const apply = (events: readonly GraphEvent[]): Rows => {
  const rows = new Rows();
  for (const event of events) for (const touch of graphTouches(event)) mergeGraphTouch(rows, touch);
  return rows;
};

const event = (ids: GraphEvent['ids'], tsMicros: number, offset: bigint): GraphEvent => ({
  pins,
  ids,
  at: { tsMicros, topic: 'fp.bus.context.arrival_entities.v1', partition: 0, offset },
});

const permutations = <T>(items: readonly T[]): readonly (readonly T[])[] =>
  items.length < 2
    ? [items]
    : items.flatMap((item, at) =>
        permutations(items.toSpliced(at, 1)).map((rest) => [item, ...rest]),
      );

const row = (rows: Rows, type: 'account' | 'device' | 'party' | 'flow' | 'ip', value: string) =>
  rows.get(graphKey(pins.platform_run_id, entityId(type, value, scope)));

describe('identity graph rows', () => {
  it('E1, E2: derives every edge of the contract, at both ends for identities, at flows alone else', () => {
    const rows = apply([
      event(
        {
          merchant: '1',
          party: '2',
          account: '3',
          instrument: '4',
          device: '5',
          ip: '6',
          session: '7',
          flow: '8',
        },
        10,
        0n,
      ),
    ]);
    const seen = [...rows.rows.values()].flatMap(({ node, entries }) =>
      entries.map((entry) => `${node?.type ?? '?'} ${entry.slot} ${entry.type}`),
    );
    const expected = [
      ['party', slotOf('OWNS', 'out'), 'account'],
      ['account', slotOf('OWNS', 'in'), 'party'],
      ['account', slotOf('HAS', 'out'), 'instrument'],
      ['instrument', slotOf('HAS', 'in'), 'account'],
      ['party', slotOf('USES', 'out'), 'device'],
      ['device', slotOf('USES', 'in'), 'party'],
      ['device', slotOf('SEEN_AT', 'out'), 'ip'],
      ['ip', slotOf('SEEN_AT', 'in'), 'device'],
      ['party', slotOf('IN', 'out'), 'session'],
      ['session', slotOf('IN', 'in'), 'party'],
      ['account', slotOf('ON', 'out'), 'device'],
      ['device', slotOf('ON', 'in'), 'account'],
      ['flow', slotOf('AT', 'out'), 'merchant'],
      ['flow', slotOf('BY', 'out'), 'party'],
      ['flow', slotOf('WITH', 'out'), 'instrument'],
      ['flow', slotOf('WITH', 'out'), 'device'],
      ['flow', slotOf('WITH', 'out'), 'ip'],
    ].map((parts) => parts.join(' '));
    expect(seen.sort()).toEqual(expected.sort());
  });

  it('an event that names no entity touches nothing', () => {
    expect(graphTouches(event({}, 1, 0n))).toEqual([]);
    expect(idsOf({ amount: 3, flow_id: '', party_id: '9' })).toEqual({ party: '9' });
  });

  it('R1, R2: all permutations of six events, with a tie and a duplicate, give identical bytes', () => {
    const events = [
      event({ party: '1', account: '2', device: '3' }, 50, 0n),
      event({ party: '1', account: '2', device: '3' }, 50, 1n),
      event({ party: '1', account: '9', device: '3' }, 40, 2n),
      event({ party: '4', account: '5', device: '3', ip: '6' }, 60, 3n),
      event({ flow: '7', merchant: '8', party: '1' }, 60, 4n),
      event({ party: '1', account: '2', device: '3' }, 50, 0n),
    ];
    const expected = apply(events).bytes();
    const orders = permutations(events);
    expect(orders).toHaveLength(720);
    for (const order of orders) expect(apply(order).bytes()).toEqual(expected);
    expect(row(apply(events), 'account', '2')?.node).toMatchObject({
      first: { tsMicros: 50, offset: 0n },
      last: { tsMicros: 50, offset: 1n },
    });
  });

  it('R1: any order of random events over few entities gives identical bytes', () => {
    const id = fc.integer({ min: 1, max: 4 }).map(String);
    const ids = fc.record({ party: id, account: id, device: id, ip: id }, { requiredKeys: [] });
    const some = fc.array(fc.tuple(ids, fc.integer({ min: 0, max: 3 })), { maxLength: 12 });
    fc.assert(
      fc.property(some, fc.infiniteStream(fc.nat()), (drawn, ranks) => {
        const events = drawn.map(([one, ts], at) => event(one, ts, BigInt(at)));
        const ranked = events.map((one) => ({ one, rank: Number(ranks.next().value) }));
        const shuffled = ranked.sort((a, b) => a.rank - b.rank).map(({ one }) => one);
        expect(apply(shuffled).bytes()).toEqual(apply(events).bytes());
      }),
    );
  });

  it('a row beyond 64 neighbours splits by their ids, whatever the order, and keeps them all', () => {
    const count = 1_500;
    const events = Array.from({ length: count }, (_, at) =>
      event({ device: String(at), ip: '1' }, at, BigInt(at)),
    );
    const rows = apply(events);
    expect(apply(events.toReversed()).bytes()).toEqual(rows.bytes());
    const root = row(rows, 'ip', '1');
    expect(root).toMatchObject({ split: true, entries: [] });
    expect(root?.node?.degrees[slotOf('SEEN_AT', 'in')]).toBe(count);
    expect(root?.node?.truncated).toBe(false);
    const kept = [...rows.rows.values()].filter(({ node }) => node === null);
    expect(kept.reduce((sum, { entries }) => sum + entries.length, 0)).toBe(count);
    expect(kept.length).toBeGreaterThan(16);
    expect(Math.max(...kept.map(({ entries }) => entries.length))).toBeLessThanOrEqual(
      NEIGHBOURS_PER_ROW,
    );
  });

  it('at the bound the smallest 64 of a deepest row stay, order-free, and the entity says truncated', () => {
    // Devices whose ids share their first three digits all meet in one deepest row.
    const crowded: string[] = [];
    for (let value = 0; crowded.length < 70; value += 1)
      if (entityId('device', String(value), scope).startsWith('abc'.slice(0, DEPTH_MAX)))
        crowded.push(String(value));
    const events = crowded.map((device, at) => event({ device, ip: '1' }, at, BigInt(at)));
    const forward = apply(events);
    expect(apply(events.toReversed()).bytes()).toEqual(forward.bytes());
    expect(apply([...events, ...events]).bytes()).toEqual(forward.bytes());
    const root = row(forward, 'ip', '1');
    expect(root?.node).toMatchObject({ truncated: true });
    expect(root?.node?.degrees[slotOf('SEEN_AT', 'in')]).toBe(NEIGHBOURS_PER_ROW);
    const deepest = forward.get(
      graphKey(pins.platform_run_id, entityId('ip', '1', scope), 'abc'.slice(0, DEPTH_MAX)),
    );
    const smallest = [...crowded].sort().slice(0, NEIGHBOURS_PER_ROW);
    expect(deepest?.entries.map(({ value }) => value)).toEqual(smallest);
  });

  it('row bytes read back as they were written, offsets beyond 2^53 and times before 1970 too', () => {
    const at = { tsMicros: -5, topic: 'ü', partition: 3, offset: 2n ** 63n - 1n };
    const later = { tsMicros: 5, topic: 'a', partition: 0, offset: 0n };
    const full: GraphRow = {
      node: {
        type: 'ip',
        value: '::1',
        first: at,
        last: later,
        degrees: [0, 300],
        truncated: true,
      },
      split: false,
      entries: [
        { slot: 1, type: 'device', value: '18444711838460031526', first: at, last: at },
        { slot: 17, type: 'flow', value: '9', first: at, last: later },
      ],
    };
    expect(graphRowCodec.decode(graphRowCodec.encode(full), 1)).toEqual(full);
    const overflow: GraphRow = { node: null, split: true, entries: [] };
    expect(graphRowCodec.decode(graphRowCodec.encode(overflow), 1)).toEqual(overflow);
  });
});
