/**
 * Honest purchases: device, ip, session, merchant, card and amount of an account at a time.
 *
 * A sitting (purchases less than half an hour apart) keeps device, ip and session. People get new
 * phones and cards, use public ips and run to sales: what looks like fraud is mostly not.
 * Must be asked in order of time; phones and cards change in the People it was given.
 */
import { ordinaryAmount } from './amounts.js';
import type { Merchants } from './merchants.js';
import type { Account, People } from './people.js';
import { Random } from './random.js';
import { DAY_MICROS, HOUR_MICROS, MINUTE_MICROS } from './rhythm.js';
import type { WorldOptions } from './world.js';

const SITTING_MICROS = 30 * MINUTE_MICROS;

/** Where an account was last seen, so that purchases of one sitting belong together. */
interface Sitting {
  untilMicros: number;
  deviceId: string;
  ipId: string;
  sessionId: string;
  merchant: number;
}

/** A crowd at a quiet merchant for a few honest hours. */
interface Sale {
  readonly fromMicros: number;
  readonly toMicros: number;
  readonly merchant: number;
}

export class Shoppers {
  private readonly sittings = new Map<string, Sitting>();
  private readonly random: Random;
  private readonly people: People;
  private readonly merchants: Merchants;
  private readonly sales: readonly Sale[];

  constructor(options: Required<WorldOptions>, people: People, merchants: Merchants) {
    this.random = Random.of(options.seed, 'shoppers');
    this.people = people;
    this.merchants = merchants;
    const quiet = Math.floor(options.merchants / 10);
    this.sales = Array.from({ length: options.days }, (_, day): Sale => {
      const fromMicros =
        options.startMs * 1000 + day * DAY_MICROS + Math.floor(this.random.unit() * DAY_MICROS);
      return {
        fromMicros,
        toMicros: fromMicros + this.random.between(2, 5) * HOUR_MICROS,
        merchant: quiet + this.random.below(options.merchants - quiet),
      };
    });
  }

  /** Everything about an honest purchase that its account and time leave open. */
  buy(
    account: Account,
    atMicros: number,
  ): { readonly sitting: Sitting; readonly instrumentId: string; readonly amountMinor: number } {
    const { random } = this;
    let sitting = this.sittings.get(account.id);
    if (sitting === undefined || atMicros > sitting.untilMicros) {
      sitting = this.sitDown(account, atMicros);
      this.sittings.set(account.id, sitting);
    } else if (random.chance(0.55)) {
      sitting.merchant = this.merchants.draw(random);
    }
    sitting.untilMicros = atMicros + SITTING_MICROS;
    const [usual] = account.instruments;
    const instrumentId =
      usual !== undefined && random.chance(0.8) ? usual : random.pick(account.instruments);
    return { sitting, instrumentId, amountMinor: ordinaryAmount(random, account.taste) };
  }

  private sitDown(account: Account, atMicros: number): Sitting {
    const { random, people } = this;
    const { party } = account;
    if (random.chance(0.004)) party.devices = [people.mint.mint('device'), ...party.devices];
    if (random.chance(0.003))
      account.instruments = [people.mint.mint('instrument'), ...account.instruments];
    const [usual] = party.devices;
    return {
      untilMicros: atMicros,
      deviceId: usual !== undefined && random.chance(0.72) ? usual : random.pick(party.devices),
      ipId: this.ip(account),
      sessionId: people.mint.mint('session'),
      merchant: this.merchant(account, atMicros),
    };
  }

  private ip({ party }: Account): string {
    const where = this.random.below(100);
    if (where < 52) return party.homeIp;
    if (where < 78) return party.carrierIp;
    if (where < 92) return party.officeIp ?? party.homeIp;
    return this.random.pick(this.people.publicIps);
  }

  private merchant(account: Account, atMicros: number): number {
    const sale = this.sales.find((one) => one.fromMicros <= atMicros && atMicros < one.toMicros);
    if (sale !== undefined && this.random.chance(0.1)) return sale.merchant;
    return this.random.chance(0.55)
      ? this.random.pick(account.favourites)
      : this.merchants.draw(this.random);
  }
}
