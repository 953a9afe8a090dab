/** P1 for a power cut, which no kill -9 shows: every write of a commit asks LevelDB to sync. */
import { MemoryLevel } from 'memory-level';
import { expect, it, vi } from 'vitest';
import { openLog } from '../../../runner/bus/embedded/open-log.js';
import { levelRows } from '../../../runner/bus/embedded/row-store.js';
import { textRecord, topicConfig } from './suite.js';
import { round } from './suite-rounds.js';

it('P1: topics, records, claims, rounds and meta rows are written with sync', async () => {
  const level = new MemoryLevel<Buffer, Buffer>({ keyEncoding: 'buffer', valueEncoding: 'buffer' });
  const batch = vi.spyOn(level, 'batch');
  const bus = await openLog(levelRows(level), 'memory', {}, () => Promise.resolve());
  await bus.ensureTopics([topicConfig('a.v1', 1)]);
  await bus.append([textRecord('a.v1', 'k', 'v')]);
  await bus.claim(['t/0'], 'me');
  await bus.commit({ rounds: [round('t/0', 1, 1)], outputs: [] });
  await bus.meta.put('m', Buffer.from('row'));
  const options = batch.mock.calls.map((call: readonly unknown[]) => call[1]);
  expect(options).toEqual(Array.from({ length: 6 }, () => ({ sync: true })));
  await bus.close();
});
