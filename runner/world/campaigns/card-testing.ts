/**
 * Card testing: stolen cards tried with tiny payments at one merchant, a few seconds apart.
 *
 * Seen as: one or two devices with dozens of accounts within the hour, few ips, one merchant far
 * above its usual pace. The amounts are the smallest the merchant takes.
 */
import { MINUTE_MICROS } from '../rhythm.js';
import {
  beginning,
  mintMany,
  openAccountAt,
  quietMerchant,
  type Campaign,
  type ScriptedFlow,
} from './campaign.js';

const SECOND_MICROS = 1_000_000;

export const cardTesting: Campaign = (stage, budget) => {
  const { random } = stage;
  const cards = random.between(14, 34);
  const devices = mintMany(stage, 'device', random.between(1, 3));
  const ips = mintMany(stage, 'ip', random.between(2, 6));
  const merchant = quietMerchant(stage);
  const flows: ScriptedFlow[] = [];
  let atMicros = beginning(stage, cards * 3 * MINUTE_MICROS);
  for (let card = 0; card < cards; card++) {
    const account = openAccountAt(stage, atMicros);
    const tries = random.chance(0.2) ? 2 : 1;
    for (let at = 0; at < tries && flows.length < budget; at++) {
      flows.push({
        atMicros,
        partyId: account.party.id,
        accountId: account.id,
        instrumentId: random.pick(account.instruments),
        deviceId: random.pick(devices),
        ipId: random.pick(ips),
        merchant,
        amountMinor: random.chance(0.6) ? 199 : random.chance(0.5) ? 499 : random.between(100, 600),
      });
      atMicros += random.between(6, 75) * SECOND_MICROS + random.below(SECOND_MICROS);
    }
  }
  return flows;
};
