/**
 * Promotion abuse: one household opens many accounts to take the same welcome offer again and again.
 *
 * Seen as: accounts nobody has met, each paying once or twice, on a handful of shared devices behind
 * one or two ips, at one merchant. Amounts are ordinary price points.
 */
import { PRICE_POINTS } from '../amounts.js';
import { HOUR_MICROS, MINUTE_MICROS } from '../rhythm.js';
import {
  beginning,
  freshIdentity,
  mintMany,
  type Campaign,
  type ScriptedFlow,
} from './campaign.js';

export const promoRing: Campaign = (stage, budget) => {
  const { random } = stage;
  const identities = random.between(10, 24);
  const devices = mintMany(stage, 'device', random.between(3, 5));
  const host = random.pick(stage.people.accounts).party;
  const ips = [host.homeIp, ...mintMany(stage, 'ip', 1)];
  const merchant = stage.merchants.draw(random);
  const offer = PRICE_POINTS[random.between(1, 5)] ?? 999;
  const flows: ScriptedFlow[] = [];
  let atMicros = beginning(stage, 40 * HOUR_MICROS);
  for (let made = 0; made < identities; made++) {
    const identity = freshIdentity(stage);
    const deviceId = random.pick(devices);
    const payments = random.between(1, 2);
    for (let at = 0; at < payments && flows.length < budget; at++) {
      flows.push({
        atMicros: atMicros + at * random.between(2, 9) * MINUTE_MICROS,
        ...identity,
        deviceId,
        ipId: random.pick(ips),
        merchant,
        amountMinor: random.chance(0.5)
          ? offer
          : Math.round((offer * random.between(50, 130)) / 100),
      });
    }
    atMicros += random.between(10, 80) * MINUTE_MICROS + random.below(MINUTE_MICROS);
  }
  return flows;
};
