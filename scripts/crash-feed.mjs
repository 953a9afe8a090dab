/**
 * The feed of crash.mjs: appends a small world through the socket of the directory's owner.
 *
 *   node scripts/crash-feed.mjs --data DIR --dist dist --seed 1 --flows 1500
 *
 * A cursor beside the data says what the owner said is durable. Killed and run again it goes on from
 * there, so the batch under way may come twice; nothing is left out.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { loadWeir } from './compare-decisions.mjs';

const { values: options } = parseArgs({
  options: {
    data: { type: 'string' },
    dist: { type: 'string' },
    seed: { type: 'string', default: '1' },
    flows: { type: 'string', default: '1500' },
  },
});
const BATCH_RECORDS = 60;
const BATCH_EVERY_MS = 20;

async function feedWorld() {
  const load = (path) => import(pathToFileURL(join(options.dist, path)).href);
  const data = options.data;
  const weir = await loadWeir(options.dist);
  const [{ makeWorld }, { worldPins, worldRecords }, { EnvelopeWriter }] = await Promise.all(
    ['runner/world/world.js', 'runner/world/world-records.js', 'runner/world/envelope.js'].map(
      load,
    ),
  );
  const { openingRecords, shippedPolicy } = await load('runner/opening.js');
  const { BundleStore } = await load('runner/bundle-store.js');
  const { bus } = await weir.openBus({ dataDir: data, mode: 'use' });
  const registry = await weir.RegistryStore.open(bus.meta);
  const lookup = new weir.ResidentLookup(registry);
  const { registerTopicsReadOnly } = await load('runner/registry/resident-topics.js');
  const { rtdlTopology } = await load('topologies/rtdl.js');
  await registerTopicsReadOnly(registry, rtdlTopology({ clock: 'wall' }), lookup);
  const world = makeWorld({ seed: BigInt(options.seed), days: 30, flows: Number(options.flows) });
  const pins = worldPins(world);
  const origin = { source: 'crash', reference: pins.manifest_fingerprint };
  const writer = new EnvelopeWriter({ pins, lookup, clock: 'wall', producer: 'crash', origin });
  const cursor = join(data, 'feed.cursor');
  const from = existsSync(cursor) ? Number(readFileSync(cursor, 'utf8')) : -1;
  if (from < 0) {
    const policy = (await shippedPolicy()).replace('quiet_seconds: 60', 'quiet_seconds: 1');
    const bundles = new BundleStore(data);
    await bus.append(
      await openingRecords({ lookup, bundles, clock: 'wall', atMs: Date.now(), policy }),
    );
    // Until the first posture stands every decision fails closed; that is not what is looked at here.
    while ((await bus.bounds(weir.topics.posture.name))[0].end === 0n) await sleep(50);
    writeFileSync(cursor, '0');
  }
  let at = 0;
  let batch = [];
  const flush = async () => {
    await bus.append(batch);
    writeFileSync(cursor, String(at));
    console.log('fed');
    batch = [];
    await sleep(BATCH_EVERY_MS);
  };
  for (const record of worldRecords(world, writer)) {
    at += 1;
    if (at <= from) continue;
    batch.push(record);
    if (batch.length === BATCH_RECORDS) await flush();
  }
  await flush();
  await bus.close();
}

await feedWorld();
