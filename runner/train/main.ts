/**
 * Trains the shipped bundles and writes them to runner/assets: `npm run train [-- default|handbook]`.
 *
 * Run from the root of the repository, after a build. The same sources give the same bytes.
 */
import { writeFile } from 'node:fs/promises';
import { performance } from 'node:perf_hooks';
import { bundleBytes, type Bundle } from '../../operators/model/bundle.js';
import { UsageError } from '../../schemas/errors.js';
import { explain } from '../cli/exit.js';
import { makeWorld } from '../world/world.js';
import {
  DEFAULT_RECIPE,
  HANDBOOK_RECIPE,
  TRAINING_LIKE_HANDBOOK,
  TRAINING_WORLD,
} from './recipes.js';
import { trainBundle } from './train-bundle.js';
import { likeHandbookTrainingSet, worldTrainingSet } from './training-streams.js';

const BUNDLES: Readonly<Record<string, () => Promise<Bundle>>> = {
  default: async () =>
    trainBundle(await worldTrainingSet(makeWorld(TRAINING_WORLD)), DEFAULT_RECIPE),
  handbook: async () =>
    trainBundle(
      await likeHandbookTrainingSet(TRAINING_LIKE_HANDBOOK, 'docs/maps/handbook.yaml'),
      HANDBOOK_RECIPE,
    ),
};

async function train(names: readonly string[]): Promise<void> {
  for (const name of names) {
    const make = BUNDLES[name];
    if (!make) {
      throw new UsageError(
        `There is no bundle "${name}"; there are ${Object.keys(BUNDLES).join(', ')}.`,
      );
    }
    const startMs = performance.now();
    const bundle = await make();
    const file = `runner/assets/${name}-bundle.json`;
    await writeFile(file, bundleBytes(bundle));
    const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
    process.stdout.write(`${file} ${bundle.bundle_id} in ${seconds} s\n`);
    for (const [key, value] of Object.entries(bundle.provenance)) {
      process.stdout.write(`  ${key}: ${value}\n`);
    }
    for (const { from, action } of bundle.thresholds) process.stdout.write(`  ${from} ${action}\n`);
  }
}

try {
  const names = process.argv.slice(2);
  await train(names.length > 0 ? names : Object.keys(BUNDLES));
} catch (error) {
  const { line, code } = explain(error);
  process.stderr.write(`${line}\n`);
  process.exitCode = code;
}
