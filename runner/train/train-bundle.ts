/**
 * From served rows and their truth to a bundle: fit on the earlier part of the time, judge and choose
 * thresholds on the later part, write down both.
 *
 * Nothing in the bundle is typed by hand but names, the penalty and the wanted precisions; the same rows
 * give the same bytes.
 */
import type { FeaturePlan } from '../../operators/features/plan.js';
import { makeBundle, BUNDLE_FORMAT, type Bundle } from '../../operators/model/bundle.js';
import type { LogisticModel } from '../../operators/model/logistic.js';
import { compileModel } from '../../operators/model/scorer.js';
import { DEFAULT_SCOPE } from '../../operators/decision/decision-scope.js';
import { rankMeasures } from '../report/rank-measures.js';
import { chooseThresholds, type PrecisionTarget } from './choose-thresholds.js';
import { fitLogistic } from './fit-logistic.js';
import type { ServedRow } from './served-rows.js';

export interface TrainingSet {
  readonly plan: FeaturePlan;
  /** In order of decisions. */
  readonly rows: readonly ServedRow[];
  readonly truth: readonly boolean[];
}

export interface BundleRecipe {
  readonly version: string;
  /** Features that must not be learned from, such as absolute times. */
  readonly without: readonly string[];
  readonly ridge: number;
  /** Share of the rows, from the first, that the model is fitted to. */
  readonly fitShare: number;
  readonly targets: readonly PrecisionTarget[];
  /** What the rows are made of; the measures are added to it. */
  readonly provenance: Readonly<Record<string, string>>;
}

export function trainBundle(set: TrainingSet, recipe: BundleRecipe): Bundle {
  const { plan } = set;
  const cut = Math.floor(set.rows.length * recipe.fitShare);
  const early = partOf(set, 0, cut);
  const late = partOf(set, cut, set.rows.length);
  const model = fitLogistic(
    early.rows.map(({ values }) => values),
    early.truth,
    {
      columns: plan.features
        .filter(({ name }) => !recipe.without.includes(name))
        .map(({ name, index }) => ({ name, place: index })),
      ridge: recipe.ridge,
    },
  );
  const lateScores = scoresOf(model, late);
  return makeBundle({
    format: BUNDLE_FORMAT,
    bundle_version: recipe.version,
    feature_set: { name: plan.set.name, version: String(plan.set.version), hash: plan.hash },
    input_contract_version: DEFAULT_SCOPE.inputContractVersion,
    required_capabilities: ['primary'],
    required_feature_groups: Object.fromEntries(
      plan.groups.map(({ name, version }) => [name, String(version)]),
    ),
    required_action_posture: 'STEP_UP_ONLY',
    primary: model,
    thresholds: chooseThresholds(lateScores, late.truth, recipe.targets),
    explain: {},
    provenance: {
      ...recipe.provenance,
      ridge: String(recipe.ridge),
      fitted_to: `the first ${cut} of ${set.rows.length} decisions in order of time`,
      fitted_measures: measuresText(scoresOf(model, early), early.truth),
      later_measures: measuresText(lateScores, late.truth),
      thresholds: recipe.targets
        .map(({ action, precision }) => `${action} at precision ${precision} of the later part`)
        .join(', '),
    },
  });
}

function partOf(set: TrainingSet, from: number, to: number): TrainingSet {
  return { plan: set.plan, rows: set.rows.slice(from, to), truth: set.truth.slice(from, to) };
}

/** Scores as decisions carry them, rounded to 1e-6. */
export function scoresOf(
  model: LogisticModel,
  { plan, rows }: Pick<TrainingSet, 'plan' | 'rows'>,
): Float64Array {
  const scorer = compileModel(model);
  const places = new Map(plan.features.map(({ name, index }) => [name, index]));
  const columns = scorer.features.map((name) => places.get(name) ?? -1);
  const matrix = new Float64Array(rows.length * columns.length);
  rows.forEach(({ values }, row) => {
    columns.forEach((place, at) => {
      matrix[row * columns.length + at] = values[place] ?? NaN;
    });
  });
  const scores = new Float64Array(rows.length);
  scorer.score(matrix, rows.length, scores);
  return scores;
}

function measuresText(scores: Float64Array, truth: readonly boolean[]): string {
  const measures = rankMeasures(scores, truth);
  if (measures === null) return 'one class only';
  return `AUC ${measures.area.toFixed(4)}, average precision ${measures.averagePrecision.toFixed(4)}`;
}
