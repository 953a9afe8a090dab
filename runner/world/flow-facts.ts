/** A flow of the world in the words of the engine outputs. */
import type { FlowFacts, Place } from './engine-output.js';
import type { Flow } from './flow.js';
import type { Merchant } from './merchants.js';
import { HOUR_MICROS } from './rhythm.js';

/** Places are made once per merchant and kept. */
export function factsOf(startMicros: number): (flow: Flow) => FlowFacts {
  const places = new Map<Merchant, Place>();
  const placeOf = (merchant: Merchant): Place => {
    let place = places.get(merchant);
    if (place === undefined) {
      place = {
        merchantId: merchant.id,
        zone: merchant.zone.name,
        offsetMinutes: merchant.zone.offsetMinutes,
        virtual: merchant.virtual,
        channel: merchant.channel,
        siteId: merchant.siteId,
        edgeId: merchant.edgeId,
      };
      places.set(merchant, place);
    }
    return place;
  };
  return (flow) => ({
    flowId: flow.flowId,
    arrivalSeq: flow.arrivalSeq,
    place: placeOf(flow.merchant),
    partyId: flow.partyId,
    accountId: flow.accountId,
    instrumentId: flow.instrumentId,
    deviceId: flow.deviceId,
    ipId: flow.ipId,
    sessionId: flow.sessionId,
    atMicros: flow.atMicros,
    bucketIndex: Math.floor((flow.atMicros - startMicros) / HOUR_MICROS),
    amount: flow.amountMinor / 100,
    fraud: flow.campaignId !== null,
    campaignId: flow.campaignId,
  });
}
