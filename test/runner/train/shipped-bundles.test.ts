/**
 * The committed bundles: they fit the shipped feature sets, and do on streams they have never seen what
 * they were made for (issue 2, section 4: AUC .85 where amount alone has at most .75).
 */
import { describe, expect, it } from 'vitest';
import { parseBundle, type Bundle } from '../../../operators/model/bundle.js';
import { shippedBundle } from '../../../runner/opening.js';
import { rankMeasures } from '../../../runner/report/rank-measures.js';
import {
  DEFAULT_RECIPE,
  HANDBOOK_RECIPE,
  TRAINING_LIKE_HANDBOOK,
  TRAINING_WORLD,
} from '../../../runner/train/recipes.js';
import { scoresOf, type TrainingSet } from '../../../runner/train/train-bundle.js';
import {
  likeHandbookTrainingSet,
  worldTrainingSet,
} from '../../../runner/train/training-streams.js';
import { DEFAULT_WORLD, makeWorld } from '../../../runner/world/world.js';
import {
  defaultFeaturePlan,
  handbookFeaturePlan,
} from '../../../topologies/features/feature-sets.js';

const SLOW_MS = 180_000;

const bundleOf = async (features: string): Promise<Bundle> =>
  parseBundle(await shippedBundle(features));

/** AUC of the bundle's primary model, and of one feature alone. */
function areas(bundle: Bundle, set: TrainingSet, amount: string) {
  const { primary } = bundle;
  if (primary.kind !== 'logistic') throw new Error('the shipped bundles are logistic');
  const place = set.plan.features.findIndex(({ name }) => name === amount);
  const alone = rankMeasures(
    set.rows.map(({ values }) => values[place] ?? 0),
    set.truth,
  )?.area;
  const model = rankMeasures(scoresOf(primary, set), set.truth)?.area;
  if (alone === undefined || model === undefined) throw new Error('one class only');
  return { model, alone: Math.max(alone, 1 - alone) };
}

describe('the shipped bundles', () => {
  it.each([
    ['default', defaultFeaturePlan, DEFAULT_RECIPE],
    ['handbook', handbookFeaturePlan, HANDBOOK_RECIPE],
  ])('%s fits its feature set and was made by its recipe', async (name, plan, recipe) => {
    const bundle = await bundleOf(name);
    expect(bundle.feature_set).toEqual({
      name,
      version: String(plan.set.version),
      hash: plan.hash,
    });
    expect(bundle.provenance).toMatchObject(recipe.provenance);
    expect(bundle.required_feature_groups).toEqual(
      Object.fromEntries(plan.groups.map((group) => [group.name, String(group.version)])),
    );
    const known = bundle.primary.features.filter((feature) => recipe.without.includes(feature));
    expect(known).toEqual([]);
    expect(bundle.thresholds.map(({ action }) => action)).toEqual([
      'APPROVE',
      'STEP_UP',
      'QUEUE',
      'DECLINE',
    ]);
  });

  it(
    'default: AUC at least .85 on a world of the demo seed, amount alone at most .75',
    {
      timeout: SLOW_MS,
    },
    async () => {
      expect(TRAINING_WORLD.seed).not.toBe(DEFAULT_WORLD.seed);
      const set = await worldTrainingSet(makeWorld({ ...DEFAULT_WORLD, flows: 3000 }));
      expect(set.rows).toHaveLength(6000);
      const { model, alone } = areas(await bundleOf('default'), set, 'amount_sum');
      expect(model).toBeGreaterThanOrEqual(0.85);
      expect(alone).toBeLessThanOrEqual(0.75);
    },
  );

  it(
    'handbook: ranks a generated stream of another seed far better than the amount does',
    {
      timeout: SLOW_MS,
    },
    async () => {
      const set = await likeHandbookTrainingSet(
        {
          ...TRAINING_LIKE_HANDBOOK,
          seed: 7n,
          transactions: 8000,
          days: 40,
          customers: 200,
          terminals: 400,
        },
        'docs/maps/handbook.yaml',
      );
      expect(set.rows).toHaveLength(8000);
      const { model, alone } = areas(await bundleOf('handbook'), set, 'TX_AMOUNT');
      expect(model).toBeGreaterThanOrEqual(0.8);
      expect(model).toBeGreaterThan(alone + 0.1);
    },
  );
});
