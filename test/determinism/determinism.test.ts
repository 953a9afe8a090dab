/**
 * The first test of weir: results are a function of the data, not of scheduling (DESIGN section 3).
 * One log, many schedules: round borders, partition counts, what arrives when, crashes.
 */
import { describe, expect, it } from 'vitest';
import { drive, type Driver, type DriverInput } from '../../runner/driver.js';
import { seededRandom } from '../../runner/seeded-random.js';
import { cardTopics, cardTopology, type Auth, type Verdict } from '../support/card-topology.js';

const START = 1_700_000_000_000;

/** A random history in time order: profiles, authorisations with ties, duplicates, conflicts, poison. */
function history(seed: number, length: number): readonly DriverInput[] {
  const random = seededRandom(seed);
  const pick = (count: number): number => Math.floor(random() * count);
  const inputs: DriverInput[] = [];
  const sent: Auth[] = [];
  let atMs = START;
  for (let n = 0; n < length; n += 1) {
    // Half of all steps share a millisecond with the one before.
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
      : { id: `auth-${n}`, card, shop: `shop-${pick(4)}`, amount };
    sent.push(auth);
    inputs.push({ source: 'auths', value: auth, atMs });
  }
  return inputs;
}

async function contents(driver: Driver) {
  const verdicts = await driver.emitted(cardTopics.verdicts);
  const quarantined = await driver.quarantined();
  const byId = (left: Verdict, right: Verdict): number => (left.id < right.id ? -1 : 1);
  return {
    verdicts: verdicts.map((one) => one.value).sort(byId),
    times: verdicts.map((one) => `${one.value.id} ${one.timeMs}`).sort(),
    quarantined: quarantined.map(({ value }) => `${value.code} ${value.message}`).sort(),
  };
}

/** Loads the whole history, then runs with the schedule given. */
async function loaded(
  inputs: readonly DriverInput[],
  schedule: { readonly partitions: number; readonly recordsMax: number; readonly seed: number },
) {
  const driver = await drive(cardTopology, {
    clock: 'records',
    partitions: schedule.partitions,
    seed: schedule.seed,
    startMs: START,
    tuning: { limits: { recordsMax: schedule.recordsMax, bytesMax: 512 * 1024 } },
  });
  await driver.run(inputs);
  await driver.endAt(START + 3_600_000);
  const found = await contents(driver);
  const ended = driver.opened.group.clockMs;
  await driver.close();
  return { ...found, ended };
}

describe('determinism', () => {
  const inputs = history(42, 600);

  it('gives equal contents for random round borders', async () => {
    const whole = await loaded(inputs, { partitions: 1, recordsMax: 10_000, seed: 1 });
    expect(whole.verdicts.length).toBeGreaterThan(400);
    expect(whole.quarantined.length).toBeGreaterThan(5);
    expect(new Set(whole.verdicts.map((one) => one.reason)).size).toBeGreaterThan(1);
    for (const recordsMax of [1, 2, 7, 63, 100]) {
      expect(await loaded(inputs, { partitions: 1, recordsMax, seed: 1 })).toEqual(whole);
    }
  });

  it('gives equal contents for 1, 2 and 8 partitions', async () => {
    const one = await loaded(inputs, { partitions: 1, recordsMax: 97, seed: 1 });
    for (const partitions of [2, 8]) {
      const other = await loaded(inputs, { partitions, recordsMax: 31, seed: 1 });
      expect(other.verdicts).toEqual(one.verdicts);
      expect(other.times).toEqual(one.times);
    }
  });

  it('gives equal contents whether records arrive at once or one by one', async () => {
    const atOnce = await loaded(inputs, { partitions: 2, recordsMax: 50, seed: 1 });
    const driver = await drive(cardTopology, { clock: 'records', partitions: 2, startMs: START });
    for (const input of inputs) await driver.run([input]);
    await driver.endAt(START + 3_600_000);
    const oneByOne = await contents(driver);
    expect(oneByOne.verdicts).toEqual(atOnce.verdicts);
    expect(oneByOne.quarantined).toEqual(atOnce.quarantined);
    await driver.close();
  });

  it('gives equal contents after crashes around every durable write', async () => {
    const short = history(7, 60);
    const calm = await loaded(short, { partitions: 2, recordsMax: 5, seed: 1 });
    let struck = 0;
    for (const crash of ['before-write', 'after-write'] as const) {
      for (let nth = 1; nth <= 40; nth += 1) {
        const driver = await drive(cardTopology, {
          clock: 'records',
          partitions: 2,
          startMs: START,
          tuning: { limits: { recordsMax: 5, bytesMax: 512 * 1024 } },
        });
        await driver.run(short);
        const before = driver.opened;
        await driver.run([{ crash, nth }]);
        await driver.endAt(START + 3_600_000).catch(async (error: unknown) => {
          // The marker's own append was struck: say it again, as any producer would.
          if (!(error instanceof Error) || !error.message.includes('crash was asked for')) throw error;
          await driver.crash();
          await driver.endAt(START + 3_600_000);
        });
        if (driver.opened !== before) struck += 1;
        const found = await contents(driver);
        expect(found.verdicts).toEqual(calm.verdicts);
        expect(found.quarantined).toEqual(calm.quarantined);
        await driver.close();
      }
    }
    expect(struck).toBeGreaterThan(20);
  });
});
