/** Random streams of events and labels with ties, duplicates, looks and disorder, by seed. */
import { seededRandom, type Random } from '../../state/random.js';
import type { TrialEvent, TrialLabel } from './brute-force.js';

export type Happening =
  | { readonly kind: 'event'; readonly event: TrialEvent }
  | { readonly kind: 'label'; readonly label: TrialLabel };

export interface StreamOptions {
  readonly seed: number;
  readonly events: number;
  /** How far below the newest event time an event may come, microseconds. */
  readonly disorderMicros: number;
  /** Most event time between two events. */
  readonly stepMicros: number;
}

const START_MICROS = 1_750_000_000_000_000;
const DAY_MICROS = 86_400_000_000;

function nextEvent(
  random: Random,
  at: { readonly number: number; readonly tsMicros: number },
): TrialEvent {
  const person = random.whole(4);
  return {
    eventId: `event-${at.number}`,
    flowId: `flow-${at.number}`,
    tsMicros: at.tsMicros,
    amountMinor: random.once(10) ? 0 : random.whole(100_000) - 1000,
    account: random.once(9) ? '0' : `acc-${person}`,
    instrument: `card-${person}-${random.whole(2)}`,
    device: random.once(3) ? 'dev-shared' : `dev-${person}`,
    ip: `10.0.0.${random.whole(3)}`,
    merchant: `18446744073709${random.whole(3)}`,
    party: `party-${person}`,
    counts: !random.once(4),
  };
}

/** A report about some recent event; now and then about one that is still to come. */
function nextLabel(
  random: Random,
  known: readonly TrialEvent[],
  at: { readonly next: number; readonly newest: number },
): TrialLabel {
  const event = known[known.length - 1 - random.whole(Math.min(known.length, 200))];
  const about = event && !random.once(12) ? event.eventId : `event-${at.next + random.whole(6)}`;
  return {
    eventId: about,
    // Often exactly at an event's time: equal counts.
    observedMicros: random.once(2)
      ? at.newest
      : at.newest - DAY_MICROS + random.whole(3 * DAY_MICROS),
    isFraud: !random.once(3),
  };
}

export function randomStream(options: StreamOptions): readonly Happening[] {
  const random = seededRandom(options.seed);
  const stream: Happening[] = [];
  const known: TrialEvent[] = [];
  let newest = START_MICROS;
  for (let number = 0; number < options.events; number += 1) {
    // Ties are frequent, and so are steps of exactly an hour or a day.
    const step = [0, 0, 3_600_000_000, DAY_MICROS, 1][random.whole(16)];
    const moved = newest + (step ?? random.whole(options.stepMicros));
    const isLate = options.disorderMicros > 0 && random.once(4);
    const tsMicros = isLate ? newest - random.whole(options.disorderMicros) : moved;
    newest = Math.max(newest, tsMicros);
    const event = nextEvent(random, { number, tsMicros });
    stream.push({ kind: 'event', event });
    if (event.counts) known.push(event);
    // A flow's further events only look, at their own times.
    if (random.once(3)) {
      const later = {
        ...event,
        counts: false,
        tsMicros: event.tsMicros + random.whole(90_000_000),
      };
      stream.push({ kind: 'event', event: { ...later, eventId: `${event.eventId}-again` } });
    }
    if (random.once(2)) {
      const label = nextLabel(random, known, { next: number + 1, newest });
      stream.push({ kind: 'label', label });
      if (random.once(5)) stream.push({ kind: 'label', label });
    }
  }
  return stream;
}
