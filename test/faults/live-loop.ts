/**
 * The loop on a wall clock in this process, with its services, a feed of a few flows at a time, and
 * what it decided: for faults that are real and take real time.
 */
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { topicCodec } from '../../schemas/codec.js';
import type { DecisionResponse } from '../../schemas/generated/rtdl-record.js';
import { topics } from '../../schemas/topics.js';
import { openEmbeddedBus } from '../../runner/bus/embedded/open-embedded.js';
import type { LogBus } from '../../runner/bus/embedded/log-bus.js';
import type { ProducedRecord } from '../../runner/bus/port.js';
import { buildId } from '../../runner/build-id.js';
import { openAgain } from '../../runner/execute-again.js';
import type { HealthTimings } from '../../runner/health-monitor.js';
import { createLogger } from '../../runner/log.js';
import { decisionOf } from '../../runner/observe-rounds.js';
import { openingRecords, shippedPolicy } from '../../runner/opening.js';
import { eachRecord } from '../../runner/report/each-record.js';
import { Runtime, type RuntimeOptions } from '../../runner/runtime.js';
import { attachServices, type Services } from '../../runner/services.js';
import { verifyReplay } from '../../runner/verify.js';
import { EnvelopeWriter } from '../../runner/world/envelope.js';
import { makeWorld } from '../../runner/world/world.js';
import { stepRecords, worldPins } from '../../runner/world/world-records.js';
import { worldSteps, type WorldStep } from '../../runner/world/feed.js';
import { ieg } from '../../topologies/ieg.js';
import { rtdlTopology } from '../../topologies/rtdl.js';
import type { Topology } from '../../topologies/topology.js';

/** Everything happens within seconds here. */
const QUICK: HealthTimings = {
  everyMs: 100,
  lagBudgetMs: 600,
  ageBudgetMs: 2000,
  postureBudgetMs: 3000,
  postureGraceMs: 5000,
};
const WITHIN_MS = 20_000;
const world = makeWorld({ seed: 21n, days: 5, flows: 2000, merchants: 200 });

export interface LiveLoopOptions {
  readonly dataDir: string;
  /** Default: rtdl and ieg. */
  readonly topologies?: readonly Topology[];
  /** Text of the policy document, changed from the shipped one. */
  readonly policy?: (text: string) => string;
  readonly bundle?: Uint8Array;
  readonly pool?: RuntimeOptions['pool'];
  /** False: nothing is appended first; it stands there already. */
  readonly opening?: boolean;
}

export class LiveLoop {
  readonly bus: LogBus;
  readonly runtime: Runtime;
  readonly #services: Services;
  readonly #running: Promise<void>;
  readonly #dataDir: string;
  /** Flows of the world fed so far, over all loops of this test file. */
  static #steps: Iterator<WorldStep> = worldSteps(world);

  private constructor(parts: {
    readonly bus: LogBus;
    readonly runtime: Runtime;
    readonly services: Services;
    readonly dataDir: string;
  }) {
    this.bus = parts.bus;
    this.runtime = parts.runtime;
    this.#services = parts.services;
    this.#dataDir = parts.dataDir;
    this.#running = parts.runtime.run();
  }

  static async open(options: LiveLoopOptions): Promise<LiveLoop> {
    const { dataDir } = options;
    const bus = await openEmbeddedBus({ dir: dataDir, clock: 'wall' });
    const log = createLogger({ level: 'silent' });
    const topologies = options.topologies ?? [rtdlTopology({ clock: 'wall' }), ieg];
    const runtime = await Runtime.open({
      ...{ dataDir, bus, topologies, log, partitions: 1 },
      ...(options.pool ? { pool: options.pool } : {}),
    });
    if (options.opening ?? true) {
      const quick = (await shippedPolicy()).replace('quiet_seconds: 60', 'quiet_seconds: 0.3');
      const { lookup, bundles } = runtime;
      await bus.append(
        await openingRecords({
          ...{ lookup, bundles, clock: 'wall', atMs: bus.nowMs() },
          policy: options.policy?.(quick) ?? quick,
          ...(options.bundle ? { bundle: options.bundle } : {}),
        }),
      );
    }
    const services = await attachServices(runtime, { log, health: QUICK });
    return new LiveLoop({ bus, runtime, services, dataDir });
  }

  /** Records of the next flows: context first, then request and response of each. */
  records(flows: number): readonly ProducedRecord[] {
    const pins = worldPins(world);
    const writer = new EnvelopeWriter({
      ...{ pins, lookup: this.runtime.lookup, clock: 'wall', producer: 'test' },
      origin: { source: 'test', reference: pins.manifest_fingerprint },
    });
    const made: ProducedRecord[] = [];
    const ready = new Set<string>();
    let traffic = 0;
    while (traffic < 2 * flows) {
      const next = LiveLoop.#steps.next();
      if (next.done) throw new Error('the world has no more flows');
      const step = next.value;
      if (step.kind === 'label') continue;
      if (step.kind === 'context') {
        if (ready.size === flows) continue;
        ready.add(step.flow.flowId);
      } else {
        if (!ready.has(step.flow.flowId)) continue;
        traffic += 1;
      }
      made.push(...stepRecords(step, writer));
    }
    return made;
  }

  /** Feeds flows and answers the decisions of their events, once all are made. */
  async decide(flows: number): Promise<readonly DecisionResponse[]> {
    const before = (await this.decisions()).length;
    await this.bus.append(this.records(flows));
    await this.until(async () => (await this.decisions()).length >= before + 2 * flows);
    return (await this.decisions()).slice(before);
  }

  /** All decisions, oldest first. */
  async decisions(): Promise<readonly DecisionResponse[]> {
    const codec = topicCodec(topics.rtdl, this.runtime.lookup);
    const found: DecisionResponse[] = [];
    await eachRecord(this.bus, topics.rtdl.name, ({ value }) => {
      const decision = value && decisionOf(codec.decode(value));
      if (decision) found.push(decision);
    });
    return found;
  }

  /** Modes published so far, each once per change, with the reason. */
  async modes(): Promise<readonly string[]> {
    const codec = topicCodec(topics.posture, this.runtime.lookup);
    const found: string[] = [];
    await eachRecord(this.bus, topics.posture.name, ({ value }) => {
      const posture = value && codec.decode(value);
      if (posture && !posture.heartbeat) found.push(`${posture.mode} ${posture.reason}`);
    });
    return found;
  }

  /** Resolves once the last published mode is this one; answers all from `since` on. */
  async mode(mode: string, since = 0): Promise<readonly string[]> {
    await this.until(async () => {
      const modes = await this.modes();
      return modes.length > since && modes.at(-1)?.startsWith(`${mode} `) === true;
    });
    return (await this.modes()).slice(since).map((one) => one.split(' ')[0] ?? '');
  }

  async until(holds: () => boolean | Promise<boolean>): Promise<void> {
    const endMs = performance.now() + WITHIN_MS;
    while (!(await holds())) {
      if (performance.now() > endMs) {
        throw new Error(`it never came to that; modes: ${(await this.modes()).join(', ')}`);
      }
      await sleep(20);
    }
  }

  async close(): Promise<void> {
    this.runtime.stop();
    await this.#running;
    await this.#services.close();
    await this.runtime.close();
    await this.bus.close();
  }

  /** What executing all rounds of rtdl again finds, after `close`. */
  async differences(): Promise<readonly string[]> {
    const again = await openAgain(this.#dataDir, 'rtdl');
    try {
      const { bus, replay } = again;
      return (await verifyReplay({ bus, replay, build: buildId() })).differences;
    } finally {
      await again.close();
    }
  }
}
