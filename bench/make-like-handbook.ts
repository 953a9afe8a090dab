/**
 * Writes a generated stream of the public data's shape: by default 1.75 million transactions over 183
 * days, as `tx.csv.gz` and `labels.csv.gz`.
 *
 * usage: node dist/bench/make-like-handbook.js --out DIR [--transactions N] [--days N] [--seed N]
 */
import { parseArgs } from 'node:util';
import { writeLikeHandbook } from '../runner/import/generate-like-handbook.js';

const { values } = parseArgs({
  options: {
    out: { type: 'string' },
    transactions: { type: 'string', default: '1750000' },
    days: { type: 'string', default: '183' },
    seed: { type: 'string', default: '1' },
  },
});
if (values.out === undefined) {
  process.stderr.write('say where to write: --out DIR\n');
  process.exitCode = 2;
} else {
  const files = await writeLikeHandbook(values.out, {
    seed: BigInt(values.seed),
    transactions: Number(values.transactions),
    days: Number(values.days),
  });
  process.stdout.write(`${files.transactions}\n${files.labels}\n`);
}
