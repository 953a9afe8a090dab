/**
 * Every feature of both shipped sets, from plain lists, each time from the beginning. Shares no code
 * with the operators and reads no definition: the features are spelled out here by their names.
 */

export interface TrialEvent {
  readonly eventId: string;
  readonly flowId: string;
  readonly tsMicros: number;
  readonly amountMinor: number;
  readonly account: string;
  readonly instrument: string;
  readonly device: string;
  readonly ip: string;
  readonly merchant: string;
  readonly party: string;
  /** False: only looks. */
  readonly counts: boolean;
}

export interface TrialLabel {
  readonly eventId: string;
  readonly observedMicros: number;
  readonly isFraud: boolean;
}

export type Features = ReadonlyMap<string, number | null>;

type Entity = 'account' | 'instrument' | 'device' | 'ip' | 'merchant';

const HOUR = 3_600_000_000;
const DAY = 24 * HOUR;
const SPANS: readonly (readonly [string, number])[] = [
  ['1h', HOUR],
  ['24h', DAY],
  ['7d', 7 * DAY],
];

/** What was stepped up to some record, in order. */
export class History {
  /** By entity kind and id: its counted events in order of stepping. */
  private readonly counted = new Map<string, TrialEvent[]>();
  /** By event: the earliest fraud label stepped so far. */
  private readonly frauds = new Map<string, number>();

  count(event: TrialEvent): void {
    for (const entity of ['account', 'instrument', 'device', 'ip', 'merchant'] as const) {
      const key = `${entity} ${event[entity]}`;
      this.counted.set(key, [...(this.counted.get(key) ?? []), event]);
    }
  }

  label(label: TrialLabel): void {
    if (!label.isFraud) return;
    const known = this.frauds.get(label.eventId) ?? Infinity;
    this.frauds.set(label.eventId, Math.min(known, label.observedMicros));
  }

  private of(entity: Entity, id: string): readonly TrialEvent[] {
    return this.counted.get(`${entity} ${id}`) ?? [];
  }

  /** Events of the entity with low < ts <= high. */
  private within(entity: Entity, id: string, low: number, high: number): readonly TrialEvent[] {
    return this.of(entity, id).filter((one) => one.tsMicros > low && one.tsMicros <= high);
  }

  /** `event` has been counted already if it counts. */
  defaults(event: TrialEvent): Features {
    const found = new Map<string, number | null>();
    const t = event.tsMicros;
    for (const entity of ['account', 'instrument', 'device', 'ip', 'merchant'] as const) {
      for (const [name, span] of SPANS) {
        const inside = this.within(entity, event[entity], t - span, t);
        const sum = inside.reduce((total, one) => total + one.amountMinor, 0);
        found.set(`${entity}_count_${name}`, inside.length);
        found.set(`${entity}_sum_${name}`, sum);
        found.set(`${entity}_mean_${name}`, inside.length === 0 ? null : sum / inside.length);
      }
      const before = this.before(entity, event);
      found.set(`${entity}_last_amount`, before ? before.amountMinor : null);
      found.set(`${entity}_since_last`, before ? (t - before.tsMicros) / 1_000_000 : null);
    }
    const different = (entity: Entity, of: Entity): number =>
      new Set(this.within(entity, event[entity], t - 7 * DAY, t).map((one) => one[of])).size;
    found.set('accounts_per_device_7d', different('device', 'account'));
    found.set('devices_per_account_7d', different('account', 'device'));
    found.set('devices_per_ip_7d', different('ip', 'device'));
    found.set('instruments_per_account_7d', different('account', 'instrument'));
    return found;
  }

  /** Latest by event time, of equal times the one stepped last; never the event itself. */
  private before(entity: Entity, event: TrialEvent): TrialEvent | undefined {
    const t = event.tsMicros;
    let latest: TrialEvent | undefined;
    for (const one of this.within(entity, event[entity], t - 7 * DAY, t)) {
      if (one === event) continue;
      if (latest === undefined || one.tsMicros >= latest.tsMicros) latest = one;
    }
    return latest;
  }

  handbook(event: TrialEvent): Features {
    const found = new Map<string, number | null>();
    const t = event.tsMicros;
    const at = new Date(t / 1000);
    found.set('TX_AMOUNT', event.amountMinor / 100);
    found.set('TX_DURING_WEEKEND', at.getUTCDay() === 0 || at.getUTCDay() === 6 ? 1 : 0);
    found.set('TX_DURING_NIGHT', at.getUTCHours() <= 6 ? 1 : 0);
    for (const days of [1, 7, 30]) {
      const mine = this.within('account', event.account, t - days * DAY, t);
      const sum = mine.reduce((total, one) => total + one.amountMinor, 0);
      found.set(`CUSTOMER_ID_NB_TX_${days}DAY_WINDOW`, mine.length);
      found.set(
        `CUSTOMER_ID_AVG_AMOUNT_${days}DAY_WINDOW`,
        mine.length === 0 ? null : sum / 100 / mine.length,
      );
      const end = t - 7 * DAY;
      const there = this.within('merchant', event.merchant, end - days * DAY, end);
      const frauds = there.filter((one) => (this.frauds.get(one.eventId) ?? Infinity) <= t).length;
      found.set(`TERMINAL_ID_NB_TX_${days}DAY_WINDOW`, there.length);
      found.set(
        `TERMINAL_ID_RISK_${days}DAY_WINDOW`,
        there.length === 0 ? 0 : frauds / there.length,
      );
    }
    return found;
  }
}
