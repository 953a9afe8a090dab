/** A world on a bus: every record there, in order, with markers where the clock is the records'. */
import { describe, expect, it } from 'vitest';
import { isProgressMarker } from '../../../runner/bus/marker.js';
import { openMemoryBus } from '../../../runner/bus/memory.js';
import type { Bus } from '../../../runner/bus/port.js';
import { appendWorld } from '../../../runner/world/append-world.js';
import { makeWorld } from '../../../runner/world/world.js';
import { memoryLookup } from '../../../schemas/schema-lookup.js';
import { topics } from '../../../schemas/topics.js';
import { everything, SOURCE_NAMES, SOURCES } from '../import/import-fixtures.js';

const world = makeWorld({ seed: 5n, days: 10, flows: 1200 });

async function busOf(clock: Bus['clock']): Promise<Bus> {
  const bus = await openMemoryBus({ clock });
  await bus.ensureTopics(
    SOURCES.map(({ name, partitions }) => ({
      name,
      partitions,
      retentionMs: null,
      retentionBytes: null,
    })),
  );
  return bus;
}

describe('appendWorld', () => {
  it.each(['records', 'wall'] as const)(
    'puts every event of the world on a %s bus once',
    async (clock) => {
      const bus = await busOf(clock);
      const appended = await appendWorld({
        bus,
        world,
        lookup: memoryLookup(),
        sources: SOURCE_NAMES,
        opening: [
          { topic: topics.policy.name, key: Buffer.from('p'), value: Buffer.from('policy') },
        ],
      });
      expect(appended.traffic).toBe(2400);
      const all = await everything(bus);
      const events = all.filter((record) => !isProgressMarker(record));
      for (const [topic, count] of appended.records) {
        expect(events.filter((record) => record.topic === topic)).toHaveLength(count);
      }
      const first = [...events].sort((a, b) => a.sequence - b.sequence)[0];
      expect(first?.topic).toBe(topics.policy.name);
      const markers = all.filter(isProgressMarker);
      if (clock === 'wall') {
        expect(markers).toHaveLength(0);
        return;
      }
      const lastEvent = Math.max(...events.map(({ timeMs }) => timeMs));
      for (const topic of SOURCE_NAMES) {
        for (const { partition, lastTimeMs } of await bus.bounds(topic)) {
          expect(lastTimeMs, `${topic}/${partition}`).toBe(lastEvent + 60_000);
        }
      }
    },
  );

  it('stops at the signal', async () => {
    const stop = new AbortController();
    stop.abort();
    const bus = await busOf('records');
    await expect(
      appendWorld({
        bus,
        world,
        lookup: memoryLookup(),
        sources: SOURCE_NAMES,
        signal: stop.signal,
      }),
    ).rejects.toThrow();
  });
});
