/**
 * The streams the shipped bundles are trained on: each has its own generator and its own seed; none is
 * the demo's world, none is public data.
 */
import { readFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultFeaturePlan, handbookFeaturePlan } from '../../topologies/features/feature-sets.js';
import {
  likeHandbook,
  writeLikeHandbook,
  type LikeHandbookOptions,
} from '../import/generate-like-handbook.js';
import { readImportMap } from '../import/import-map.js';
import { importTransactions } from '../import/import-transactions.js';
import { appendWorld } from '../world/append-world.js';
import type { World } from '../world/world.js';
import type { TrainingSet } from './train-bundle.js';
import { servedRows } from './served-rows.js';

/** A world through the loop with the default features; the truth is the campaign of the flow. */
export async function worldTrainingSet(world: World): Promise<TrainingSet> {
  const fraud = new Set<string>();
  for (const { flowId, campaignId } of world.flows()) if (campaignId !== null) fraud.add(flowId);
  const plan = defaultFeaturePlan;
  const rows = await servedRows({
    plan,
    fill: async ({ bus, lookup, sources, ...loop }) => {
      const first = await loop.opening(world.options.startMs);
      await appendWorld({ bus, lookup, world, sources, opening: first });
    },
  });
  return { plan, rows, truth: rows.map(({ flowId }) => fraud.has(flowId)) };
}

/**
 * A generated stream of the handbook's shape, imported as the public one would be, through the loop
 * with the handbook's features; the truth is the scenario of the transaction.
 */
export async function likeHandbookTrainingSet(
  options: LikeHandbookOptions,
  mapFile: string,
): Promise<TrainingSet> {
  const fraud = new Set<string>();
  for (const { id, scenario } of likeHandbook(options)) if (scenario > 0) fraud.add(String(id));
  const map = readImportMap(await readFile(mapFile, 'utf8'), mapFile);
  const folder = await mkdtemp(join(tmpdir(), 'weir-train-'));
  const plan = handbookFeaturePlan;
  try {
    const files = await writeLikeHandbook(folder, options);
    const rows = await servedRows({
      plan,
      fill: async ({ bus, lookup, sources, ...loop }) => {
        await importTransactions({
          bus,
          lookup,
          sources,
          map,
          file: files.transactions,
          labels: files.labels,
          opening: ({ firstTimeMs }) => loop.opening(firstTimeMs),
          thread: false,
        });
      },
    });
    return { plan, rows, truth: rows.map(({ flowId }) => fraud.has(flowId)) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
