/**
 * The cost of one entity-event with three windows of (count, sum, last, since_last), cached.
 * Target of DESIGN section 8: 1.5 us and about 250 bytes. Run: node dist/bench/window.bench.js
 */
import { randomBytes } from 'node:crypto';
import { loadavg } from 'node:os';

import { MemoryBacking } from '../state/backing.js';
import { scopedKey } from '../state/keys.js';
import { openTaskState } from '../state/task-state.js';
import { windowSpecs, windowStore } from '../state/window.js';
import type { Chunk, Head } from '../state/window-chunk.js';
import type { WindowAggregate, WindowPlan } from '../state/window-plan.js';

const HOUR_MS = 3_600_000;
const ENTITIES = 2000;
const EVENTS = 400_000;
const PER_ROUND = 500;

const plan: WindowPlan = {
  unit: 'ms',
  aggregates: [HOUR_MS, 24 * HOUR_MS, 168 * HOUR_MS].flatMap((width): WindowAggregate[] => [
    { aggregate: 'count', width },
    { aggregate: 'sum', width },
    { aggregate: 'last', width },
    { aggregate: 'since_last', width },
  ]),
};

const { heads, chunks } = windowSpecs(plan, { headsMax: 1e6, chunksMax: 1e7 });
const state = await openTaskState({
  stores: [heads, chunks],
  backing: new MemoryBacking(),
  newLineage: randomBytes(16),
});
await state.ready();
const windows = windowStore({ heads: state.keyed<Head>(0), chunks: state.keyed<Chunk>(1), plan });
const keys = Array.from({ length: ENTITIES }, (_, at) =>
  scopedKey('run-2026-a', 'account', `${at}`),
);

/** CPU time of this process: the machine may be busy with other things. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

let seq = 0;
const adding: number[] = [];
const sealing: number[] = [];
let bytes = 0;
let rows = 0;
for (let from = 0; from < EVENTS; from += PER_ROUND) {
  const start = cpuMs();
  for (let at = from; at < from + PER_ROUND; at += 1) {
    state.mark();
    // An event every 10 s in all; an entity has one every five and a half hours.
    const time = at * 10_000;
    windows.add(keys[(at * 7919) % ENTITIES] ?? '', {
      at: time,
      stepMs: time,
      values: [at % 9973],
    });
    state.release();
  }
  const added = cpuMs();
  seq += 1;
  const blob = state.seal(seq);
  const sealed = cpuMs();
  state.durable(seq);
  if (state.checkpointDue()) await state.checkpoint();
  // The first half fills the windows.
  if (from < EVENTS / 2) continue;
  adding.push(added - start);
  sealing.push(sealed - added);
  bytes += blob.bytes;
  rows += blob.puts;
}
process.stdout.write(`load average ${(loadavg()[0] ?? 0).toFixed(1)}; times are CPU times\n`);
const counted = EVENTS / 2;
/** The round at `share` of all in order, in us per event. */
const perEvent = (rounds: readonly number[], share: number): number =>
  (([...rounds].sort((a, b) => a - b)[Math.floor(rounds.length * share)] ?? 0) * 1000) / PER_ROUND;
const say = (what: string, value: number, unit: string): void => {
  process.stdout.write(`${what.padEnd(52)} ${value.toFixed(2).padStart(10)} ${unit}\n`);
};
for (const share of [0.1, 0.5]) {
  const which = share === 0.5 ? 'median round' : 'best tenth';
  say(`add, per entity-event, ${which} (target 1.5)`, perEvent(adding, share), 'us');
  say(`seal, per entity-event, ${which}`, perEvent(sealing, share), 'us');
}
say('blob, per entity-event (target 250)', bytes / counted, 'bytes');
say('rows changed, per entity-event', rows / counted, '');
