/**
 * A file of transactions from empty folder to last decision: how long the import takes, how long the
 * loop takes, and what a decision costs.
 *
 *   node dist/bench/import-and-decide.js TX.csv.gz LABELS.csv.gz [features] [bundle.json]
 *
 * baseline: the same topics read to their ends by a loop that only decodes and commits nothing.
 */
import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { topicCodec } from '../schemas/codec.js';
import { topics } from '../schemas/topics.js';
import { rtdlTopology } from '../topologies/rtdl.js';
import { BundleStore } from '../runner/bundle-store.js';
import { openBus } from '../runner/bus/open.js';
import type { Bus } from '../runner/bus/port.js';
import { topicConfigs } from '../runner/engine/layout.js';
import { readImportMap } from '../runner/import/import-map.js';
import { importTransactions } from '../runner/import/import-transactions.js';
import { createLogger } from '../runner/log.js';
import { openingRecords } from '../runner/opening.js';
import { registerTopics } from '../runner/registry/register-topics.js';
import { RegistryStore } from '../runner/registry/registry-store.js';
import { ResidentLookup } from '../runner/registry/resident-lookup.js';
import type { Task } from '../runner/engine/task.js';
import { Runtime } from '../runner/runtime.js';

const [file = '', labels = '', features = 'handbook', bundlePath] = process.argv.slice(2);
const dataDir = await mkdtemp(join(tmpdir(), 'weir-bench-'));
const topology = rtdlTopology({ clock: 'records', features });
const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** CPU of all threads and of this one, ms: what it cost, whatever else the machine was doing. */
let before = { all: 0, main: 0 };
function cpuMs(): { readonly all: number; readonly main: number } {
  const { user, system } = process.cpuUsage();
  const [onCpu = '0'] = readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ');
  const now = { all: (user + system) / 1000, main: Number(onCpu) / 1e6 };
  const spent = { all: now.all - before.all, main: now.main - before.main };
  before = now;
  return spent;
}

const { bus } = await openBus({ dataDir, mode: 'own', clock: 'records' });
const transactions = await load(bus);
await readOnly(bus);
await decide(bus, transactions);
await bus.close();
await rm(dataDir, { recursive: true });

async function load(bus: Bus): Promise<number> {
  const startMs = performance.now();
  const registry = await RegistryStore.open(bus.meta);
  const lookup = new ResidentLookup(registry);
  await registerTopics(
    registry,
    new Set([...topology.sources, ...topology.sinks].map((one) => one.topic)),
    lookup,
  );
  const partitions = process.env['WEIR_BENCH_PARTITIONS'];
  await bus.ensureTopics(
    topicConfigs(topology, partitions === undefined ? undefined : Number(partitions)),
  );
  const bundle = bundlePath === undefined ? null : await readFile(bundlePath);
  const bundles = new BundleStore(dataDir);
  const report = await importTransactions({
    bus,
    lookup,
    file,
    ...(labels === '' ? {} : { labels }),
    map: readImportMap(await readFile('docs/maps/handbook.yaml', 'utf8'), 'handbook.yaml'),
    sources: topology.sources.map((one) => one.topic.name),
    opening: ({ firstTimeMs }) =>
      openingRecords({ lookup, bundles, clock: 'records', atMs: firstTimeMs, bundle }),
  });
  tell('import', report.transactions, performance.now() - startMs);
  return report.transactions;
}

/** The do-nothing baseline: pull and decode every record of the four outputs. */
async function readOnly(bus: Bus): Promise<void> {
  const lookup = new ResidentLookup(await RegistryStore.open(bus.meta));
  const startMs = performance.now();
  let records = 0;
  for (const topic of [topics.arrivals, topics.entities, topics.flowAnchors, topics.traffic]) {
    const codec = topicCodec(topic as typeof topics.traffic, lookup);
    for (const { partition, start } of await bus.bounds(topic.name)) {
      for (let from = start; ;) {
        const pulled = await bus.pull(topic.name, partition, from, 256 * 1024);
        for (const { value } of pulled.records) {
          if (!value) continue;
          codec.decode(value);
          records += 1;
        }
        if (pulled.next >= pulled.end) break;
        from = pulled.next;
      }
    }
  }
  tell('baseline: read and decode only', records / 4, performance.now() - startMs);
}

async function decide(bus: Bus, transactions: number): Promise<void> {
  const startMs = performance.now();
  let executeMs = 0;
  let commitMs = 0;
  let rounds = 0;
  const runtime = await Runtime.open({
    dataDir,
    bus,
    topologies: [topology],
    log: createLogger({ level: 'warn' }),
    onRound: (_name, report) => {
      executeMs += report.executeMs;
      commitMs += report.commitMs;
      rounds += 1;
      if (process.stderr.isTTY || rounds % 100 === 0) {
        process.stderr.write(`\r${rounds} rounds, ${runtime.groups[0]?.lag ?? 0} records ahead `);
      }
    },
  });
  await runtime.run((group) => group.drained);
  const ranMs = performance.now() - startMs;
  await runtime.close();
  tell('decide', transactions, ranMs);
  say(
    `  rounds ${rounds}, executing ${Math.round(executeMs)} ms, committing ${Math.round(commitMs)} ms (beside)`,
  );
  say(`  peak memory ${Math.round(process.resourceUsage().maxRSS / 1024)} MiB`);
  for (const { halted, opened } of runtime.running) {
    if (halted) throw halted;
    if (process.env['WEIR_BENCH_COUNTS']) tellCounts(opened.group.tasks, transactions);
  }
}

function tell(what: string, count: number, ms: number): void {
  const each = (ms * 1000) / Math.max(1, count);
  const cpu = cpuMs();
  const us = (spent: number): string => ((spent * 1000) / Math.max(1, count)).toFixed(1);
  say(
    `${what.padEnd(32)} ${Math.round(ms)} ms, ${Math.round((count * 1000) / ms)}/s, ${each.toFixed(1)} us each; CPU ${us(cpu.all)} us each, ${us(cpu.main)} on the main thread`,
  );
}

/** How often each operator was stepped, per transaction. */
function tellCounts(tasks: readonly Task[], transactions: number): void {
  const counts = new Map<string, number>();
  for (const task of tasks) {
    for (const { name, in: taken } of task.accounts.values()) {
      const at = `${task.stage} ${name}`;
      counts.set(at, (counts.get(at) ?? 0) + taken);
    }
  }
  for (const [name, count] of counts)
    say(`  ${name.padEnd(32)} ${(count / transactions).toFixed(2)}`);
}
