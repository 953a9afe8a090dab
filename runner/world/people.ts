/**
 * The people of a world and what they pay with: parties, accounts, instruments, devices, ips.
 *
 * Sharing is what makes fraud hard to see, so it is modelled: a device mostly belongs to one
 * account but families share some; households share an ip; offices and carriers put hundreds of
 * people behind one. One account in ten opens while the world runs.
 */
import type { Merchants } from './merchants.js';
import { ZONES, type Zone } from './merchants.js';
import { Random } from './random.js';
import { DAY_MICROS } from './rhythm.js';

export interface Party {
  readonly id: string;
  readonly zone: Zone;
  /** In order of preference; a new phone is put first. */
  devices: readonly string[];
  readonly homeIp: string;
  readonly carrierIp: string;
  readonly officeIp: string | null;
}

export interface Account {
  readonly id: string;
  readonly party: Party;
  /** In order of preference; a replaced card is put first. */
  instruments: readonly string[];
  /** Relative activity. */
  readonly weight: number;
  /** No ordinary flow before this. */
  readonly opensMicros: number;
  /** Ranks of the merchants it returns to. */
  readonly favourites: readonly number[];
  /** Preferred price point, 0..7. */
  readonly taste: number;
}

/** Hands out ids; one number space per kind, so an id alone tells what it names. */
export class IdMint {
  private readonly next: Record<IdKind, number> = {
    party: 1_000_000_001,
    account: 2_000_000_001,
    instrument: 3_000_000_001,
    device: 4_000_000_001,
    ip: 5_000_000_001,
    session: 6_000_000_001,
  };

  mint(kind: IdKind): string {
    return String(this.next[kind]++);
  }
}

export type IdKind = 'party' | 'account' | 'instrument' | 'device' | 'ip' | 'session';

export interface People {
  readonly accounts: readonly Account[];
  /** Cafes, hotels, trains: used by anybody now and then. */
  readonly publicIps: readonly string[];
  readonly mint: IdMint;
}

interface PeopleOptions {
  readonly seed: bigint;
  readonly parties: number;
  readonly startMicros: number;
  readonly days: number;
  readonly merchants: Merchants;
}

const FAVOURITES = 6;
const OPENING_SHARE = 0.1;

export function makePeople(options: PeopleOptions): People {
  const { parties, startMicros, days, merchants } = options;
  const random = Random.of(options.seed, 'people');
  const mint = new IdMint();
  const pool = (kind: IdKind, perIp: number): readonly string[] =>
    Array.from({ length: Math.max(2, Math.round(parties / perIp)) }, () => mint.mint(kind));
  const carriers = pool('ip', 160);
  const offices = pool('ip', 30);
  const publicIps = pool('ip', 50);
  const accounts: Account[] = [];

  for (let made = 0; made < parties;) {
    const household = random.pick([1, 1, 1, 2, 2, 3, 4]);
    const homeIp = mint.mint('ip');
    const zone = random.pick(ZONES);
    const familyDevice = household > 1 && random.chance(0.3) ? mint.mint('device') : null;
    for (let member = 0; member < household && made < parties; member++, made++) {
      const own = Array.from({ length: random.pick([1, 1, 1, 1, 2, 2, 3]) }, () =>
        mint.mint('device'),
      );
      const party: Party = {
        id: mint.mint('party'),
        zone,
        devices: familyDevice === null ? own : [...own, familyDevice],
        homeIp,
        carrierIp: random.pick(carriers),
        officeIp: random.chance(0.45) ? random.pick(offices) : null,
      };
      const owned = random.chance(0.15) ? 2 : 1;
      for (let at = 0; at < owned; at++) accounts.push(openAccount(party));
    }
  }
  return { accounts, publicIps, mint };

  function openAccount(party: Party): Account {
    const lively = random.unit();
    return {
      id: mint.mint('account'),
      party,
      instruments: Array.from({ length: random.pick([1, 1, 1, 1, 2, 2, 3]) }, () =>
        mint.mint('instrument'),
      ),
      weight: 0.15 + lively * lively * 2.5,
      opensMicros: random.chance(OPENING_SHARE)
        ? startMicros + Math.floor(random.unit() * days * DAY_MICROS * 0.9)
        : startMicros,
      favourites: Array.from({ length: FAVOURITES }, () => merchants.draw(random)),
      taste: random.below(8),
    };
  }
}
