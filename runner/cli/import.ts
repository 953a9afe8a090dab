/**
 * `runner import transactions`: a CSV of transactions becomes a data directory on a clock of records.
 */
import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { UsageError } from '../../schemas/errors.js';
import { BundleStore } from '../bundle-store.js';
import { openBus } from '../bus/open.js';
import type { Bus, ProducedRecord } from '../bus/port.js';
import { topicConfigs } from '../engine/layout.js';
import { readImportMap, type ImportMap } from '../import/import-map.js';
import type { ImportReport } from '../import/import-options.js';
import { importTransactions } from '../import/import-transactions.js';
import { openingRecords, shippedBundle } from '../opening.js';
import { registerTopics } from '../registry/register-topics.js';
import { RegistryStore } from '../registry/registry-store.js';
import { ResidentLookup } from '../registry/resident-lookup.js';
import { findTopology, SHIPPED } from '../topology-catalog.js';
import type { Topology } from '../../topologies/topology.js';
import { topics } from '../../schemas/topics.js';
import { EXIT } from './exit.js';
import { DATA_OPTION, dataDirOf, wholeNumber } from './options.js';
import { timeText } from './plain-json.js';
import { grouped, progressLine, remark, say } from './terminal.js';

interface ImportCommand {
  readonly data: string;
  readonly file: string;
  readonly labels?: string;
  readonly map: string;
  readonly run?: string;
  readonly features: string;
  readonly policy?: string;
  readonly bundle?: string;
  readonly partitions?: string;
}

/** Bad rows named one by one before only counting goes on. */
const NAMED_MAX = 100;

export function addImport(program: Command): void {
  program
    .command('import')
    .description('bring records in from files')
    .command('transactions')
    .description('a CSV of transactions, and one of labels, in order of event time')
    .requiredOption('--file <csv>', 'transactions, .csv or .csv.gz')
    .requiredOption('--map <yaml>', 'which columns mean what')
    .option('--labels <csv>', 'labels, .csv or .csv.gz')
    .option(...DATA_OPTION)
    .option('--run <id>', 'platform_run_id, such as platform_20260105T000000Z')
    .option('--policy <yaml>', 'policy in force from the first event; default: the shipped one')
    .option(
      '--features <set>',
      'feature set the shipped bundle is for: default or handbook',
      'default',
    )
    .option('--bundle <json>', 'bundle in force from the first event, or "none"')
    .option('--partitions <n>', 'partitions of topics created now')
    .addHelpText(
      'after',
      '\nKilled and run again with the same files it goes on where it was.\nExit code 1 when rows were set aside.\n\nExample:\n  runner import transactions --file tx.csv.gz --labels labels.csv.gz --map docs/maps/handbook.yaml --features handbook\n  runner start rtdl --features handbook --until-end',
    )
    .action(async (options: ImportCommand) => {
      process.exitCode = await importAll(options);
    });
}

async function importAll(options: ImportCommand): Promise<number> {
  const dataDir = dataDirOf(options.data);
  const map = readImportMap(await textOf('--map', options.map), options.map);
  const policy = options.policy && (await textOf('--policy', options.policy));
  const bundle = await bundleOf(options);
  const { bus } = await openBus({ dataDir, mode: 'own', clock: 'records' });
  try {
    const { lookup, sources } = await prepared(bus, options.partitions);
    const bundles = new BundleStore(dataDir);
    const opening = ({ firstTimeMs }: { readonly firstTimeMs: number }) =>
      openingRecords({
        lookup,
        bundles,
        clock: 'records',
        atMs: firstTimeMs,
        ...(policy ? { policy } : {}),
        bundle,
      });
    const report = await withProgress(bus, options, { lookup, sources, map, opening });
    tell(report, options);
    return report.badRows === 0 ? EXIT.done : EXIT.difference;
  } finally {
    await bus.close();
  }
}

/** Topics of every shipped topology, and the schemas of all of them. */
async function prepared(bus: Bus, partitions: string | undefined) {
  const count = partitions === undefined ? undefined : wholeNumber('--partitions', partitions);
  const all = await Promise.all(
    Object.keys(SHIPPED).map((name) => findTopology(name, { clock: bus.clock })),
  );
  const registry = await RegistryStore.open(bus.meta);
  const lookup = new ResidentLookup(registry);
  await registerTopics(registry, topicsOf(all), lookup);
  for (const topology of all) await bus.ensureTopics(topicConfigs(topology, count));
  const sources = new Set(all.flatMap((one) => one.sources.map(({ topic }) => topic.name)));
  return { lookup, sources: [...sources] };
}

const topicsOf = (all: readonly Topology[]) => {
  const used = all.flatMap((one) => [...one.sources, ...one.sinks].map(({ topic }) => topic));
  return new Map([...used, topics.quarantine].map((topic) => [topic.name, topic])).values();
};

async function withProgress(
  bus: Bus,
  options: ImportCommand,
  parts: {
    readonly lookup: ResidentLookup;
    readonly sources: readonly string[];
    readonly map: ImportMap;
    readonly opening: (start: {
      readonly firstTimeMs: number;
    }) => Promise<readonly ProducedRecord[]>;
  },
): Promise<ImportReport> {
  const progress = progressLine();
  const interrupted = new AbortController();
  const stop = (): void => {
    interrupted.abort(
      new UsageError('interrupted; run the same command again and it goes on from here.'),
    );
  };
  process.once('SIGINT', stop);
  let named = 0;
  try {
    return await importTransactions({
      bus,
      ...parts,
      file: options.file,
      ...(options.labels === undefined ? {} : { labels: options.labels }),
      ...(options.run === undefined ? {} : { platformRunId: options.run }),
      progress: ({ transactions, labels, timeMs }) => {
        progress(
          `${grouped(transactions)} transactions, ${grouped(labels)} labels, to ${timeText(timeMs)}`,
        );
      },
      onBadRow: ({ file, line, reason }) => {
        named += 1;
        if (named <= NAMED_MAX) remark(`${file}:${line}: ${reason}`);
        if (named === NAMED_MAX) remark('further bad rows are only counted');
      },
      signal: interrupted.signal,
    });
  } finally {
    process.off('SIGINT', stop);
    progress.done();
  }
}

function tell(report: ImportReport, { data, features }: ImportCommand): void {
  const { transactions, labels, badRows, appended, resumedAfter } = report;
  if (appended === 0) say(`was imported before; nothing was added to ${data}`);
  else if (resumedAfter > 0) say(`went on after ${grouped(resumedAfter)} rows`);
  say(
    `${grouped(transactions)} transactions and ${grouped(labels)} labels, ${timeText(report.firstTimeMs)} to ${timeText(report.lastTimeMs)}, ${grouped(badRows)} bad rows`,
  );
  const set = features === 'default' ? '' : ` --features ${features}`;
  say(`run ${report.pins.platform_run_id} in ${data}; decide it with:`);
  say(`  runner start rtdl${set} --data ${data} --until-end`);
}

async function bundleOf({ bundle, features }: ImportCommand): Promise<Uint8Array | null> {
  // Refuses a set that is not shipped, with those that are.
  await findTopology('rtdl', { clock: 'records', features });
  if (bundle === 'none') return null;
  return bundle === undefined
    ? shippedBundle(features)
    : Buffer.from(await textOf('--bundle', bundle));
}

async function textOf(option: string, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    throw new UsageError(`${option} is "${path}"; there is no such file to read.`);
  }
}
