/**
 * Device farm: synthetic people on racks of phones, kept quiet for days and then spent all at once.
 *
 * Seen as: several young accounts per device, several cards per account, an ip that changes with
 * every payment (rented home lines, some of them real neighbours'). Amounts are ordinary.
 */
import { ordinaryAmount } from '../amounts.js';
import { DAY_MICROS, HOUR_MICROS, MINUTE_MICROS } from '../rhythm.js';
import {
  beginning,
  freshIdentity,
  mintMany,
  type Campaign,
  type ScriptedFlow,
} from './campaign.js';

export const deviceFarm: Campaign = (stage, budget) => {
  const { random, people, merchants } = stage;
  const devices = mintMany(stage, 'device', random.between(2, 4));
  const lines = [
    ...mintMany(stage, 'ip', 8),
    ...Array.from({ length: 4 }, () => random.pick(people.accounts).party.homeIp),
  ];
  const begins = beginning(stage, 5 * DAY_MICROS);
  const flows: ScriptedFlow[] = [];
  const identities = random.between(6, 12);
  for (let made = 0; made < identities; made++) {
    const { partyId, accountId, instrumentId } = freshIdentity(stage);
    const cards = [instrumentId, people.mint.mint('instrument'), people.mint.mint('instrument')];
    const deviceId = devices[made % devices.length] ?? '';
    const taste = random.below(8);
    let atMicros = begins + Math.floor(random.unit() * DAY_MICROS);
    const payments = random.between(3, 6);
    for (let at = 0; at < payments && flows.length < budget; at++) {
      flows.push({
        atMicros,
        partyId,
        accountId,
        instrumentId: random.pick(cards),
        deviceId,
        ipId: random.pick(lines),
        merchant: merchants.draw(random),
        amountMinor: ordinaryAmount(random, taste),
      });
      // The first payment warms the account up; a day or two later the rest follow in one sitting.
      atMicros +=
        at === 0
          ? random.between(18, 48) * HOUR_MICROS + random.below(HOUR_MICROS)
          : random.between(2, 25) * MINUTE_MICROS + random.below(MINUTE_MICROS);
    }
  }
  return flows;
};
