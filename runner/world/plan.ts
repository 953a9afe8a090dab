/**
 * When every flow of a world happens and who makes it, before any detail is decided.
 *
 * Honest flows are drawn by the accounts' activity and the rhythm of days and hours; scripted ones
 * are put among them; the order is by time, then by draw.
 * P1. Exactly `options.flows` flows, none before its account opened, none outside the world's days.
 */
import type { People } from './people.js';
import { Random, weighted } from './random.js';
import { DAY_MICROS, dayDraw, MINUTE_MICROS, timeOfDay } from './rhythm.js';
import type { CampaignFlow } from './schedule.js';
import type { WorldOptions } from './world.js';

/** The order of all flows: `from[at]` is an account's index, or -1 - a scripted flow's index. */
export interface Plan {
  readonly atMicros: Float64Array;
  readonly from: Int32Array;
  readonly order: Uint32Array;
}

export function planFlows(
  options: Required<WorldOptions>,
  people: People,
  scripted: readonly CampaignFlow[],
): Plan {
  const random = Random.of(options.seed, 'plan');
  const startMicros = options.startMs * 1000;
  const spanMicros = options.days * DAY_MICROS;
  const total = options.flows;
  const atMicros = new Float64Array(total);
  const from = new Int32Array(total);
  const drawDay = dayDraw(startMicros, options.days);
  const drawAccount = weighted(people.accounts.map((account) => account.weight));
  scripted.forEach((flow, at) => {
    atMicros[at] = flow.atMicros;
    from[at] = -1 - at;
  });
  for (let at = scripted.length; at < total;) {
    const index = drawAccount(random);
    const account = people.accounts[index];
    if (account === undefined) throw new RangeError('an account outside the people');
    const local = drawDay(random) * DAY_MICROS + timeOfDay(random);
    const inWorld = local - account.party.zone.offsetMinutes * MINUTE_MICROS;
    let when = startMicros + ((inWorld + spanMicros) % spanMicros);
    if (when < account.opensMicros) continue;
    // One purchase in seven is followed by another soon: sittings, errands, forgotten milk.
    do {
      atMicros[at] = when;
      from[at] = index;
      at++;
      when += random.between(1, 50) * MINUTE_MICROS + random.below(MINUTE_MICROS);
    } while (at < total && when < startMicros + spanMicros && random.chance(0.14));
  }
  const order = Uint32Array.from({ length: total }, (_, at) => at);
  order.sort((left, right) => (atMicros[left] ?? 0) - (atMicros[right] ?? 0) || left - right);
  return { atMicros, from, order };
}
