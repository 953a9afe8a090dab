/**
 * A flow of the world: one customer paying once, with the truth about it.
 *
 * Everything the four engine outputs say is derived from a flow; ids are decimal digits because
 * they are uint64. Source: platform contract report, section 3.
 */
import type { Merchant } from './merchants.js';

export interface Flow {
  /** uint64 in decimal digits, rising with time; beyond 2^53 on purpose. */
  readonly flowId: string;
  readonly merchant: Merchant;
  /** 1.. per merchant, in order of time. */
  readonly arrivalSeq: number;
  readonly partyId: string;
  readonly accountId: string;
  readonly instrumentId: string;
  readonly deviceId: string;
  readonly ipId: string;
  readonly sessionId: string;
  /** Microseconds since 1970 of the arrival, entities and anchor. */
  readonly atMicros: number;
  /** Microseconds since 1970 of AUTH_REQUEST, a few milliseconds later. */
  readonly requestMicros: number;
  /** Microseconds since 1970 of AUTH_RESPONSE. */
  readonly responseMicros: number;
  readonly amountMinor: number;
  /** Truth: the campaign a fraudulent flow belongs to; null when it is honest. */
  readonly campaignId: string | null;
}
