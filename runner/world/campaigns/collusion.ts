/**
 * Merchant collusion: a small shop charges cards that were never in it, through its own terminal.
 *
 * Seen as: a quiet merchant with ten times its arrivals in a night, all from one device and one ip,
 * a few cards over and over. Amounts are two or three everyday prices.
 */
import { PRICE_POINTS } from '../amounts.js';
import { HOUR_MICROS, MINUTE_MICROS } from '../rhythm.js';
import {
  beginning,
  mintMany,
  openAccountAt,
  quietMerchant,
  type Campaign,
  type ScriptedFlow,
} from './campaign.js';

export const collusion: Campaign = (stage, budget) => {
  const { random } = stage;
  const charges = random.between(14, 30);
  const [terminal = ''] = mintMany(stage, 'device', 1);
  const [ip = ''] = mintMany(stage, 'ip', 1);
  const merchant = quietMerchant(stage);
  let atMicros = beginning(stage, 10 * HOUR_MICROS);
  const accounts = Array.from({ length: random.between(5, 9) }, () =>
    openAccountAt(stage, atMicros),
  );
  const prices = [random.pick(PRICE_POINTS), random.pick(PRICE_POINTS), random.pick(PRICE_POINTS)];
  const flows: ScriptedFlow[] = [];
  while (flows.length < Math.min(charges, budget)) {
    const account = random.pick(accounts);
    flows.push({
      atMicros,
      partyId: account.party.id,
      accountId: account.id,
      instrumentId: random.pick(account.instruments),
      deviceId: random.chance(0.85) ? terminal : (account.party.devices[0] ?? terminal),
      ipId: ip,
      merchant,
      amountMinor: random.pick(prices),
    });
    atMicros += random.between(2, 30) * MINUTE_MICROS + random.below(MINUTE_MICROS);
  }
  return flows;
};
