/** The rules of rounds, R1 to R7 of DESIGN section 4, each shown on the real engine. */
import { describe, expect, it } from 'vitest';
import { keyed } from '../../../operators/keyed.js';
import { lift } from '../../../operators/lift.js';
import { flatMap } from '../../../operators/flat-map.js';
import { rekey } from '../../../operators/rekey.js';
import { to } from '../../../operators/to.js';
import { joinWait, type Held } from '../../../operators/join-wait.js';
import { map } from '../../../operators/map.js';
import { drive } from '../../../runner/driver.js';
import { decodeHeader, GENESIS } from '../../../runner/engine/header.js';
import { keyedStore } from '../../../state/store.js';
import { topology } from '../../../topologies/topology.js';
import { cardHistory, START_MS } from '../../support/card-history.js';
import {
  cardTopics,
  cardTopology,
  type Auth,
  type Profile,
  type Verdict,
} from '../../support/card-topology.js';

const auth = (n: number, atMs: number, change: Partial<Auth> = {}) => ({
  source: 'auths',
  value: { id: `a${n}`, card: `card-${n}`, shop: 'shop', amount: 100, ...change },
  atMs,
});

const verdictOf = (value: Auth, count: number): Verdict => ({
  id: value.id,
  shop: value.shop,
  reason: 'joined',
  limit: 0,
  waitedMs: 0,
  shopCount: count,
  shopSum: 0,
  shopHash: 0,
});

describe('rounds', () => {
  it('R1: ranges of consecutive rounds touch, and the chain of headers holds', async () => {
    const driver = await drive(cardTopology, {
      partitions: 2,
      startMs: START_MS,
      tuning: { limits: () => ({ recordsMax: 11, bytesMax: 1 << 20 }) },
    });
    await driver.run([...cardHistory(1, 200), { crash: 'now' }, ...cardHistory(2, 50)]);
    await driver.settle(2000);
    let rounds = 0;
    for (const { id } of driver.opened.group.tasks) {
      let chain: Uint8Array = GENESIS;
      const next = new Map<string, bigint>();
      for await (const entry of driver.bus.rounds(id, 1)) {
        const header = decodeHeader(entry.header, chain);
        chain = header.chain;
        rounds += 1;
        for (const range of header.ranges) {
          const place = `${range.topic}/${range.partition}`;
          expect(range.from).toBe(next.get(place) ?? 0n);
          next.set(place, range.to);
        }
      }
      for (const [place, offset] of next) {
        const [topicName = '', partition = ''] = place.split('/');
        const bounds = await driver.bus.bounds(topicName);
        expect(offset).toBe(bounds[Number(partition)]?.end);
      }
    }
    expect(rounds).toBeGreaterThan(20);
    await driver.close();
  });

  it('R3: outputs, header and blob are there together or not at all', async () => {
    for (const crash of ['before-write', 'after-write'] as const) {
      const driver = await drive(cardTopology, { clock: 'records', startMs: START_MS });
      // The append of the record is the first durable write, its round's commit the second.
      await driver.run([
        { source: 'profiles', value: { card: 'card-1', limit: 5 }, atMs: START_MS },
        { crash, nth: 2 },
        auth(1, START_MS),
      ]);
      await driver.endAt(START_MS + 5000);
      expect(await driver.emitted(cardTopics.verdicts)).toHaveLength(1);
      const tasks = driver.opened.group.tasks.map((task) => task.seq);
      expect(tasks.every((seq) => seq >= 1)).toBe(true);
      await driver.close();
    }
  });

  it('R4: recovery applies blobs and executes nothing again', async () => {
    let steps = 0;
    const counting = topology({
      name: 'counting',
      sources: { auths: cardTopics.auths },
      stores: { counts: keyedStore<number>({ keysMax: 100 }) },
      sinks: { verdicts: cardTopics.verdicts },
      wire: ({ auths }, { counts }, { verdicts }) =>
        auths.pipe(
          keyed<number, Auth, Verdict>('count', { in: counts }, (state = 0, event) => {
            steps += 1;
            return event.kind === 'record'
              ? { state: state + 1, out: [verdictOf(event.value, state + 1)] }
              : { state };
          }),
          to(verdicts),
        ),
    });
    const driver = await drive(counting, { startMs: START_MS });
    await driver.run([auth(1, START_MS), auth(1, START_MS + 1), auth(1, START_MS + 2)]);
    expect(steps).toBe(3);
    await driver.crash();
    expect(driver.opened.applied).toBeGreaterThan(0);
    expect(steps).toBe(3);
    await driver.run([auth(1, START_MS + 3)]);
    const counts = (await driver.emitted(cardTopics.verdicts)).map(({ value }) => value.shopCount);
    expect(counts).toEqual([1, 2, 3, 4]);
    await driver.close();
  });

  it('R6: a round fires at most its bound of timers, and cuts between due times', async () => {
    const rounds: { timers: number; clockMs: number }[] = [];
    const driver = await drive(cardTopology, {
      clock: 'records',
      startMs: START_MS,
      tuning: {
        bounds: { timersMax: 50, outputBytesMax: 1 << 22, forwardedMax: 1000 },
      },
      onRound: ({ timers, clockMs }) => rounds.push({ timers, clockMs }),
    });
    const inputs = Array.from({ length: 300 }, (_, n) => auth(n, START_MS + Math.floor(n / 3)));
    await driver.run(inputs);
    await driver.endAt(START_MS + 60_000);
    expect(Math.max(...rounds.map((round) => round.timers))).toBeLessThanOrEqual(52);
    expect(rounds.filter((round) => round.timers > 0).length).toBeGreaterThan(5);
    const verdicts = await driver.emitted(cardTopics.verdicts);
    expect(verdicts).toHaveLength(300);
    expect(verdicts.every(({ value }) => value.reason === 'timeout')).toBe(true);
    // The time of an output is that of its timer, not of the round.
    expect(new Set(verdicts.map(({ timeMs, value }) => timeMs - value.waitedMs)).size).toBe(100);
    await driver.close();
  });

  it('R6: a round is cut where its outputs pass their bound', async () => {
    const sizes: number[] = [];
    const driver = await drive(cardTopology, {
      clock: 'records',
      startMs: START_MS,
      tuning: { bounds: { timersMax: 2000, outputBytesMax: 2000, forwardedMax: 1000 } },
      onRound: ({ outputs }) => sizes.push(outputs),
    });
    await driver.run([
      { source: 'profiles', value: { card: 'card-1', limit: 5 }, atMs: START_MS },
      ...Array.from({ length: 200 }, (_, n) =>
        auth(n, START_MS + 1, { card: 'card-1', id: `x${n}` }),
      ),
    ]);
    await driver.endAt(START_MS + 5000);
    expect(await driver.emitted(cardTopics.verdicts)).toHaveLength(200);
    expect(Math.max(...sizes)).toBeLessThan(60);
    await driver.close();
  });

  it('R6: a record that multiplies beyond the bound is diverted (FANOUT_EXCEEDED)', async () => {
    const fan = topology({
      name: 'fan',
      sources: { auths: cardTopics.auths },
      stores: { counts: keyedStore<number>({ keysMax: 10 }) },
      sinks: { verdicts: cardTopics.verdicts },
      wire: ({ auths }, { counts }, { verdicts }) =>
        auths.pipe(
          flatMap((value) => Array.from({ length: value.amount }, () => value)),
          rekey({ stage: 'shop', key: (value) => value.shop }),
          keyed<number, Auth, Verdict>('count', { in: counts }, (state = 0, event) =>
            event.kind === 'record'
              ? { state: state + 1, out: [verdictOf(event.value, state + 1)] }
              : { state },
          ),
          to(verdicts),
        ),
    });
    const driver = await drive(fan, {
      startMs: START_MS,
      tuning: { bounds: { timersMax: 2000, outputBytesMax: 1 << 22, forwardedMax: 100 } },
    });
    await driver.run([auth(1, START_MS, { amount: 101 }), auth(2, START_MS, { amount: 100 })]);
    const quarantined = await driver.quarantined();
    expect(quarantined.map(({ value }) => value.code)).toEqual(['FANOUT_EXCEEDED']);
    expect(await driver.emitted(cardTopics.verdicts)).toHaveLength(100);
    await driver.close();
  });

  it('R6: a full store diverts (STORE_FULL) and leaves no partial state', async () => {
    const full = topology({
      name: 'full',
      sources: { profiles: cardTopics.profiles, auths: cardTopics.auths },
      stores: { held: keyedStore<Held<Auth, Profile>>({ keysMax: 3 }) },
      sinks: { verdicts: cardTopics.verdicts },
      wire: ({ profiles, auths }, { held }, { verdicts }) =>
        auths.pipe(
          joinWait({ with: profiles, waitMs: 900, in: held }),
          map(({ event }) => verdictOf(event, 0)),
          to(verdicts),
        ),
    });
    const driver = await drive(full, { startMs: START_MS });
    await driver.run(Array.from({ length: 5 }, (_, n) => auth(n, START_MS)));
    await driver.settle(3000);
    expect((await driver.quarantined()).map(({ value }) => value.code)).toEqual([
      'STORE_FULL',
      'STORE_FULL',
    ]);
    expect(await driver.emitted(cardTopics.verdicts)).toHaveLength(3);
    await driver.close();
  });

  it('R7: a record whose step fails is diverted with bytes, origin and code, and undone', async () => {
    const driver = await drive(cardTopology, { startMs: START_MS });
    await driver.run([
      { source: 'profiles', value: { card: 'card-1', limit: 5 }, atMs: START_MS },
      auth(1, START_MS, { card: 'card-1', id: 'good-1' }),
      auth(2, START_MS, { card: 'card-1', id: 'bad', amount: 13 }),
      auth(3, START_MS, { card: 'card-1', id: 'good-2' }),
    ]);
    const [bad, ...others] = await driver.quarantined();
    expect(others).toEqual([]);
    expect(bad?.value).toMatchObject({ code: 'STEP_FAILED', topic: 'test.auths', partition: 0 });
    expect(bad?.value.offset).toBe('1');
    expect(bad?.value.value?.length).toBeGreaterThan(5);
    const verdicts = await driver.emitted(cardTopics.verdicts);
    expect(verdicts.map(({ value }) => [value.id, value.shopCount])).toEqual([
      ['good-1', 1],
      ['good-2', 2],
    ]);
    await driver.close();
  });

  it('R7: an operator that loses a record halts the task before it commits (UNBALANCED)', async () => {
    const losing = topology({
      name: 'losing',
      sources: { auths: cardTopics.auths },
      stores: {},
      sinks: { verdicts: cardTopics.verdicts },
      wire: ({ auths }, _stores, { verdicts }) =>
        auths.pipe(
          lift<Auth, Verdict>({
            name: 'loser',
            stores: [],
            onRecord: ({ value }, tools) => {
              if (value.id === 'lost') return;
              tools.pass();
              tools.emit(verdictOf(value, 0));
            },
          }),
          to(verdicts),
        ),
    });
    const driver = await drive(losing, { startMs: START_MS, seed: 77 });
    await driver.run([auth(1, START_MS)]);
    await expect(driver.run([auth(2, START_MS + 1, { id: 'lost' })])).rejects.toThrow(
      /loser.*exactly one.*\[driver seed 77\]/s,
    );
    expect(await driver.emitted(cardTopics.verdicts)).toHaveLength(1);
  });
});
