/** Imports the file it is given into a data directory, in a thread, and says how far it is. */
import { openEmbeddedBus } from '../../../runner/bus/embedded/open-embedded.js';
// Only so that the thread's file is compiled beside the others.
import '../../../runner/import/encode-worker.js';
import { readImportMap } from '../../../runner/import/import-map.js';
import { importTransactions } from '../../../runner/import/import-transactions.js';
import { memoryLookup } from '../../../schemas/schema-lookup.js';
import { topics } from '../../../schemas/topics.js';

const [dir = '', file = '', labels = '', mapText = ''] = process.argv.slice(2);
const sources = [
  topics.policy,
  topics.registry,
  topics.posture,
  topics.labels,
  topics.arrivals,
  topics.entities,
  topics.flowAnchors,
  topics.traffic,
];
const bus = await openEmbeddedBus({ dir, clock: 'records' });
await bus.ensureTopics(
  sources.map(({ name, partitions }) => ({
    name,
    partitions,
    retentionMs: null,
    retentionBytes: null,
  })),
);
const report = await importTransactions({
  bus,
  lookup: memoryLookup(),
  file,
  labels,
  map: readImportMap(mapText, 'handbook.yaml'),
  sources: sources.map(({ name }) => name),
  batchItems: 200,
  progress: ({ transactions }) => {
    process.stdout.write(`${transactions}\n`);
  },
});
process.stdout.write(`done ${report.transactions} ${report.labels} ${report.resumedAfter}\n`);
await bus.close();
