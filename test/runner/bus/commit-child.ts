/**
 * Commits rounds of three tasks as fast as it can until it is killed; says on stdout which are durable.
 * Arguments: data directory. A round's blob and each of its two outputs name task and seq.
 */
import { openEmbeddedBus } from '../../../runner/bus/embedded/open-embedded.js';

const bus = await openEmbeddedBus({ dir: process.argv[2] ?? '' });
await bus.ensureTopics([
  { name: 'out.v1', partitions: 2, retentionMs: null, retentionBytes: null },
]);
const claims = await bus.claim(['t/0', 't/1', 't/2'], String(process.pid));
process.stdout.write('ready\n');
await Promise.all(
  claims.map(async ({ task, epoch, lastSeq }) => {
    for (let seq = lastSeq + 1; ; seq++) {
      const name = `${task} ${seq}`;
      await bus.commit({
        rounds: [
          {
            task,
            epoch,
            seq,
            header: Buffer.from(name),
            blob: [Buffer.alloc(3000, `${name};`)],
          },
        ],
        outputs: [0, 1].map((partition) => ({
          topic: 'out.v1',
          partition,
          key: Buffer.from(task),
          value: Buffer.alloc(500, `${name};`),
        })),
      });
      process.stdout.write(`${name}\n`);
    }
  }),
);
