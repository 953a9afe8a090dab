/**
 * What stands around a runtime while it runs: HTTP, the owner's socket, metrics, health signals.
 */
import { ieg } from '../topologies/ieg.js';
import { handleBus } from './bus/bus-calls.js';
import type { RoundReport } from './engine/group.js';
import { liveGraph } from './graph-source.js';
import { startHealthMonitor, type HealthTimings } from './health-monitor.js';
import { graphRoutes } from './http/graph-routes.js';
import { startHttpServer } from './http/server.js';
import type { Logger } from './log.js';
import { Metrics } from './metrics.js';
import { observeLevels, observeRound } from './observe-rounds.js';
import { OwnerHandlers, serveOwner } from './owner-socket.js';
import type { Runtime } from './runtime.js';
import { handleRuntime } from './runtime-calls.js';

export interface Services {
  /** Base URL of the HTTP server, when there is one. */
  readonly url: string | undefined;
  readonly metrics: Metrics;
  onRound(topology: string, report: RoundReport): void;
  close(): Promise<void>;
}

export interface ServiceOptions {
  readonly log: Logger;
  /** No HTTP when absent. */
  readonly port?: number;
  /** How often health is measured and what is still healthy; for tests. */
  readonly health?: Partial<HealthTimings>;
}

export async function attachServices(runtime: Runtime, options: ServiceOptions): Promise<Services> {
  const metrics = new Metrics();
  const readiness = (): readonly string[] => unready(runtime);
  const scrape = async (): Promise<string> => {
    for (const running of runtime.running) observeLevels(metrics, running);
    metrics.observePool(runtime.pool.queueSize);
    return metrics.text();
  };
  const graph = runtime.running.find(({ topology }) => topology.name === ieg.name);
  const handlers = new OwnerHandlers();
  handleBus(handlers, runtime.bus);
  handleRuntime(handlers, runtime);
  const socket = await serveOwner({
    dataDir: runtime.dataDir,
    handlers,
    metrics: scrape,
    readiness,
  });
  const http =
    options.port === undefined
      ? undefined
      : await startHttpServer({
          port: options.port,
          metrics,
          scrape,
          readiness,
          registry: runtime.registry,
          routes: graph ? [graphRoutes(liveGraph(graph))] : [],
          log: options.log,
        });
  const monitor = await startHealthMonitor(runtime, options.log, options.health);
  return {
    url: http?.url,
    metrics,
    onRound: (topology, report) => {
      observeRound(metrics, topology, {
        report,
        nowMs: runtime.bus.nowMs(),
        wall: runtime.bus.clock === 'wall',
      });
    },
    close: async () => {
      await monitor.close();
      await http?.close();
      await socket.close();
    },
  };
}

/** Reasons against being ready, in sentences. */
function unready(runtime: Runtime): readonly string[] {
  return runtime.running.flatMap(({ topology, opened, halted, done }) => {
    if (halted) return [`${topology.name} halted: ${halted.message}`];
    if (done) return [`${topology.name} has stopped`];
    if (runtime.bus.clock === 'wall' && opened.group.mode === 'catch-up') {
      return [`${topology.name} is catching up, ${opened.group.lag} records ahead`];
    }
    return [];
  });
}
