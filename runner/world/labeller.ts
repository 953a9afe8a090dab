/**
 * Who finds out about a flow, when, and what they say: the world's label feed.
 *
 * Truth is found late and not always: banks charge back after days or weeks, people complain within
 * days, rules raise suspicions within minutes and are sometimes wrong, one fraud in six is never
 * found. Honest customers dispute payments too.
 * Must be asked once per flow, in order; answers 0 to 2 labels with their observed time.
 */
import type { LabelFacts } from './label.js';
import type { Flow } from './flow.js';
import { Random } from './random.js';
import { DAY_MICROS, HOUR_MICROS, MINUTE_MICROS } from './rhythm.js';
import { campaignKind, type CampaignKind } from './schedule.js';

/** A label without its subject, which is the flow's AUTH_REQUEST. */
export type FlowLabel = Omit<LabelFacts, 'eventId'>;

/** How the victims of a kind of campaign learn of it. */
interface Discovery {
  /** Probability that a rule suspects it within minutes to hours. */
  readonly suspected: number;
  /** Probability that a person or a bank confirms it. */
  readonly confirmed: number;
  readonly by: 'HUMAN' | 'EXTERNAL';
  readonly days: readonly [least: number, most: number];
}

const DISCOVERY: Readonly<Record<CampaignKind, Discovery>> = {
  account_takeover: { suspected: 0.25, confirmed: 0.92, by: 'HUMAN', days: [0, 4] },
  card_testing: { suspected: 0.5, confirmed: 0.85, by: 'EXTERNAL', days: [2, 12] },
  promo_ring: { suspected: 0.2, confirmed: 0.7, by: 'HUMAN', days: [1, 8] },
  refund_abuse: { suspected: 0.05, confirmed: 0.75, by: 'HUMAN', days: [3, 14] },
  collusion: { suspected: 0.1, confirmed: 0.85, by: 'EXTERNAL', days: [4, 20] },
  device_farm: { suspected: 0.4, confirmed: 0.85, by: 'HUMAN', days: [1, 9] },
};

const FALSE_SUSPICION = 0.003;
const DISPUTE = 0.001;
const INVESTIGATORS = 9;

export class Labeller {
  private readonly random: Random;

  constructor(seed: bigint) {
    this.random = Random.of(seed, 'labels');
  }

  labels(flow: Flow): readonly FlowLabel[] {
    return flow.campaignId === null
      ? this.honest(flow)
      : this.fraudulent(flow, campaignKind(flow.campaignId));
  }

  private fraudulent(flow: Flow, kind: CampaignKind): readonly FlowLabel[] {
    const { random } = this;
    const { suspected, confirmed, by, days } = DISCOVERY[kind];
    const labels: FlowLabel[] = [];
    if (random.chance(suspected)) labels.push(this.suspicion(flow));
    if (random.chance(confirmed)) {
      const [least, most] = days;
      const delay =
        2 * HOUR_MICROS + Math.floor((least + random.unit() * (most - least)) * DAY_MICROS);
      labels.push(
        by === 'EXTERNAL' ? this.chargeback(flow, delay) : this.finding(flow, delay, kind),
      );
    }
    return labels;
  }

  private honest(flow: Flow): readonly FlowLabel[] {
    const { random } = this;
    if (random.chance(FALSE_SUSPICION)) {
      const cleared = random.chance(0.7);
      const delay = DAY_MICROS + Math.floor(random.unit() * 2 * DAY_MICROS);
      const clearing = this.human(flow, delay, 'fraud_disposition', 'LEGIT_CONFIRMED');
      return cleared ? [this.suspicion(flow), clearing] : [this.suspicion(flow)];
    }
    if (random.chance(DISPUTE)) {
      const delay = (3 + Math.floor(random.unit() * 9)) * DAY_MICROS;
      return [
        { ...this.chargeback(flow, delay), labelValue: 'PENDING' },
        { ...this.chargeback(flow, delay + 5 * DAY_MICROS), labelValue: 'NO_CHARGEBACK' },
      ].map((label, at) => ({
        ...label,
        evidence: { refType: 'CHARGEBACK', refId: `cb-${flow.flowId}-${at + 1}` },
      }));
    }
    return [];
  }

  private suspicion(flow: Flow): FlowLabel {
    return {
      labelType: 'fraud_disposition',
      labelValue: 'FRAUD_SUSPECTED',
      effectiveMicros: flow.requestMicros,
      observedMicros: flow.responseMicros + this.random.between(1, 180) * MINUTE_MICROS,
      source: 'AUTO',
      actorId: null,
      evidence: { refType: 'RULE_HIT', refId: `rule-${flow.flowId}` },
    };
  }

  private chargeback(flow: Flow, delayMicros: number): FlowLabel {
    return {
      labelType: 'chargeback_status',
      labelValue: 'CHARGEBACK',
      effectiveMicros: flow.requestMicros,
      observedMicros: flow.responseMicros + delayMicros,
      source: 'EXTERNAL',
      actorId: null,
      evidence: { refType: 'CHARGEBACK', refId: `cb-${flow.flowId}` },
    };
  }

  private finding(flow: Flow, delayMicros: number, kind: CampaignKind): FlowLabel {
    return kind === 'account_takeover' && this.random.chance(0.4)
      ? this.human(flow, delayMicros, 'account_takeover', 'ATO_CONFIRMED')
      : this.human(flow, delayMicros, 'fraud_disposition', 'FRAUD_CONFIRMED');
  }

  private human(
    flow: Flow,
    delayMicros: number,
    labelType: FlowLabel['labelType'],
    labelValue: string,
  ): FlowLabel {
    return {
      labelType,
      labelValue,
      effectiveMicros: flow.requestMicros,
      observedMicros: flow.responseMicros + delayMicros,
      source: 'HUMAN',
      actorId: `HUMAN::inv-${this.random.between(1, INVESTIGATORS)}`,
      evidence: { refType: 'CASE', refId: `case-${flow.flowId}` },
    };
  }
}
