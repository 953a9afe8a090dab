/**
 * The merchants of a world: uint64 ids on both sides of 2^63, and the skew measured in the real one.
 *
 * The top merchant takes 13.6 % of arrivals and the top 1 % take 30 %; the rest falls off as 1/rank.
 * Source: platform contract report, sections 2.4 (skew), 3 (virtual share) and 1.5 (ids).
 */
import { Random, weighted } from './random.js';

export interface Merchant {
  /** uint64 in decimal digits. */
  readonly id: string;
  /** Share of ordinary arrivals, 0..1. */
  readonly share: number;
  readonly virtual: boolean;
  readonly zone: Zone;
  readonly channel: string;
  /** uint64 in decimal digits; null for a virtual merchant, which has an edge instead of a site. */
  readonly siteId: string | null;
  readonly edgeId: string | null;
}

/** Time zones without daylight saving, so that local time is one constant away from UTC. */
export interface Zone {
  readonly name: string;
  readonly offsetMinutes: number;
}

export const ZONES: readonly Zone[] = [
  { name: 'Africa/Accra', offsetMinutes: 0 },
  { name: 'Africa/Lagos', offsetMinutes: 60 },
  { name: 'Africa/Johannesburg', offsetMinutes: 120 },
  { name: 'Asia/Kolkata', offsetMinutes: 330 },
  { name: 'Asia/Singapore', offsetMinutes: 480 },
  { name: 'America/Bogota', offsetMinutes: -300 },
];

/** Drawn slightly above the targets (.136 and .3), because sales and campaigns pull to quiet merchants. */
const TOP_SHARE = 0.1405;
const TOP_PERCENT_SHARE = 0.31;
const VIRTUAL_SHARE = 0.0225;

/** Shares by rank, summing to 1. Needs at least 200 merchants for "the top 1 %" to be a group. */
export function merchantShares(count: number): readonly number[] {
  const topCount = Math.max(2, Math.floor(count / 100));
  const groups = [
    { from: 1, to: 1, share: TOP_SHARE, bend: 0 },
    { from: 2, to: topCount, share: TOP_PERCENT_SHARE - TOP_SHARE, bend: 2 },
    { from: topCount + 1, to: count, share: 1 - TOP_PERCENT_SHARE, bend: 5 },
  ];
  const shares: number[] = [];
  for (const { from, to, share, bend } of groups) {
    let sum = 0;
    for (let rank = from; rank <= to; rank++) sum += 1 / (rank + bend);
    for (let rank = from; rank <= to; rank++) shares.push(share / (rank + bend) / sum);
  }
  return shares;
}

export interface Merchants {
  /** By rank, busiest first. */
  readonly all: readonly Merchant[];
  /** An index into `all`, by share. */
  draw(random: Random): number;
}

export function makeMerchants(seed: bigint, count: number): Merchants {
  const random = Random.of(seed, 'merchants');
  const shares = merchantShares(count);
  const taken = new Set<string>();
  const freshId = (): string => {
    let id = random.uint64().toString();
    while (taken.has(id)) id = random.uint64().toString();
    taken.add(id);
    return id;
  };
  const all = shares.map((share, rank): Merchant => {
    const virtual = rank > 0 && random.chance(VIRTUAL_SHARE);
    return {
      id: freshId(),
      share,
      virtual,
      zone: rank === 0 ? (ZONES[0] ?? random.pick(ZONES)) : random.pick(ZONES),
      channel: virtual || random.chance(0.4) ? 'ecommerce' : 'in_store',
      siteId: virtual ? null : freshId(),
      edgeId: virtual ? freshId() : null,
    };
  });
  return { all, draw: weighted(shares) };
}
