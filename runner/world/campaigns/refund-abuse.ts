/**
 * Refund abuse: a real customer orders far more than he means to keep, with card after card.
 *
 * Seen as: one account many times its own pace for days, at one or two merchants, and more cards on
 * the account than people have. Device, ip and amounts are his usual ones, so only velocity tells.
 */
import { ordinaryAmount } from '../amounts.js';
import { DAY_MICROS, MINUTE_MICROS } from '../rhythm.js';
import { beginning, openAccountAt, type Campaign, type ScriptedFlow } from './campaign.js';

export const refundAbuse: Campaign = (stage, budget) => {
  const { random, people, merchants } = stage;
  const orders = random.between(10, 22);
  const spanMicros = random.between(2, 5) * DAY_MICROS;
  const begins = beginning(stage, spanMicros + DAY_MICROS);
  const account = openAccountAt(stage, begins);
  const cards = [
    ...account.instruments,
    people.mint.mint('instrument'),
    people.mint.mint('instrument'),
  ];
  const shops = [merchants.draw(random), merchants.draw(random)];
  const flows: ScriptedFlow[] = [];
  let atMicros = begins;
  while (flows.length < Math.min(orders, budget)) {
    // Orders come in sittings of two to five, a few minutes apart.
    const sitting = random.between(2, 5);
    for (let at = 0; at < sitting && flows.length < Math.min(orders, budget); at++) {
      flows.push({
        atMicros,
        partyId: account.party.id,
        accountId: account.id,
        instrumentId: random.pick(cards),
        deviceId: account.party.devices[0] ?? people.mint.mint('device'),
        ipId: account.party.homeIp,
        merchant: random.pick(shops),
        amountMinor: ordinaryAmount(random, account.taste),
      });
      atMicros += random.between(2, 12) * MINUTE_MICROS + random.below(MINUTE_MICROS);
    }
    atMicros += Math.floor((spanMicros / orders) * 3 * random.unit());
  }
  return flows;
};
