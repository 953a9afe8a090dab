/**
 * The first test of weir: results are a function of the data, not of scheduling (DESIGN section 3).
 * One log, many schedules: round borders, partition counts, what arrives when, crashes.
 */
import { describe, expect, it } from 'vitest';
import { drive, type Driver, type DriverInput } from '../../runner/driver.js';
import { cardHistory, START_MS } from '../support/card-history.js';
import { cardTopics, cardTopology, type Verdict } from '../support/card-topology.js';

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
    startMs: START_MS,
    tuning: { limits: () => ({ recordsMax: schedule.recordsMax, bytesMax: 512 * 1024 }) },
  });
  await driver.run(inputs);
  await driver.endAt(START_MS + 3_600_000);
  const found = await contents(driver);
  const ended = driver.opened.group.clockMs;
  await driver.close();
  return { ...found, ended };
}

describe('determinism', () => {
  const inputs = cardHistory(42, 600);

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
    const driver = await drive(cardTopology, {
      clock: 'records',
      partitions: 2,
      startMs: START_MS,
    });
    for (const input of inputs) await driver.run([input]);
    await driver.endAt(START_MS + 3_600_000);
    const oneByOne = await contents(driver);
    expect(oneByOne.verdicts).toEqual(atOnce.verdicts);
    expect(oneByOne.quarantined).toEqual(atOnce.quarantined);
    await driver.close();
  });

  it('gives equal contents after crashes around every durable write', async () => {
    const short = cardHistory(7, 60);
    const calm = await loaded(short, { partitions: 2, recordsMax: 5, seed: 1 });
    let struck = 0;
    for (const crash of ['before-write', 'after-write'] as const) {
      for (let nth = 1; nth <= 40; nth += 1) {
        const driver = await drive(cardTopology, {
          clock: 'records',
          partitions: 2,
          startMs: START_MS,
          tuning: { limits: () => ({ recordsMax: 5, bytesMax: 512 * 1024 }) },
        });
        await driver.run(short);
        const before = driver.opened;
        await driver.run([{ crash, nth }]);
        await driver.endAt(START_MS + 3_600_000).catch(async (error: unknown) => {
          // The marker's own append was struck: say it again, as any producer would.
          if (!(error instanceof Error) || !error.message.includes('crash was asked for'))
            throw error;
          await driver.crash();
          await driver.endAt(START_MS + 3_600_000);
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
