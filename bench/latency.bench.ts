/**
 * Open-loop latency on the embedded bus: traffic arrives at a fixed rate whatever the loop does, each
 * event with its three context records, on a wall clock.
 *
 *   node dist/bench/latency.bench.js [events/s] [seconds]
 *
 * Printed: append to durable commit of the decision (p50, p95, p99), beside a baseline in the same run:
 * the same appends with nothing running, append to durable append.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { rtdlTopology } from '../topologies/rtdl.js';
import { openBus } from '../runner/bus/open.js';
import type { Bus, ProducedRecord } from '../runner/bus/port.js';
import { topicConfigs } from '../runner/engine/layout.js';
import { createLogger } from '../runner/log.js';
import { decisionOf } from '../runner/observe-rounds.js';
import { openingRecords } from '../runner/opening.js';
import { Runtime } from '../runner/runtime.js';
import { attachServices } from '../runner/services.js';
import { EnvelopeWriter } from '../runner/world/envelope.js';
import { worldSteps } from '../runner/world/feed.js';
import { stepRecords, worldPins } from '../runner/world/world-records.js';
import { makeWorld } from '../runner/world/world.js';

const [rateText = '3000', secondsText = '20'] = process.argv.slice(2);
const rate = Number(rateText);
const seconds = Number(secondsText);
const TICK_MS = 4;
const WARM_SECONDS = 10;

const dataDir = await mkdtemp(join(tmpdir(), 'weir-latency-'));
const { bus } = await openBus({ dataDir, mode: 'own', clock: 'wall' });
const topology = rtdlTopology({ clock: 'wall' });
const log = createLogger({ level: 'warn' });
const latencies: number[] = [];
const reasons = new Map<string, number>();
let measuring = false;
/** Flows already sent to the bus under test. */
let fed = 0;
const runtime = await Runtime.open({
  dataDir,
  bus,
  topologies: [topology],
  log,
  onRound: (_name, { emitted }) => {
    const nowMs = bus.nowMs();
    for (const { value } of emitted) {
      const decision = decisionOf(value);
      if (!decision || !measuring) continue;
      latencies.push(nowMs - decision.stamps.first_seen_ms);
      const how = `${decision.context_status} ${decision.degrade_posture.mode}`;
      reasons.set(how, (reasons.get(how) ?? 0) + 1);
    }
  },
});
const services = await attachServices(runtime, { log });
await bus.append(
  await openingRecords({
    lookup: runtime.lookup,
    bundles: runtime.bundles,
    clock: 'wall',
    atMs: bus.nowMs(),
  }),
);
const running = runtime.run();
const flows = makeFlows();
await feed(bus, flows, WARM_SECONDS);
measuring = true;
const sent = await feed(bus, flows, seconds);
await sleep(2500);
measuring = false;
runtime.stop();
await running;
await services.close();
await runtime.close();
await bus.close();
tell(`decided at ${rate}/s`, latencies);
process.stdout.write(
  `  sent ${sent}, decided ${latencies.length}: ${[...reasons].map(([how, n]) => `${how} ${n}`).join(', ')}\n`,
);
await rm(dataDir, { recursive: true });
await baseline();

/** The same appends on a bus that nobody reads. */
async function baseline(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'weir-latency-'));
  const opened = await openBus({ dataDir: folder, mode: 'own', clock: 'wall' });
  await opened.bus.ensureTopics(topicConfigs(topology));
  const found: number[] = [];
  await feed(opened.bus, makeFlows(), 5, (ms) => found.push(ms));
  await opened.bus.close();
  await rm(folder, { recursive: true });
  tell('baseline: append only', found);
}

/** Records of one traffic event with its context, made ahead so that making them costs nothing now. */
function makeFlows(): readonly (readonly ProducedRecord[])[] {
  const count = rate * (seconds + WARM_SECONDS);
  const world = makeWorld({ seed: 11n, days: 30, flows: count });
  const writer = new EnvelopeWriter({
    pins: worldPins(world),
    lookup: runtime.lookup,
    clock: 'wall',
    producer: 'weir:bench',
    origin: { source: 'bench', reference: '0'.repeat(64) },
  });
  const contexts = new Map<string, readonly ProducedRecord[]>();
  const flows: (readonly ProducedRecord[])[] = [];
  for (const step of worldSteps(world)) {
    if (step.kind === 'context') contexts.set(step.flow.flowId, stepRecords(step, writer));
    else if (step.kind === 'traffic' && step.event.seq === 0) {
      flows.push([...(contexts.get(step.flow.flowId) ?? []), ...stepRecords(step, writer)]);
      contexts.delete(step.flow.flowId);
    }
  }
  return flows;
}

/** Sends at the rate whether or not anything keeps up; answers how many were sent. */
async function feed(
  target: Bus,
  records: readonly (readonly ProducedRecord[])[],
  forSeconds: number,
  onAppended?: (ms: number) => void,
): Promise<number> {
  const startMs = performance.now();
  const offset = target === bus ? fed : 0;
  const most = Math.min(records.length - offset, rate * forSeconds);
  let done = 0;
  const open: Promise<unknown>[] = [];
  while (done < most) {
    const due = Math.min(most, Math.floor(((performance.now() - startMs) * rate) / 1000));
    if (due > done) {
      const batch = records.slice(offset + done, offset + due).flat();
      done = due;
      const sentMs = performance.now();
      open.push(target.append(batch).then(() => onAppended?.(performance.now() - sentMs)));
    }
    await sleep(TICK_MS);
  }
  await Promise.all(open);
  fed = target === bus ? fed + done : fed;
  return done;
}

function tell(what: string, found: readonly number[]): void {
  const sorted = [...found].sort((left, right) => left - right);
  const at = (share: number): string =>
    (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN).toFixed(1);
  process.stdout.write(
    `${what.padEnd(28)} p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, p99 ${at(0.99)} ms, worst ${at(1)} ms\n`,
  );
}
