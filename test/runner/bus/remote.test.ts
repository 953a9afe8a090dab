/** The bus over the owner's socket: the suite without rounds, and what belongs to two processes. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { handleBus } from '../../../runner/bus/bus-calls.js';
import { openBus } from '../../../runner/bus/open.js';
import type { Bus } from '../../../runner/bus/port.js';
import { readTopic, type TopicRecord } from '../../../runner/bus/read-topic.js';
import { OwnerHandlers, serveOwner } from '../../../runner/owner-socket.js';
import { compileChild, type CompiledChild } from '../../compile-child.js';
import { busSuite, bytes, drain, failsWith, text, textRecord, topicConfig } from './suite.js';
import { readAll, round } from './suite-rounds.js';

/** An owner and, in the same process, a client of its socket. */
const ownAndUse = async (dataDir: string, clock?: 'wall' | 'records') => {
  const { bus: own } = await openBus({
    dataDir,
    mode: 'own',
    ...(clock === undefined ? {} : { clock }),
  });
  const handlers = new OwnerHandlers();
  handleBus(handlers, own);
  const socket = await serveOwner({ dataDir, handlers });
  const { bus, owner } = await openBus({ dataDir, mode: 'use' });
  expect(owner).not.toBeNull();
  return {
    own,
    bus,
    close: async (): Promise<void> => {
      await bus.close();
      await socket.close();
      await own.close();
    },
  };
};

busSuite(
  'owner socket',
  async (clock = 'wall') => {
    const dir = await mkdtemp(join(tmpdir(), 'weir-remote-'));
    let pair = await ownAndUse(dir, clock);
    return {
      bus: pair.bus,
      async reopen() {
        await pair.close();
        pair = await ownAndUse(dir);
        return pair.bus;
      },
      async destroy() {
        await pair.close();
        await rm(dir, { recursive: true });
      },
    };
  },
  { rounds: false },
);

describe('a bus another process owns', () => {
  const inDirectory = async (work: (dir: string) => Promise<void>): Promise<void> => {
    const dir = await mkdtemp(join(tmpdir(), 'weir-owned-'));
    await work(dir);
    await rm(dir, { recursive: true });
  };

  it('shows rounds, and refuses claim, commit and purge with one line', () =>
    inDirectory(async (dir) => {
      const { own, bus, close } = await ownAndUse(dir);
      await own.ensureTopics([topicConfig('a.v1', 1)]);
      await own.claim(['t/0'], 'me');
      for (let seq = 1; seq <= 300; seq++) {
        await own.commit({ rounds: [round('t/0', 1, seq)], outputs: [] });
      }
      expect((await readAll(bus, 't/0', 2)).map(({ seq }) => seq)).toHaveLength(299);
      expect(text((await readAll(bus, 't/0', 7, 7))[0]?.blob[0] ?? null)).toBe('blob 7');
      expect(await bus.tasks()).toEqual(['t/0']);
      for await (const { seq } of bus.rounds('t/0', 1)) if (seq === 3) break;
      const refused = await failsWith(bus.claim(['t/0'], 'other'), 'USAGE');
      expect(refused.message).not.toContain('\n');
      await failsWith(bus.commit({ rounds: [], outputs: [] }), 'USAGE');
      await failsWith(bus.purgeBlobs('t/0', 1), 'USAGE');
      expect(Math.abs(bus.nowMs() - own.nowMs())).toBeLessThan(1000);
      await close();
    }));

  it('opened for reading, throws READ_ONLY on every write', () =>
    inDirectory(async (dir) => {
      const { own, close } = await ownAndUse(dir);
      await own.ensureTopics([topicConfig('a.v1', 1)]);
      const { bus } = await openBus({ dataDir: dir, mode: 'read' });
      await bus.ensureTopics([topicConfig('a.v1', 1)]);
      const writes: readonly (() => Promise<unknown>)[] = [
        () => bus.ensureTopics([topicConfig('b.v1', 1)]),
        () => bus.append([textRecord('a.v1', 'k', 'w')]),
        () => bus.commit({ rounds: [], outputs: [] }),
        () => bus.claim(['t/0'], 'other'),
        () => bus.purgeBlobs('t/0', 1),
        () => bus.meta.put('m', bytes('other')),
        () => bus.meta.delete('m'),
      ];
      for (const write of writes) await failsWith(write(), 'READ_ONLY');
      expect((await own.bounds('a.v1'))[0]?.end).toBe(0n);
      await bus.close();
      await close();
    }));

  it('is owned by the next command when it is free, and own is refused while it is not', () =>
    inDirectory(async (dir) => {
      const first = await openBus({ dataDir: dir, mode: 'own', clock: 'records' });
      await failsWith(openBus({ dataDir: dir, mode: 'own' }), 'USAGE');
      const mute = await failsWith(openBus({ dataDir: dir, mode: 'use' }), 'USAGE');
      expect(mute.message).toContain('answers on no socket');
      await first.bus.close();
      const second = await openBus({ dataDir: dir, mode: 'read' });
      expect(second.owner).toBeNull();
      await second.bus.close();
      const { close } = await ownAndUse(dir);
      const other = await failsWith(openBus({ dataDir: dir, mode: 'use', clock: 'wall' }), 'USAGE');
      expect(other.message).toContain('records clock');
      await close();
    }));
});

describe('two processes', () => {
  let child: CompiledChild;
  let dir = '';
  beforeAll(async () => {
    child = await compileChild('test/runner/bus/owner-child.ts');
    dir = await mkdtemp(join(tmpdir(), 'weir-two-'));
  });
  afterAll(async () => {
    await child.remove();
    await rm(dir, { recursive: true, force: true });
  });

  const startOwner = async (): Promise<ChildProcess> => {
    const running = spawn(process.execPath, [child.entry, dir], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(running.stdout, 'data');
    return running;
  };

  const kill = async (running: ChildProcess): Promise<void> => {
    const ended = once(running, 'close');
    running.kill('SIGKILL');
    await ended;
  };

  const values = async (bus: Bus): Promise<readonly string[]> =>
    (await drain(bus, 'a.v1', 0)).map(({ value }) => text(value));

  it('a second process appends and follows; a killed owner is noticed, its socket replaced', async () => {
    const first = await startOwner();
    expect((await stat(join(dir, 'weir.sock'))).mode & 0o777).toBe(0o600);
    const { bus, owner } = await openBus({ dataDir: dir, mode: 'use' });
    expect(owner).not.toBeNull();
    const refused = await failsWith(openBus({ dataDir: dir, mode: 'own' }), 'USAGE');
    expect(refused.message).toContain(`pid ${first.pid ?? 0} (owner-child.js`);
    const following = readTopic(bus, { topic: 'a.v1', follow: true });
    const seen: string[] = [];
    following.on('data', ({ value }: TopicRecord) => seen.push(text(value)));
    const broken = once(following, 'error');
    await bus.append([textRecord('a.v1', 'k', 'one')]);
    await bus.append([textRecord('a.v1', 'k', 'two')]);
    await expect.poll(() => seen).toEqual(['one', 'two']);
    await kill(first);
    expect((await broken)[0]).toMatchObject({ code: 'OWNER_GONE' });
    await failsWith(bus.append([textRecord('a.v1', 'k', 'lost')]), 'OWNER_GONE');
    await bus.close();
    expect((await stat(join(dir, 'weir.sock'))).isSocket()).toBe(true);

    const second = await startOwner();
    const again = await openBus({ dataDir: dir, mode: 'use' });
    expect(again.owner).not.toBeNull();
    expect(await values(again.bus)).toEqual(['one', 'two']);
    await again.bus.close();
    await kill(second);

    const free = await openBus({ dataDir: dir, mode: 'use' });
    expect(free.own).not.toBeNull();
    expect(await values(free.bus)).toEqual(['one', 'two']);
    await free.bus.close();
  }, 60_000);
});
