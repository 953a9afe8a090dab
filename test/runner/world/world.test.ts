/** The world keeps W1, W2, S1 and looks like the real one; amount alone does not give fraud away. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { Flow } from '../../../runner/world/flow.js';
import { CAMPAIGN_KINDS, campaignKind } from '../../../runner/world/schedule.js';
import { DEFAULT_WORLD, makeWorld } from '../../../runner/world/world.js';
import { areaUnderCurve, fitLogistic, naiveFeatures } from './naive-features.js';

const world = makeWorld(DEFAULT_WORLD);
let flows: readonly Flow[] = [];
let truth: readonly boolean[] = [];
beforeAll(() => {
  flows = [...world.flows()];
  truth = flows.map((flow) => flow.campaignId !== null);
});

const countBy = (key: (flow: Flow) => string): Map<string, number> => {
  const counts = new Map<string, number>();
  for (const flow of flows) counts.set(key(flow), (counts.get(key(flow)) ?? 0) + 1);
  return counts;
};

describe('makeWorld', () => {
  it('answers exactly the flows asked for, inside its days, in order of time (W2)', () => {
    expect(flows).toHaveLength(26_000);
    let before = world.startMicros;
    for (const flow of flows) {
      expect(flow.atMicros).toBeGreaterThanOrEqual(before);
      before = flow.atMicros;
    }
    expect(before).toBeLessThan(world.endMicros);
  });

  it('holds at least 50,000 traffic events, two per flow, the response after the request', () => {
    expect(flows.length * 2).toBeGreaterThanOrEqual(50_000);
    expect(
      flows.every(
        (flow) => flow.atMicros < flow.requestMicros && flow.requestMicros < flow.responseMicros,
      ),
    ).toBe(true);
  });

  it('gives rising unique flow ids beyond 2^53 and below 2^64 (W2)', () => {
    let before = 2n ** 53n;
    for (const flow of flows) {
      const id = BigInt(flow.flowId);
      expect(id > before).toBe(true);
      before = id;
    }
    expect(before < 2n ** 64n).toBe(true);
  });

  it('counts arrival_seq 1.. per merchant (W2)', () => {
    const last = new Map<string, number>();
    for (const { merchant, arrivalSeq } of flows) {
      expect(arrivalSeq).toBe((last.get(merchant.id) ?? 0) + 1);
      last.set(merchant.id, arrivalSeq);
    }
  });

  it('repeats itself for the same options and differs for another seed (W1)', () => {
    const small = { days: 3, flows: 2000 };
    const text = (seed: bigint): string =>
      JSON.stringify([...makeWorld({ ...small, seed }).flows()]);
    expect(text(5n)).toBe(text(5n));
    expect(text(5n)).not.toBe(text(6n));
    const again = makeWorld({ ...small, seed: 5n });
    expect(JSON.stringify([...again.flows()])).toBe(JSON.stringify([...again.flows()]));
  });

  it('gives the top merchant 13.6 % of arrivals and the top 1 % of merchants 30 %', () => {
    const counts = [...countBy((flow) => flow.merchant.id).values()].sort((a, b) => b - a);
    const share = (top: number): number =>
      counts.slice(0, top).reduce((a, b) => a + b, 0) / flows.length;
    expect(share(1)).toBeGreaterThan(0.126);
    expect(share(1)).toBeLessThan(0.146);
    expect(share(10)).toBeGreaterThan(0.285);
    expect(share(10)).toBeLessThan(0.315);
  });

  it('has merchant ids on both sides of 2^63', () => {
    const high = world.merchants.all.filter((merchant) => BigInt(merchant.id) >= 2n ** 63n).length;
    expect(high).toBeGreaterThan(400);
    expect(high).toBeLessThan(600);
  });

  it('keeps most devices to one account while a few ips carry many devices', () => {
    const accountsOf = new Map<string, Set<string>>();
    const devicesOf = new Map<string, Set<string>>();
    for (const { deviceId, accountId, ipId } of flows) {
      accountsOf.set(deviceId, (accountsOf.get(deviceId) ?? new Set()).add(accountId));
      devicesOf.set(ipId, (devicesOf.get(ipId) ?? new Set()).add(deviceId));
    }
    const single = [...accountsOf.values()].filter((accounts) => accounts.size === 1).length;
    expect(single / accountsOf.size).toBeGreaterThan(0.6);
    expect(single / accountsOf.size).toBeLessThan(0.95);
    const perIp = [...devicesOf.values()].map((devices) => devices.size).sort((a, b) => a - b);
    expect(perIp[Math.floor(perIp.length / 2)]).toBeLessThanOrEqual(2);
    expect(perIp.at(-1)).toBeGreaterThan(40);
  });

  it('sleeps at night', () => {
    const perHour = new Array<number>(24).fill(0);
    for (const { atMicros } of flows) {
      const hour = Math.floor(atMicros / 3_600_000_000) % 24;
      perHour[hour] = (perHour[hour] ?? 0) + 1;
    }
    expect(Math.max(...perHour) / Math.min(...perHour)).toBeGreaterThan(1.5);
  });

  it('is 1 to 2 % fraud, by all six kinds of campaign (S1)', () => {
    const fraudulent = flows.filter((flow) => flow.campaignId !== null);
    expect(fraudulent).toHaveLength(Math.round(26_000 * 0.016));
    const kinds = new Set(fraudulent.map((flow) => campaignKind(flow.campaignId ?? '')));
    expect([...kinds].sort()).toEqual([...CAMPAIGN_KINDS].sort());
  });

  it.each([1n, 7n, 42n])(
    'does not give fraud away by amount alone: AUC at most .75 (seed %s)',
    (seed) => {
      const some = seed === 7n ? flows : [...makeWorld({ ...DEFAULT_WORLD, seed }).flows()];
      const area = areaUnderCurve(
        some.map((flow) => flow.amountMinor),
        some.map((flow) => flow.campaignId !== null),
      );
      expect(Math.max(area, 1 - area)).toBeLessThanOrEqual(0.75);
    },
  );

  it('gives no kind of campaign but card testing away by amount: AUC at most .85 for each', () => {
    for (const kind of CAMPAIGN_KINDS) {
      if (kind === 'card_testing') continue;
      const some = flows.filter(
        ({ campaignId }) => campaignId === null || campaignKind(campaignId) === kind,
      );
      const area = areaUnderCurve(
        some.map((flow) => flow.amountMinor),
        some.map((flow) => flow.campaignId !== null),
      );
      expect(Math.max(area, 1 - area), kind).toBeLessThanOrEqual(0.85);
    }
  });

  it('gives fraud away by behaviour: a logistic fitted on another seed reaches AUC .85', () => {
    const other = [...makeWorld({ ...DEFAULT_WORLD, seed: 1001n }).flows()];
    const score = fitLogistic(
      naiveFeatures(other),
      other.map((flow) => flow.campaignId !== null),
    );
    const area = areaUnderCurve(naiveFeatures(flows).map(score), truth);
    expect(area).toBeGreaterThanOrEqual(0.85);
    expect(area).toBeLessThan(0.999);
  });

  it('refuses what it cannot make', () => {
    expect(() => makeWorld({ seed: 1n, days: 0, flows: 10 })).toThrow(RangeError);
    expect(() => makeWorld({ seed: 1n, days: 1, flows: 1.5 })).toThrow(RangeError);
    expect(() => makeWorld({ seed: 1n, days: 1, flows: 10, fraudShare: 0.9 })).toThrow(RangeError);
  });

  it('makes worlds of a single day and of few flows', () => {
    expect([...makeWorld({ seed: 3n, days: 1, flows: 500, fraudShare: 0.2 }).flows()]).toHaveLength(
      500,
    );
    expect([...makeWorld({ seed: 3n, days: 30, flows: 1 }).flows()]).toHaveLength(1);
  });
});
