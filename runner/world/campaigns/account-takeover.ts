/**
 * Account takeover: a thief empties other people's accounts, one after another, from his own device.
 *
 * Seen as: a device new to the account and shared by several victims, a burst within two hours,
 * sometimes a new card. One victim in four is robbed through his own device, which hides it.
 * Amounts are 1.05 to 3.5 times a price point (platform contract report, section 3).
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

const VICTIM_SPACING = 5 * HOUR_MICROS;

export const accountTakeover: Campaign = (stage, budget) => {
  const { random, people } = stage;
  const victims = random.between(3, 6);
  const begins = beginning(stage, (victims + 1) * VICTIM_SPACING);
  const [device = ''] = mintMany(stage, 'device', 1);
  const ips = mintMany(stage, 'ip', random.between(1, 3));
  const shops = [quietMerchant(stage), quietMerchant(stage), stage.merchants.draw(random)];
  const flows: ScriptedFlow[] = [];
  for (let victim = 0; victim < victims; victim++) {
    let atMicros = begins + victim * VICTIM_SPACING + Math.floor(random.unit() * HOUR_MICROS);
    const account = openAccountAt(stage, atMicros);
    const ownDevice = random.chance(0.25) ? account.party.devices[0] : undefined;
    const addedCard = random.chance(0.3) ? people.mint.mint('instrument') : undefined;
    const payments = random.between(2, 6);
    for (let at = 0; at < payments && flows.length < budget; at++) {
      flows.push({
        atMicros,
        partyId: account.party.id,
        accountId: account.id,
        instrumentId: addedCard ?? account.instruments[0] ?? people.mint.mint('instrument'),
        deviceId: ownDevice ?? device,
        ipId: random.pick(ips),
        merchant: random.pick(shops),
        amountMinor: Math.round((random.pick(PRICE_POINTS) * random.between(105, 350)) / 100),
      });
      atMicros += random.between(1, 20) * MINUTE_MICROS + Math.floor(random.unit() * MINUTE_MICROS);
    }
  }
  return flows;
};
