/**
 * A small world of payments: `makeWorld` answers its flows in order of time, always the same ones
 * for the same options.
 *
 * in: options. out: exactly `flows` flows, of which round(flows x fraudShare) belong to campaigns.
 * Holds all planned times in memory: about 16 bytes a flow, plus the people.
 * W1. Same options, same flows; no clock, no environment, no Math.random.
 * W2. atMicros never falls; flowId rises with it; arrivalSeq counts 1.. per merchant.
 * Source: platform contract report, sections 3 and 29, for what the real world looks like.
 */
import type { Flow } from './flow.js';
import { makeMerchants, type Merchants } from './merchants.js';
import { FlowMaker } from './flow-maker.js';
import { DAY_MICROS } from './rhythm.js';

export interface WorldOptions {
  /** Any integer; taken modulo 2^64. */
  readonly seed: bigint;
  readonly days: number;
  readonly flows: number;
  /** Milliseconds since 1970 of the first day's midnight UTC. Default 2026-01-05, a Monday. */
  readonly startMs?: number;
  /** Share of flows that belong to campaigns. Default 0.016. */
  readonly fraudShare?: number;
  /** Default 1000, so that the top 1 % is ten of them. */
  readonly merchants?: number;
  /** Default: as many as pay 0.4 times a day on average. */
  readonly parties?: number;
}

/** What `npm start` runs: 52,000 traffic events over 30 days. */
export const DEFAULT_WORLD = { seed: 7n, days: 30, flows: 26_000 } as const;

const DEFAULT_START_MS = Date.UTC(2026, 0, 5);

export interface World {
  readonly options: Required<WorldOptions>;
  readonly merchants: Merchants;
  readonly startMicros: number;
  /** Exclusive. */
  readonly endMicros: number;
  /** Each call starts again from the first flow. */
  flows(): Generator<Flow, void, undefined>;
}

export function makeWorld(options: WorldOptions): World {
  const full = withDefaults(options);
  const startMicros = full.startMs * 1000;
  const endMicros = startMicros + full.days * DAY_MICROS;
  const merchants = makeMerchants(full.seed, full.merchants);
  return {
    options: full,
    merchants,
    startMicros,
    endMicros,
    flows: () => flowsOf(full, merchants),
  };
}

function withDefaults(options: WorldOptions): Required<WorldOptions> {
  const whole = (name: string, value: number, least: number): number => {
    if (!Number.isSafeInteger(value) || value < least) {
      throw new RangeError(`${name} must be a whole number of at least ${least}, not ${value}`);
    }
    return value;
  };
  const days = whole('days', options.days, 1);
  const flows = whole('flows', options.flows, 1);
  if (flows > 999_999_999) throw new RangeError('flows must stay below 10^9');
  const fraudShare = options.fraudShare ?? 0.016;
  if (!(fraudShare >= 0 && fraudShare <= 0.5))
    throw new RangeError('fraudShare must lie in 0..0.5');
  return {
    seed: BigInt.asUintN(64, options.seed),
    days,
    flows,
    fraudShare,
    startMs: whole('startMs', options.startMs ?? DEFAULT_START_MS, 0),
    merchants: whole('merchants', options.merchants ?? 1000, 200),
    parties: whole('parties', options.parties ?? Math.max(60, Math.round(flows / (0.4 * days))), 4),
  };
}

function* flowsOf(
  options: Required<WorldOptions>,
  merchants: Merchants,
): Generator<Flow, void, undefined> {
  const maker = new FlowMaker(options, merchants);
  for (let at = 0; at < options.flows; at++) yield maker.next();
}
