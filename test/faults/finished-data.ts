/**
 * A small data directory in which rtdl has decided everything, to plant faults in.
 *
 * `killed` is as kill -9 leaves it (checkpoints behind the round log, blobs after them), `stopped` as a
 * clean stop does (checkpoints at the last round, no blobs).
 */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEmbeddedBus } from '../../runner/bus/embedded/open-embedded.js';
import { createLogger } from '../../runner/log.js';
import { openingRecords } from '../../runner/opening.js';
import { Runtime } from '../../runner/runtime.js';
import { untilEnd } from '../../runner/until-end.js';
import { appendWorld } from '../../runner/world/append-world.js';
import { makeWorld } from '../../runner/world/world.js';
import { rtdlTopology } from '../../topologies/rtdl.js';

export interface FinishedData {
  readonly folder: string;
  readonly killed: string;
  readonly stopped: string;
  readonly runtime: Pick<Runtime, 'lookup'>;
  remove(): void;
}

export const TRAFFIC = 120;

export async function finishedData(): Promise<FinishedData> {
  const folder = mkdtempSync(join(tmpdir(), 'weir-faults-'));
  const [live, killed, stopped] = ['live', 'killed', 'stopped'].map((name) => join(folder, name));
  if (!live || !killed || !stopped) throw new Error('three folders were named');
  const bus = await openEmbeddedBus({ dir: live, clock: 'records' });
  const topology = rtdlTopology({ clock: 'records' });
  const runtime = await Runtime.open({
    dataDir: live,
    bus,
    topologies: [topology],
    partitions: 2,
    log: createLogger({ level: 'silent' }),
    // Many rounds, and a checkpoint every eight, so that there is something to plant in.
    tuning: {
      limits: () => ({ recordsMax: 25, bytesMax: 1 << 20 }),
      loggedMax: { entries: 1, bytes: 1 << 20 },
    },
  });
  const { lookup, bundles } = runtime;
  await appendWorld({
    bus,
    lookup,
    world: makeWorld({ seed: 9n, days: 3, flows: TRAFFIC / 2, merchants: 200 }),
    sources: topology.sources.map(({ topic }) => topic.name),
    opening: await openingRecords({ lookup, bundles, clock: 'records', atMs: 0 }),
  });
  await runtime.run(await untilEnd(runtime));
  cpSync(live, killed, { recursive: true });
  await runtime.close();
  await bus.close();
  const [failed] = runtime.running.flatMap(({ halted }) => halted ?? []);
  if (failed) throw failed;
  cpSync(live, stopped, { recursive: true });
  return {
    folder,
    killed,
    stopped,
    runtime,
    remove: () => {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
