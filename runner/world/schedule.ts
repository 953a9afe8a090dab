/**
 * Which campaigns run in a world: six kinds, each run again and again until its share is used up.
 *
 * invariant S1. The world holds exactly round(flows x fraudShare) scripted flows, every kind at
 * least one when there are six or more.
 */
import { accountTakeover } from './campaigns/account-takeover.js';
import type { Campaign, ScriptedFlow, Stage } from './campaigns/campaign.js';
import { cardTesting } from './campaigns/card-testing.js';
import { collusion } from './campaigns/collusion.js';
import { deviceFarm } from './campaigns/device-farm.js';
import { promoRing } from './campaigns/promo-ring.js';
import { refundAbuse } from './campaigns/refund-abuse.js';
import { Random } from './random.js';

export type CampaignKind =
  'account_takeover' | 'card_testing' | 'promo_ring' | 'refund_abuse' | 'collusion' | 'device_farm';

interface Kind {
  readonly kind: CampaignKind;
  readonly campaign: Campaign;
  /** Share of all fraudulent flows. */
  readonly share: number;
}

const KINDS: readonly Kind[] = [
  { kind: 'account_takeover', campaign: accountTakeover, share: 0.2 },
  { kind: 'card_testing', campaign: cardTesting, share: 0.22 },
  { kind: 'promo_ring', campaign: promoRing, share: 0.16 },
  { kind: 'refund_abuse', campaign: refundAbuse, share: 0.14 },
  { kind: 'collusion', campaign: collusion, share: 0.14 },
  { kind: 'device_farm', campaign: deviceFarm, share: 0.14 },
];

/** Far above any world's need; only a world of minutes, where nothing fits, comes here. */
const RUNS_MAX = 1_000_000;

export const CAMPAIGN_KINDS: readonly CampaignKind[] = KINDS.map(({ kind }) => kind);

/** The kind a campaign id such as `collusion-03` belongs to. */
export function campaignKind(campaignId: string): CampaignKind {
  const kind = CAMPAIGN_KINDS.find((name) => campaignId.startsWith(`${name}-`));
  if (kind === undefined) throw new RangeError(`no campaign kind in ${campaignId}`);
  return kind;
}

export interface CampaignFlow extends ScriptedFlow {
  readonly campaignId: string;
}

export function scheduleCampaigns(
  seed: bigint,
  total: number,
  stage: Omit<Stage, 'random'>,
): readonly CampaignFlow[] {
  const scheduled: CampaignFlow[] = [];
  let left = total;
  KINDS.forEach(({ kind, campaign, share }, at) => {
    const last = at === KINDS.length - 1;
    let budget = last ? left : Math.min(left, Math.max(1, Math.round(total * share)));
    left -= budget;
    const random = Random.of(seed, `campaign ${kind}`);
    for (let run = 1; budget > 0; run++) {
      const flows = campaign({ ...stage, random }, budget).filter(
        (flow) => flow.atMicros < stage.endMicros,
      );
      if (run > RUNS_MAX) throw new RangeError(`${kind} does not fit into the world's time`);
      budget -= flows.length;
      const campaignId = `${kind}-${String(run).padStart(2, '0')}`;
      for (const flow of flows) scheduled.push({ ...flow, campaignId });
    }
  });
  return scheduled;
}
