/** Scenarios 35, 36, 48, 64, 65: offsets, late consumers, replayed context, one commit. */
import { describe, expect, it } from 'vitest';
import { appendProgress } from '../../runner/bus/marker.js';
import type { Driver, DriverInput } from '../../runner/driver.js';
import { openGroup } from '../../runner/engine/open-group.js';
import { openReplay } from '../../runner/engine/replay.js';
import { seededRandom } from '../../runner/seeded-random.js';
import { MemoryBacking } from '../../state/backing.js';
import { openTaskState } from '../../state/task-state.js';
import { defaultFeaturePlan } from '../../topologies/features/feature-sets.js';
import { topics } from '../../schemas/topics.js';
import { ieg } from '../../topologies/ieg.js';
import { amountBundle, control } from '../support/loop-control.js';
import { contentOf, openLoop, outputsOf } from '../support/loop-driver.js';
import { BASE_MS, input, type FlowPlan } from '../support/loop-events.js';

const START = [
  control.policy(BASE_MS),
  ...control.promote(amountBundle(defaultFeaturePlan), BASE_MS),
];
const T = BASE_MS + 1000;
const END = T + 600_000;

/** Flows over a few merchants; some miss their context, some come before it. */
function stream(flows: number): readonly DriverInput[] {
  return Array.from({ length: flows }, (_, n) => {
    const plan: FlowPlan = {
      flowId: String(n + 1),
      merchantId: String(7 + (n % 3)),
      arrivalSeq: n + 1,
    };
    const at = T + n * 40;
    if (n % 7 === 3) return [input.traffic(plan, at)];
    if (n % 5 === 2) return [input.traffic(plan, at), ...input.context(plan, at + 20)];
    return [...input.context(plan, at), input.traffic(plan, at + 1)];
  }).flat();
}

const digestsOf = (driver: Driver): Promise<readonly string[]> =>
  Promise.all(driver.opened.group.tasks.map((task) => task.state.digest()));

const decidedBy = async (driver: Driver) => {
  const { decisions } = await outputsOf(driver);
  return decisions
    .map(contentOf)
    .sort((left, right) => (left.decision_id < right.decision_id ? -1 : 1));
};

async function freshState(request: Parameters<Parameters<typeof openReplay>[0]['openState']>[0]) {
  const { stores, lineage } = request;
  return openTaskState({
    stores,
    backing: new MemoryBacking(),
    newLineage: Buffer.from(lineage, 'hex'),
  });
}

describe('durability', () => {
  it('35. killed 100 times at random points, the state and decisions equal an undisturbed run', async () => {
    const inputs = stream(60);
    const calm = await openLoop({ clock: 'records' });
    await calm.run([...START, ...inputs]);
    await calm.endAt(END);
    const seed = 35;
    const random = seededRandom(seed);
    const struck = await openLoop({ clock: 'records', seed });
    await struck.run(START);
    let kills = 0;
    for (const one of inputs) {
      await struck.run([one]);
      if (random() < 0.6 && kills < 100) {
        kills += 1;
        await struck.crash();
      }
    }
    await struck.endAt(END);
    expect(kills).toBe(100);
    expect(await decidedBy(struck), `seed ${seed}`).toEqual(await decidedBy(calm));
    expect(await digestsOf(struck)).toEqual(await digestsOf(calm));
    for (const reader of struck.opened.group.readers) expect(reader.lag).toBe(0);
    await Promise.all([calm.close(), struck.close()]);
  });

  it('36. a consumer started late reads from the start of the run', async () => {
    const driver = await openLoop({ clock: 'records' });
    await driver.run([...START, ...stream(20)]);
    await driver.endAt(END);
    const { group } = await openGroup({
      topology: ieg,
      bus: driver.bus,
      serde: driver.serde,
      openState: freshState,
      owner: 'late',
      build: 'test',
    });
    await appendProgress(
      driver.bus,
      ieg.sources.map((source) => source.topic.name),
      END + 1,
    );
    let records = 0;
    const ends = await Promise.all(
      ieg.sources.map(async ({ topic }) => driver.bus.bounds(topic.name)),
    );
    for (const { end } of ends.flat()) records += Number(end);
    while (await group.step());
    await group.settled();
    expect(records).toBeGreaterThan(20);
    expect(group.readers.reduce((sum, reader) => sum + Number(reader.next), 0)).toBe(records);
    await group.close();
    await driver.close();
  });

  it('48. context replayed from the bus gives the same state', async () => {
    const driver = await openLoop({ clock: 'records' });
    await driver.run([...START, ...stream(40)]);
    await driver.endAt(END);
    const replay = await openReplay({
      topology: driver.topology,
      bus: driver.bus,
      serde: driver.serde,
      openState: freshState,
    });
    for await (const round of replay.rounds()) expect(round.faults).toEqual([]);
    const again = await Promise.all(
      replay.tasks.map(async (task) => [task.id, await task.state.digest()]),
    );
    const live = await Promise.all(
      driver.opened.group.tasks.map(async (task) => [task.id, await task.state.digest()]),
    );
    expect(again).toEqual(live);
    await replay.close();
    await driver.close();
  });

  it.each([
    ['64. while the audit cannot be written', 'before-write'],
    ['65. killed right after the round was written', 'after-write'],
  ] as const)(
    '%s, nothing is half done and each event gets exactly one decision and audit',
    async (_name, crash) => {
      const plan: FlowPlan = { flowId: '1', merchantId: '7' };
      const driver = await openLoop({ clock: 'records' });
      await driver.run([...START, ...input.context(plan, T)]);
      const before = await outputsOf(driver);
      expect(before.decisions).toEqual([]);
      await driver.run([input.traffic(plan, T + 1)]);
      // The next durable write is the end marker's, the one after it the round that decides: decision,
      // intent, audit and offset in one.
      await driver.run([{ crash, nth: 2 }]);
      await driver.endAt(END);
      const { decisions } = await outputsOf(driver);
      expect(decisions).toHaveLength(1);
      const audits = await driver.emitted(topics.audit);
      expect(audits.map(({ value }) => value.decision_id)).toEqual([decisions[0]?.decision_id]);
      await driver.close();
    },
  );
});
