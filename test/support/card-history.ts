/** A random history for the card topology: profiles, authorisations with ties, duplicates, conflicts, poison. */
import type { DriverInput } from '../../runner/driver.js';
import { seededRandom } from '../../runner/seeded-random.js';
import type { Auth } from './card-topology.js';

export const START_MS = 1_700_000_000_000;

/** In time order; half of all steps share a millisecond with the one before. */
export function cardHistory(
  seed: number,
  length: number,
  startMs = START_MS,
): readonly DriverInput[] {
  const random = seededRandom(seed);
  const pick = (count: number): number => Math.floor(random() * count);
  const inputs: DriverInput[] = [];
  const sent: Auth[] = [];
  let atMs = startMs;
  for (let n = 0; n < length; n += 1) {
    if (random() < 0.5) atMs += pick(200);
    const card = `card-${pick(12)}`;
    if (random() < 0.1) {
      inputs.push({ source: 'profiles', value: { card, limit: pick(1000) }, atMs });
      continue;
    }
    const again = random() < 0.1 ? sent[pick(sent.length)] : undefined;
    // The same again, or the same id with another amount; under its own card, as producers key by card.
    const amount = random() < 0.02 ? 13 : 100 + pick(5);
    const auth = again
      ? { ...again, amount: random() < 0.5 ? again.amount : amount }
      : { id: `auth-${seed}-${n}`, card, shop: `shop-${pick(4)}`, amount };
    sent.push(auth);
    inputs.push({ source: 'auths', value: auth, atMs });
  }
  return inputs;
}
