/** The part of the bus suite about rounds: commits, claims, reading the round log. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Bus, RoundEntry } from '../../../runner/bus/port.js';
import { bytes, drain, failsWith, text, textRecord, topicConfig } from './suite.js';
import type { BusUnderTest, OpenBus } from './suite.js';

export const round = (
  task: string,
  epoch: number,
  seq: number,
  blob: readonly string[] = [`blob ${seq}`],
): RoundEntry => ({
  task,
  epoch,
  seq,
  header: bytes(`header ${task} ${seq}`),
  blob: blob.map(bytes),
});

export const readAll = async (
  bus: Bus,
  task: string,
  from = 1,
  to?: number,
): Promise<readonly RoundEntry[]> => {
  const found: RoundEntry[] = [];
  for await (const entry of bus.rounds(task, from, to)) found.push(entry);
  return found;
};

const shown = (entry: RoundEntry): string =>
  `${entry.epoch}:${entry.seq} ${text(entry.header)} [${entry.blob.map(text).join('|')}]`;

export const roundsSuite = (open: OpenBus): void => {
  describe('rounds', () => {
    let under: BusUnderTest;
    let bus: Bus;
    beforeEach(async () => {
      under = await open();
      bus = under.bus;
      await bus.ensureTopics([topicConfig('out.v1', 1)]);
    });
    afterEach(() => under.destroy());

    it('P2: a commit makes outputs, header and blob visible and durable together', async () => {
      await bus.claim(['t/0', 't/1'], 'me');
      const answers = await bus.commit({
        rounds: [round('t/0', 1, 1, ['one', 'two']), round('t/1', 1, 1, [])],
        outputs: [textRecord('out.v1', 'k', 'first'), textRecord('out.v1', 'k', 'second')],
      });
      expect(answers.map(({ offset }) => offset)).toEqual([0n, 1n]);
      for (const again of [false, true]) {
        const reader = again ? await under.reopen() : bus;
        expect((await readAll(reader, 't/0')).map(shown)).toEqual(['1:1 header t/0 1 [one|two]']);
        expect((await readAll(reader, 't/1')).map(shown)).toEqual(['1:1 header t/1 1 []']);
        expect((await drain(reader, 'out.v1', 0)).map(({ value }) => text(value))).toEqual([
          'first',
          'second',
        ]);
        expect(await reader.tasks()).toEqual(['t/0', 't/1']);
      }
    });

    it('groups concurrent commits of several tasks and keeps each in its order', async () => {
      const tasks = Array.from({ length: 8 }, (_, at) => `t/${at}`);
      await bus.claim(tasks, 'me');
      await Promise.all(
        tasks.flatMap((task) =>
          Array.from({ length: 25 }, (_, at) =>
            bus.commit({
              rounds: [round(task, 1, at + 1)],
              outputs: [textRecord('out.v1', task, `${task} ${at + 1}`)],
            }),
          ),
        ),
      );
      bus = await under.reopen();
      const outputs = (await drain(bus, 'out.v1', 0)).map(({ value }) => text(value));
      for (const task of tasks) {
        const seqs = Array.from({ length: 25 }, (_, at) => at + 1);
        expect((await readAll(bus, task)).map(({ seq }) => seq)).toEqual(seqs);
        expect(outputs.filter((output) => output.startsWith(`${task} `))).toEqual(
          seqs.map((seq) => `${task} ${seq}`),
        );
      }
    });

    it('a claim raises the epoch by one and tells the last committed round', async () => {
      const [first] = await bus.claim(['t/0'], 'one');
      expect(first).toEqual({ task: 't/0', epoch: 1, owner: 'one', lastSeq: 0, lastHeader: null });
      await bus.commit({ rounds: [round('t/0', 1, 1), round('t/0', 1, 2)], outputs: [] });
      bus = await under.reopen();
      const [second] = await bus.claim(['t/0'], 'two');
      expect(second).toMatchObject({ epoch: 2, owner: 'two', lastSeq: 2 });
      expect(text(second?.lastHeader ?? null)).toBe('header t/0 2');
      bus = await under.reopen();
      const [third] = await bus.claim(['t/0'], 'three');
      expect(third?.epoch).toBe(3);
    });

    it('refuses the commit of a task that another claimed, and writes nothing of it', async () => {
      await bus.claim(['t/0', 't/1'], 'old');
      await bus.claim(['t/0'], 'new');
      await failsWith(
        bus.commit({
          rounds: [round('t/1', 1, 1), round('t/0', 1, 1)],
          outputs: [textRecord('out.v1', 'k', 'zombie')],
        }),
        'ROUND_FENCED',
      );
      await failsWith(bus.commit({ rounds: [round('t/9', 1, 1)], outputs: [] }), 'ROUND_FENCED');
      expect((await bus.bounds('out.v1'))[0]?.end).toBe(0n);
      expect(await bus.tasks()).toEqual([]);
      await bus.commit({ rounds: [round('t/0', 2, 1), round('t/1', 1, 1)], outputs: [] });
      expect(await bus.tasks()).toEqual(['t/0', 't/1']);
    });

    it('fences a commit that waits behind a claim in the same group', async () => {
      await bus.claim(['t/0'], 'old');
      const [claims, zombie, after] = await Promise.allSettled([
        bus.claim(['t/0'], 'new'),
        bus.commit({ rounds: [round('t/0', 1, 1)], outputs: [textRecord('out.v1', 'k', 'z')] }),
        bus.append([textRecord('out.v1', 'k', 'other')]),
      ]);
      expect(claims.status).toBe('fulfilled');
      expect(zombie).toMatchObject({ status: 'rejected', reason: { code: 'ROUND_FENCED' } });
      expect(after).toMatchObject({ status: 'fulfilled', value: [{ offset: 0n }] });
    });

    it('refuses a round that does not follow the last one', async () => {
      await bus.claim(['t/0'], 'me');
      await failsWith(bus.commit({ rounds: [round('t/0', 1, 2)], outputs: [] }), 'ROUND_GAP');
      await bus.commit({ rounds: [round('t/0', 1, 1)], outputs: [] });
      await failsWith(bus.commit({ rounds: [round('t/0', 1, 1)], outputs: [] }), 'ROUND_GAP');
      await failsWith(
        bus.commit({ rounds: [round('t/0', 1, 2), round('t/0', 1, 4)], outputs: [] }),
        'ROUND_GAP',
      );
      expect((await readAll(bus, 't/0')).map(({ seq }) => seq)).toEqual([1]);
    });

    it('reads any range of rounds, many of them, with large blobs', async () => {
      await bus.claim(['t/0', 't/00'], 'me');
      const part = 'x'.repeat(512 * 1024);
      for (let seq = 1; seq <= 600; seq += 50) {
        const rounds = Array.from({ length: 50 }, (_, at) => round('t/0', 1, seq + at));
        await bus.commit({ rounds, outputs: [] });
      }
      await bus.commit({ rounds: [round('t/0', 1, 601, [part, part, part])], outputs: [] });
      await bus.commit({ rounds: [round('t/00', 1, 1)], outputs: [] });
      const all = await readAll(bus, 't/0');
      expect(all.map(({ seq }) => seq)).toEqual(Array.from({ length: 601 }, (_, at) => at + 1));
      expect(all[600]?.blob.map(({ length }) => length)).toEqual([524288, 524288, 524288]);
      expect((await readAll(bus, 't/0', 299, 302)).map(shown)).toEqual(
        [299, 300, 301, 302].map((seq) => `1:${seq} header t/0 ${seq} [blob ${seq}]`),
      );
      expect(await readAll(bus, 't/0', 602)).toEqual([]);
      expect(await readAll(bus, 'unknown')).toEqual([]);
    });

    it('forgets blobs up to a round and keeps the headers', async () => {
      await bus.claim(['t/0'], 'me');
      for (let seq = 1; seq <= 10; seq++) {
        await bus.commit({ rounds: [round('t/0', 1, seq)], outputs: [] });
      }
      await bus.purgeBlobs('t/0', 4);
      await bus.purgeBlobs('t/0', 7);
      bus = await under.reopen();
      const all = await readAll(bus, 't/0');
      expect(all.map(({ header }) => text(header))).toEqual(
        Array.from({ length: 10 }, (_, at) => `header t/0 ${at + 1}`),
      );
      expect(all.map(({ blob }) => blob.length)).toEqual([0, 0, 0, 0, 0, 0, 0, 1, 1, 1]);
    });

    it('refuses a blob part larger than 512 KiB', async () => {
      await bus.claim(['t/0'], 'me');
      const entry = round('t/0', 1, 1, ['x'.repeat(512 * 1024 + 1)]);
      await failsWith(bus.commit({ rounds: [entry], outputs: [] }), 'USAGE');
    });
  });
};
