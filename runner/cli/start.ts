/**
 * `runner start NAME...`: runs topologies in this process until stopped, or until the end.
 */
import type { Command } from 'commander';
import { openBus } from '../bus/open.js';
import { createLogger } from '../log.js';
import { Runtime } from '../runtime.js';
import { attachServices } from '../services.js';
import { publishOpening } from '../publish-opening.js';
import { findTopologyOn, rememberSettings } from '../run-settings.js';
import { untilEnd } from '../until-end.js';
import { clockOf, DATA_OPTION, dataDirOf, wholeNumber } from './options.js';
import { EXIT } from './exit.js';
import { grouped, progressLine, remark } from './terminal.js';

interface StartOptions {
  readonly data: string;
  readonly untilEnd?: boolean;
  readonly clock?: string;
  readonly partitions?: string;
  readonly features?: string;
  readonly port?: string;
  readonly http: boolean;
}

export function addStart(program: Command): void {
  program
    .command('start')
    .description('run topologies: shipped names, or paths such as ./my.topology.js')
    .argument('<names...>', 'topologies to run in this process')
    .option(...DATA_OPTION)
    .option('--until-end', 'stop once everything that is on the topics now has been processed')
    .option('--clock <kind>', 'wall or records; fixed when the data directory is created')
    .option('--partitions <n>', 'partitions of topics created now')
    .option('--features <set>', 'feature set of the decision loop: default or handbook')
    .option('--port <n>', 'port for /metrics, /health and the schema registry', '9464')
    .option('--no-http', 'serve no HTTP; the socket in the data directory is always there')
    .action(async (names: readonly string[], options: StartOptions) => {
      process.exitCode = await start(names, options);
    });
}

async function start(names: readonly string[], options: StartOptions): Promise<number> {
  const dataDir = dataDirOf(options.data);
  const log = createLogger();
  const clock = clockOf(options.clock);
  const { bus } = await openBus({ dataDir, mode: 'own', ...(clock ? { clock } : {}) });
  try {
    const topologies = await Promise.all(
      [...new Set(names)].map((name) =>
        findTopologyOn(bus, name, name === 'rtdl' ? options.features : undefined),
      ),
    );
    for (const topology of topologies) {
      await rememberSettings(
        bus,
        topology,
        topology.name === 'rtdl' ? options.features : undefined,
      );
    }
    const progress = progressLine();
    const runtime = await Runtime.open({
      dataDir,
      bus,
      topologies,
      log,
      ...(options.partitions === undefined
        ? {}
        : { partitions: wholeNumber('--partitions', options.partitions) }),
      onRound: (topology, report) => {
        services.onRound(topology, report);
        const { round, records, mode } = report;
        log.debug({ topology, round, mode, stepped: records }, 'round committed');
        progress(
          `${topology} round ${grouped(report.round)}, ${report.mode}, ${grouped(runtime.groups.reduce((sum, group) => sum + group.lag, 0))} records ahead`,
        );
      },
    });
    const services = await attachServices(runtime, {
      log,
      ...(options.http ? { port: wholeNumber('--port', options.port ?? '9464') } : {}),
    });
    await announce(runtime, { dataDir, url: services.url, features: options.features });
    const stop = (): void => {
      remark('stopping after the current round');
      runtime.stop();
    };
    process.once('SIGINT', stop);
    process.once('SIGTERM', stop);
    try {
      await runtime.run(options.untilEnd ? await untilEnd(runtime) : undefined);
    } finally {
      progress.done();
      await services.close();
      await runtime.close();
    }
    for (const { topology, halted } of runtime.running) {
      if (halted) remark(`${topology.name} halted: ${halted.message}`);
    }
    return runtime.running.some((one) => one.halted) ? EXIT.halted : EXIT.done;
  } finally {
    await bus.close();
  }
}

/** Says what runs and where, and what a first start or a missing topology means. */
async function announce(
  runtime: Runtime,
  about: {
    readonly dataDir: string;
    readonly url: string | undefined;
    readonly features: string | undefined;
  },
): Promise<void> {
  const { bus } = runtime;
  const running = runtime.running.map(({ topology }) => topology.name);
  remark(
    `running ${running.join(', ')} on ${about.dataDir} (${bus.clock} clock)${about.url ? `, ${about.url}/metrics` : ''}`,
  );
  if (bus.clock === 'wall' && running.includes('rtdl') && !running.includes('ieg')) {
    remark('without ieg decisions do without the graph (DEGRADED_2); run: runner start rtdl ieg');
  }
  if (await publishOpening(runtime, about.features ?? 'default')) {
    remark('published the shipped policy and bundle; yours go on fp.policy.v1 and fp.registry.v1');
  }
}
