/**
 * The demo: a seeded world streamed onto a wall-clock bus while rtdl and ieg run on it, then a report.
 *
 * Everything is what a user would run himself: the embedded bus, the runtime with its services, the
 * shipped policy and bundle. What is special is only the producer, which waits for the slower topology.
 *
 * in: a folder and a world. out: what happened, with latencies measured to the durable commit.
 * crash: the folder holds a whole bus at any moment; `runner start rtdl ieg` goes on with it.
 */
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { topics } from '../../schemas/topics.js';
import { openBus } from '../bus/open.js';
import type { Bus } from '../bus/port.js';
import type { RoundReport } from '../engine/group.js';
import { createLogger } from '../log.js';
import { decisionOf, waiting } from '../observe-rounds.js';
import { openingRecords } from '../opening.js';
import { quantilesOf, type Quantiles } from '../report/quantiles.js';
import { runReport, type RunReport } from '../report/run-report.js';
import { Runtime } from '../runtime.js';
import { attachServices, type Services } from '../services.js';
import { findTopology } from '../topology-catalog.js';
import { EnvelopeWriter, PRODUCED_TOPICS } from '../world/envelope.js';
import { worldPins } from '../world/world-records.js';
import type { World } from '../world/world.js';
import { DemoFeed } from './demo-feed.js';
import { demoRecords } from './demo-records.js';

export interface DemoOptions {
  readonly dataDir: string;
  readonly world: World;
  /** HTTP for /metrics, /health and the registry; none by default. */
  readonly port?: number;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: DemoProgress) => void;
}

export interface DemoProgress {
  readonly appended: number;
  readonly decided: number;
  readonly perSecond: number;
  readonly url: string | undefined;
}

export interface DemoOutcome {
  /** Halted topologies with their reasons; empty when all went well. */
  readonly halted: readonly string[];
  readonly decided: number;
  /** null when it was stopped before its end. */
  readonly report: RunReport | null;
  /** Append of the traffic event to durable commit of its decision, ms. */
  readonly latency: Quantiles | null;
  /** Where the time went, ms, in order. */
  readonly spentMs: Readonly<Record<string, number>>;
}

const RUN_TOPOLOGIES = ['rtdl', 'ieg'];
const READY_WITHIN_MS = 10_000;
const SETTLE_WITHIN_MS = 5000;
const POLL_MS = 20;
const PROGRESS_MS = 250;

export async function runDemo(options: DemoOptions): Promise<DemoOutcome> {
  const { dataDir } = options;
  const { bus } = await openBus({ dataDir, mode: 'own', clock: 'wall' });
  try {
    return await onBus(bus, options);
  } finally {
    await bus.close();
  }
}

async function onBus(bus: Bus, options: DemoOptions): Promise<DemoOutcome> {
  const startMs = performance.now();
  const log = createLogger({ level: process.env['LOG_LEVEL'] ?? 'warn' });
  const watch = new RoundWatch(bus);
  const catalog = { clock: bus.clock };
  const runtime = await Runtime.open({
    dataDir: options.dataDir,
    bus,
    topologies: await Promise.all(RUN_TOPOLOGIES.map((name) => findTopology(name, catalog))),
    log,
    onRound: (topology, report) => {
      watch.onRound(topology, report);
      services?.onRound(topology, report);
      feed?.onRound(topology, report);
    },
  });
  let services: Services | undefined;
  let feed: DemoFeed | undefined;
  let running: Promise<void> = Promise.resolve();
  const spentMs: Record<string, number> = {};
  const stop = new AbortController();
  options.signal.addEventListener('abort', () => {
    stop.abort();
  });
  try {
    const { lookup, bundles } = runtime;
    await bus.append(
      await openingRecords({ lookup, bundles, clock: bus.clock, atMs: bus.nowMs() }),
    );
    services = await attachServices(runtime, {
      log,
      ...(options.port === undefined ? {} : { port: options.port }),
    });
    running = runtime.run();
    await until(() => isReady(runtime), READY_WITHIN_MS, stop.signal);
    spentMs['opening'] = performance.now() - startMs;
    feed = feedOf(bus, runtime, { world: options.world, signal: stop.signal });
    const streamed = await stream(feed, { runtime, watch, options, stop, url: services.url });
    Object.assign(spentMs, streamed);
  } finally {
    runtime.stop();
    await running;
    await services?.close();
    await runtime.close();
  }
  const halted = runtime.running.flatMap(({ topology, halted: why }) =>
    why ? [`${topology.name} halted: ${why.message}`] : [],
  );
  const reportMs = performance.now();
  const report = options.signal.aborted ? null : await runReport(bus, runtime.lookup);
  spentMs['report'] = performance.now() - reportMs;
  return {
    halted,
    decided: watch.decided,
    report,
    latency: quantilesOf(watch.latenciesMs),
    spentMs,
  };
}

function feedOf(
  bus: Bus,
  runtime: Runtime,
  { world, signal }: { readonly world: World; readonly signal: AbortSignal },
): DemoFeed {
  const pins = worldPins(world);
  const writer = new EnvelopeWriter({
    pins,
    lookup: runtime.lookup,
    clock: bus.clock,
    producer: 'weir:world',
    origin: { source: 'world', reference: pins.manifest_fingerprint },
  });
  return new DemoFeed({
    bus,
    records: demoRecords(world, writer),
    topics: PRODUCED_TOPICS.map(({ name }) => name),
    readers: runtime.running.map(({ topology }) => ({
      name: topology.name,
      topics: new Set(topology.sources.map(({ topic }) => topic.name)),
    })),
    signal,
  });
}

interface Streaming {
  readonly runtime: Runtime;
  readonly watch: RoundWatch;
  readonly options: DemoOptions;
  readonly stop: AbortController;
  readonly url: string | undefined;
}

/** Feeds it all and waits until nothing waits any more; answers where the time went. */
async function stream(feed: DemoFeed, streaming: Streaming): Promise<Record<string, number>> {
  const { runtime, watch, options, stop, url } = streaming;
  const startMs = performance.now();
  const timer = setInterval(() => {
    // A halted topology reads no more: the feed would wait for it for ever.
    if (runtime.running.some(({ done }) => done)) stop.abort();
    const { decided } = watch;
    const perSecond = (decided * 1000) / (performance.now() - startMs);
    options.onProgress({ appended: feed.progress.appended, decided, perSecond, url });
  }, PROGRESS_MS);
  try {
    await feed.run();
    const rtdl = runtime.running[0];
    await until(() => !rtdl || waiting(rtdl) === 0, SETTLE_WITHIN_MS, stop.signal);
  } finally {
    clearInterval(timer);
  }
  return {
    streaming: performance.now() - startMs,
    'making records': feed.progress.makingMs,
    ...Object.fromEntries([...watch.executeMs].map(([name, ms]) => [`rounds of ${name}`, ms])),
  };
}

/** Live, and a posture stands on its topic: the first event is then decided as any later one. */
async function isReady({ running, bus }: Runtime): Promise<boolean> {
  if (running.some(({ opened, done }) => !done && opened.group.mode !== 'live')) return false;
  const [bounds] = await bus.bounds(topics.posture.name);
  return bounds !== undefined && bounds.end > 0n;
}

async function until(
  holds: () => boolean | Promise<boolean>,
  withinMs: number,
  signal: AbortSignal,
): Promise<void> {
  const endMs = performance.now() + withinMs;
  while (!signal.aborted && performance.now() < endMs && !(await holds())) await sleep(POLL_MS);
}

/** Counts what becomes durable, and how long it took since it was appended. */
class RoundWatch {
  readonly latenciesMs: number[] = [];
  readonly executeMs = new Map<string, number>();
  decided = 0;
  readonly #bus: Bus;

  constructor(bus: Bus) {
    this.#bus = bus;
  }

  onRound(topology: string, { emitted, executeMs }: RoundReport): void {
    this.executeMs.set(topology, (this.executeMs.get(topology) ?? 0) + executeMs);
    const nowMs = this.#bus.nowMs();
    for (const { record, value } of emitted) {
      const decision = record.topic === topics.rtdl.name ? decisionOf(value) : undefined;
      if (!decision) continue;
      this.decided += 1;
      this.latenciesMs.push(Math.max(0, nowMs - decision.stamps.first_seen_ms));
    }
  }
}
