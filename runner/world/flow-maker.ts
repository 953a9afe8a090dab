/**
 * Turns a world's plan into flows, one call each, in order of time.
 *
 * Owns the counters of the walk: flow ids, arrivals per merchant, sessions of attackers. Honest
 * flows ask the shoppers for their details, scripted ones bring them along.
 */
import type { Flow } from './flow.js';
import type { Merchants } from './merchants.js';
import { makePeople, type Account, type People } from './people.js';
import { planFlows, type Plan } from './plan.js';
import { Random } from './random.js';
import { DAY_MICROS } from './rhythm.js';
import { scheduleCampaigns, type CampaignFlow } from './schedule.js';
import { Shoppers } from './shoppers.js';
import type { WorldOptions } from './world.js';

export class FlowMaker {
  private readonly merchants: Merchants;
  private readonly people: People;
  private readonly scripted: readonly CampaignFlow[];
  private readonly plan: Plan;
  private readonly shoppers: Shoppers;
  private readonly random: Random;
  private readonly flowPrefix: string;
  private readonly arrivals: Uint32Array;
  private readonly attackSessions = new Map<string, string>();
  private made = 0;

  constructor(options: Required<WorldOptions>, merchants: Merchants) {
    const { seed, parties, days } = options;
    const startMicros = options.startMs * 1000;
    const endMicros = startMicros + days * DAY_MICROS;
    const people = makePeople({ seed, parties, startMicros, days, merchants });
    const fraudulent = Math.round(options.flows * options.fraudShare);
    this.scripted = scheduleCampaigns(seed, fraudulent, {
      people,
      merchants,
      startMicros,
      endMicros,
    });
    this.merchants = merchants;
    this.people = people;
    this.plan = planFlows(options, people, this.scripted);
    this.shoppers = new Shoppers(options, people, merchants);
    this.random = Random.of(seed, 'flows');
    // Nine digits of counter behind ten of prefix: 19 digits, below 1.8 x 10^18, so below 2^64.
    this.flowPrefix = String(1_200_000_000 + Number(seed % 600_000_000n));
    this.arrivals = new Uint32Array(merchants.all.length);
  }

  /** The next flow; at most as many as were planned. */
  next(): Flow {
    const planned = this.plan.order[this.made];
    if (planned === undefined) throw new RangeError('the world has no more flows');
    this.made++;
    const from = this.plan.from[planned] ?? 0;
    const atMicros = this.plan.atMicros[planned] ?? 0;
    return from < 0
      ? this.fraud(this.scripted[-1 - from], atMicros)
      : this.honest(this.people.accounts[from], atMicros);
  }

  private honest(account: Account | undefined, atMicros: number): Flow {
    if (account === undefined) throw new RangeError('an account outside the people');
    const { sitting, instrumentId, amountMinor } = this.shoppers.buy(account, atMicros);
    const requestMicros = this.request(atMicros);
    return {
      flowId: this.flowId(),
      merchant: this.merchantAt(sitting.merchant),
      arrivalSeq: this.arrivalSeq(sitting.merchant),
      partyId: account.party.id,
      accountId: account.id,
      instrumentId,
      deviceId: sitting.deviceId,
      ipId: sitting.ipId,
      sessionId: sitting.sessionId,
      atMicros,
      requestMicros,
      responseMicros: this.response(requestMicros),
      amountMinor,
      campaignId: null,
    };
  }

  private fraud(flow: CampaignFlow | undefined, atMicros: number): Flow {
    if (flow === undefined) throw new RangeError('a scripted flow outside the schedule');
    const visit = `${flow.campaignId} ${flow.accountId} ${flow.ipId}`;
    const sessionId = this.attackSessions.get(visit) ?? this.people.mint.mint('session');
    this.attackSessions.set(visit, sessionId);
    const requestMicros = this.request(atMicros);
    return {
      flowId: this.flowId(),
      merchant: this.merchantAt(flow.merchant),
      arrivalSeq: this.arrivalSeq(flow.merchant),
      partyId: flow.partyId,
      accountId: flow.accountId,
      instrumentId: flow.instrumentId,
      deviceId: flow.deviceId,
      ipId: flow.ipId,
      sessionId,
      atMicros,
      requestMicros,
      responseMicros: this.response(requestMicros),
      amountMinor: flow.amountMinor,
      campaignId: flow.campaignId,
    };
  }

  private flowId(): string {
    return this.flowPrefix + String(1_000_000_000 + this.made).slice(1);
  }

  private merchantAt(rank: number): Flow['merchant'] {
    const merchant = this.merchants.all[rank];
    if (merchant === undefined) throw new RangeError('a merchant outside the world');
    return merchant;
  }

  private arrivalSeq(rank: number): number {
    const seq = (this.arrivals[rank] ?? 0) + 1;
    this.arrivals[rank] = seq;
    return seq;
  }

  private request(atMicros: number): number {
    return atMicros + this.random.between(1000, 40_000);
  }

  private response(requestMicros: number): number {
    const slowest = this.random.chance(0.03) ? 2_500_000 : 900_000;
    return requestMicros + this.random.between(60_000, slowest);
  }
}
