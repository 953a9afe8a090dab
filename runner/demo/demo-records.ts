/**
 * The world's records as a real feed delivers them: some twice, some late, a few broken.
 *
 * in: a world and a writer. out: its records in order of time, but one in 200 is held back by up to
 * `HELD_MOST` records, one in 200 comes again later, and of the traffic a fixed few come once more with
 * another amount (quarantined for their hash) or cut short (quarantined as undecodable).
 * The same world gives the same feed. Memory: what is held back.
 * M1. Every record of the world is in the feed at least once: nothing is lost here.
 */
import type { ProducedRecord } from '../bus/port.js';
import type { EnvelopeWriter } from '../world/envelope.js';
import { worldSteps } from '../world/feed.js';
import { Random } from '../world/random.js';
import { stepRecords } from '../world/world-records.js';
import type { World } from '../world/world.js';

const TWICE = 0.005;
const HELD_BACK = 0.005;
const HELD_MOST = 60;
/** One traffic event in so many comes again with another amount; one comes cut short. */
const CHANGED_EVERY = 9973;
const BROKEN_EVERY = 14_983;

interface Held {
  readonly due: number;
  readonly record: ProducedRecord;
}

export function* demoRecords(
  world: World,
  writer: EnvelopeWriter,
): Generator<ProducedRecord, void, undefined> {
  const random = Random.of(world.options.seed, 'demo feed');
  let held: Held[] = [];
  let at = 0;
  let traffic = 0;
  const later = (record: ProducedRecord): void => {
    held.push({ due: at + random.between(1, HELD_MOST), record });
  };
  for (const step of worldSteps(world)) {
    for (const record of stepRecords(step, writer)) {
      at += 1;
      if (held.some(({ due }) => due <= at)) {
        for (const { due, record: back } of held) if (due <= at) yield back;
        held = held.filter(({ due }) => due > at);
      }
      if (random.chance(TWICE)) later(record);
      if (random.chance(HELD_BACK)) later(record);
      else yield record;
    }
    if (step.kind !== 'traffic') continue;
    traffic += 1;
    if (traffic % CHANGED_EVERY === 0) {
      later(writer.traffic({ ...step.flow, amount: step.flow.amount + 1 }, step.event));
    }
    if (traffic % BROKEN_EVERY === 0) later(cutShort(writer.traffic(step.flow, step.event)));
  }
  for (const { record } of held) yield record;
}

/** Half its bytes: the schema id can be read, the event cannot. */
const cutShort = (record: ProducedRecord): ProducedRecord => ({
  ...record,
  value: record.value && record.value.subarray(0, Math.floor(record.value.byteLength / 2)),
});
