/**
 * What entity features cost: one request of one entity against the shipped default set, cached, in
 * rounds, beside a baseline that walks the same requests through the same rounds and does nothing.
 * Target: 2.5 us a request, five requests a traffic event. Run after the build:
 * `node dist/bench/features.bench.js [requests] [people]`.
 *
 * Events: people with one account, one instrument, 1.2 devices and 2 ips each; a tenth as many
 * merchants, the busiest with 14 % of all traffic; 60 days of event time, so windows fill and empty.
 * `seal` is the encoding of what a round of 1000 requests changed. `look` is a second event of a flow,
 * which only reads. Times are processor time of the main thread; `best` is the round at the best tenth.
 */
import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { EntityWindows } from '../operators/features/entity-windows.js';
import { featureNoteStore, type FeatureNote } from '../operators/features/feature-notes.js';
import type { EntityKind, FeatureRequest } from '../operators/features/feature-request.js';
import { entityWindowStores } from '../operators/features/live-part.js';
import type { TaggedRow } from '../operators/features/entity-rows.js';
import { MemoryBacking } from '../state/backing.js';
import type { TaskState } from '../state/port.js';
import { openTaskState } from '../state/task-state.js';
import type { Chunk, Head } from '../state/window-chunk.js';
import { defaultFeaturePlan as plan } from '../topologies/features/feature-sets.js';

const EVENTS = Math.floor(Number(process.argv[2] ?? 500_000) / 5);
const PEOPLE = Number(process.argv[3] ?? 2000);
const MERCHANTS = Math.ceil(PEOPLE / 10);
const PER_ROUND = 1000;
const START_MICROS = 1_700_000_000_000_000;
const SPAN_MICROS = 60 * 86_400_000_000;
const RUN = 'platform_20260101T000000Z';
const ENTITIES: readonly EntityKind[] = ['account', 'instrument', 'device', 'ip', 'merchant'];

/** Processor ms of this thread since it started: on a busy machine wall time says nothing. */
const mainThreadMs = (): number => {
  if (process.platform !== 'linux') return performance.now();
  const [ranNs] = readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ');
  return Number(ranNs) / 1e6;
};

let state = 12345;
const below = (limit: number): number => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 2 ** 32) * limit);
};

function* makeRequests(counts: boolean): Generator<FeatureRequest> {
  for (let event = 0; event < EVENTS; event += 1) {
    const person = below(PEOPLE);
    const ids: Record<EntityKind, string> = {
      account: `1000${person}`,
      instrument: `2000${person}`,
      device: `dev-${person}-${below(6) === 0 ? 1 : 0}`,
      ip: `10.${person % 200}.${Math.floor(person / 200)}.${below(2)}`,
      merchant: `184467440737${below(100) < 14 ? 0 : below(MERCHANTS)}`,
      party: `3000${person}`,
    };
    const tsMicros = START_MICROS + Math.floor((event / EVENTS) * SPAN_MICROS);
    for (const entity of ENTITIES) {
      yield {
        eventId: `event-${event}`,
        flowId: `flow-${event}`,
        entity,
        id: ids[entity],
        tsMicros,
        amountMinor: below(20_000),
        ids,
        counts,
        silent: false,
        featureSet: plan.id,
      };
    }
  }
}

/** By round, ms; bytes in all. */
interface Timed {
  readonly stepMs: number[];
  readonly sealMs: number[];
  bytes: number;
}

async function inRounds(
  task: TaskState,
  requests: readonly FeatureRequest[],
  step: (request: FeatureRequest) => unknown,
): Promise<Timed> {
  const timed: Timed = { stepMs: [], sealMs: [], bytes: 0 };
  let seq = task.checkpointSeq;
  for (let at = 0; at < requests.length; at += PER_ROUND) {
    const start = mainThreadMs();
    for (let one = at; one < Math.min(at + PER_ROUND, requests.length); one += 1) {
      const request = requests[one];
      if (request === undefined) continue;
      task.mark();
      step(request);
      task.release();
    }
    const stepped = mainThreadMs();
    timed.stepMs.push(stepped - start);
    seq += 1;
    timed.bytes += task.seal(seq).bytes;
    task.durable(seq);
    timed.sealMs.push(mainThreadMs() - stepped);
    if (task.checkpointDue()) await task.checkpoint();
  }
  await task.checkpoint();
  return timed;
}

async function openTask(): Promise<{ task: TaskState; windows: EntityWindows }> {
  const stores = entityWindowStores({ plans: [plan], entitiesMax: 1e6, chunksMax: 1e7 });
  const task = await openTaskState({
    stores: [stores.heads, stores.chunks, featureNoteStore({ keysMax: 1e6 })],
    backing: new MemoryBacking(),
    newLineage: new Uint8Array(16),
    cacheBytes: 1 << 30,
  });
  await task.ready();
  const windows = new EntityWindows({
    plans: [plan],
    heads: task.keyed<TaggedRow<Head>>(0),
    chunks: task.keyed<TaggedRow<Chunk>>(1),
    notes: task.keyed<FeatureNote>(2),
    bounds: {},
  });
  return { task, windows };
}

function report(name: string, timed: Timed, requests: number): void {
  // The first half fills the windows.
  const at = (rounds: readonly number[], share: number): string => {
    const sorted = rounds.slice(Math.floor(rounds.length / 2)).sort((a, b) => a - b);
    const ms = sorted[Math.floor(sorted.length * share)] ?? 0;
    return ((ms * 1000) / PER_ROUND).toFixed(2).padStart(6);
  };
  console.log(
    `${name.padEnd(9)} step best ${at(timed.stepMs, 0.1)} median ${at(timed.stepMs, 0.5)} us` +
      `  seal best ${at(timed.sealMs, 0.1)} median ${at(timed.sealMs, 0.5)} us` +
      `  ${Math.round(timed.bytes / requests)} bytes a request`,
  );
}

const stepMsOf = (request: FeatureRequest): number => Math.floor(request.tsMicros / 1000);

const counting = [...makeRequests(true)];
const looking = [...makeRequests(false)].slice(-Math.floor(counting.length / 4));
let seen = 0;
for (const name of ['baseline', 'count']) {
  const { task, windows } = await openTask();
  if (name === 'baseline') {
    const nothing = await inRounds(task, counting, (request) => {
      seen += request.id.length;
    });
    report(name, nothing, counting.length);
    continue;
  }
  for (const entity of ENTITIES) seen += plan.parts.filter((part) => part.entity === entity).length;
  report(
    name,
    await inRounds(task, counting, (request) => {
      const found = windows.step(RUN, request, stepMsOf(request));
      seen += found?.values.length ?? 0;
    }),
    counting.length,
  );
  const last = counting.at(-1)?.tsMicros ?? 0;
  report(
    'look',
    await inRounds(task, looking, (request) => {
      const found = windows.step(RUN, { ...request, tsMicros: last }, stepMsOf(request));
      seen += found?.values.length ?? 0;
    }),
    looking.length,
  );
  const { heapUsed } = process.memoryUsage();
  console.log(`heap ${Math.round(heapUsed / 2 ** 20)} MiB; ${seen} values seen`);
}
