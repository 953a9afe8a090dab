/**
 * What a fraud campaign is: a script of payments between people and merchants of the world.
 *
 * A campaign decides who pays where, with what, from which device and ip, and when; it knows
 * nothing of ordinary flows. C1. It answers 1 to `budget` flows; what falls after the world's end is cut by the schedule.
 */
import type { Merchants } from '../merchants.js';
import type { Account, People } from '../people.js';
import type { Random } from '../random.js';

export interface ScriptedFlow {
  readonly atMicros: number;
  readonly partyId: string;
  readonly accountId: string;
  readonly instrumentId: string;
  readonly deviceId: string;
  readonly ipId: string;
  /** Rank in the world's merchants. */
  readonly merchant: number;
  readonly amountMinor: number;
}

export interface Stage {
  readonly random: Random;
  readonly people: People;
  readonly merchants: Merchants;
  readonly startMicros: number;
  readonly endMicros: number;
}

/** One run of a campaign: its flows, in any order. */
export type Campaign = (stage: Stage, budget: number) => readonly ScriptedFlow[];

/** When a campaign lasting `spanMicros` begins: anywhere in the world's time that leaves it room. */
export function beginning(stage: Stage, spanMicros: number): number {
  const room = Math.max(0, stage.endMicros - stage.startMicros - spanMicros);
  return stage.startMicros + Math.floor(stage.random.unit() * room);
}

/** A merchant outside the busiest tenth: where a campaign would stand out least to its victims. */
export function quietMerchant(stage: Stage): number {
  const count = stage.merchants.all.length;
  const busiest = Math.floor(count / 10);
  return busiest + stage.random.below(count - busiest);
}

/** An account that is open at `atMicros`. */
export function openAccountAt(stage: Stage, atMicros: number): Account {
  let account = stage.random.pick(stage.people.accounts);
  for (let tries = 0; account.opensMicros > atMicros && tries < 16; tries++) {
    account = stage.random.pick(stage.people.accounts);
  }
  return account;
}

/** An account opened for the campaign: a party nobody has met, with one card. */
export interface FreshIdentity {
  readonly partyId: string;
  readonly accountId: string;
  readonly instrumentId: string;
}

export function freshIdentity({ people: { mint } }: Stage): FreshIdentity {
  return {
    partyId: mint.mint('party'),
    accountId: mint.mint('account'),
    instrumentId: mint.mint('instrument'),
  };
}

export function mintMany(stage: Stage, kind: 'device' | 'ip', count: number): readonly string[] {
  return Array.from({ length: count }, () => stage.people.mint.mint(kind));
}
