/**
 * Reads XGBoost's own JSON model file (`save_model("model.json")`), version 1.7 to 3.
 *
 * in: the file's text. out: a TreesModel. What weir does not score is refused by name: dart, linear
 * boosters, several classes or targets, objectives without a known link.
 * fails: HaltError MODEL_IMPORT_FAILED.
 *
 * I2. All trees of the file are taken, as `Booster.predict` does; a model stopped early is cut with
 *     `rounds` (XGBoost's scikit wrapper does that silently, its model file does not).
 * I3. Category sets mean "go right" in XGBoost: children and default change places (trees-model.ts, T3).
 * I4. `missing: 0` of the training matrix is not in the file: pass `zeroIsMissing`.
 *
 * source: XGBoost doc/model.schema; src/tree/tree_model.cc (LoadCategoricalSplit); src/objective
 * (ProbToMargin, in floats).
 */
import { HaltError } from '../../schemas/errors.js';
import { log } from '../math/log.js';
import { NODE_FLAGS, type TreesModel } from './trees-model.js';
import { TreesBuilder, type GrownTree } from './trees-builder.js';

export interface ImportXgboostOptions {
  /** Names of the columns where the file has none. */
  readonly features?: readonly string[];
  readonly zeroIsMissing?: boolean;
  /** Boosting rounds to take; all by default. */
  readonly rounds?: number;
}

const fail = (reason: string): never => {
  throw new HaltError('MODEL_IMPORT_FAILED', `XGBoost model: ${reason}`);
};

type Json = Readonly<Record<string, unknown>>;

const objectAt = (parent: Json, name: string): Json => {
  const value = parent[name];
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Json)
    : fail(`there is no ${name}; save it with save_model("model.json")`);
};

const numbersAt = (parent: Json, name: string): readonly number[] => {
  const value = parent[name];
  if (!Array.isArray(value)) return fail(`a tree has no ${name}`);
  // Booleans (default_left in some versions) count as 0 and 1.
  return value.map(Number);
};

const textsAt = (parent: Json, name: string): readonly string[] => {
  const value = parent[name];
  return Array.isArray(value) ? value.map(String) : [];
};

/** Category sets by node, from the three lists they are packed in. */
const setsOf = (tree: Json): ReadonlyMap<number, readonly number[]> => {
  const categories = numbersAt(tree, 'categories');
  const segments = numbersAt(tree, 'categories_segments');
  const sizes = numbersAt(tree, 'categories_sizes');
  return new Map(
    numbersAt(tree, 'categories_nodes').map((node, at) => {
      const from = segments[at] ?? fail('categories_segments is too short');
      const size = sizes[at] ?? fail('categories_sizes is too short');
      return [node, categories.slice(from, from + size).sort((a, b) => a - b)];
    }),
  );
};

/** XGBoost numbers inner nodes and leaves together; a leaf has no left child (-1). */
const readTree = (tree: Json): GrownTree => {
  const left = numbersAt(tree, 'left_children');
  const right = numbersAt(tree, 'right_children');
  const condition = numbersAt(tree, 'split_conditions').map(Math.fround);
  const feature = numbersAt(tree, 'split_indices');
  const defaultLeft = numbersAt(tree, 'default_left');
  const cover = numbersAt(tree, 'sum_hessian');
  const sets = setsOf(tree);
  const inner = left.flatMap((child, node) => (child >= 0 ? [node] : []));
  const leaves = left.flatMap((child, node) => (child >= 0 ? [] : [node]));
  const place = new Map<number, number>();
  inner.forEach((node, at) => place.set(node, at));
  leaves.forEach((node, at) => place.set(node, -at - 1));
  const childOf = (child: number | undefined): number =>
    place.get(child ?? NaN) ??
    fail(`a tree links to node ${String(child)}, which it does not have`);
  const numbered = [...sets.keys()];
  return {
    feature: inner.map((node) => feature[node] ?? NaN),
    threshold: inner.map((node) =>
      sets.has(node) ? numbered.indexOf(node) : (condition[node] ?? NaN),
    ),
    flags: inner.map((node) => {
      // I3.
      if (sets.has(node)) {
        return NODE_FLAGS.categorical | (defaultLeft[node] === 1 ? 0 : NODE_FLAGS.defaultLeft);
      }
      return defaultLeft[node] === 1 ? NODE_FLAGS.defaultLeft : 0;
    }),
    left: inner.map((node) => childOf(sets.has(node) ? right[node] : left[node])),
    right: inner.map((node) => childOf(sets.has(node) ? left[node] : right[node])),
    nodeCover: inner.map((node) => cover[node] ?? NaN),
    leaf: leaves.map((node) => condition[node] ?? NaN),
    leafCover: leaves.map((node) => cover[node] ?? NaN),
    sets: [...sets.values()],
  };
};

const LOGISTIC = ['binary:logistic', 'reg:logistic'];
const IDENTITY = ['reg:squarederror'];
/** Trained on the log-odds, and predicting them. */
const LOGIT_RAW = 'binary:logitraw';

const baseOf = (learner: Json, logistic: boolean): number => {
  // Since 3.1 a list of one, before that a single number, always as text.
  const text = String(objectAt(learner, 'learner_model_param')['base_score']).replace(
    /^\[|\]$/g,
    '',
  );
  const score = Math.fround(Number(text === '' ? NaN : text));
  if (!Number.isFinite(score)) return fail(`base_score "${text}" is not one number`);
  if (!logistic) return score;
  if (!(score > 0 && score < 1)) return fail(`base_score ${score} is no probability`);
  return -Math.fround(log(Math.fround(Math.fround(1 / score) - 1)));
};

const roundsOf = (model: Json, trees: number, rounds: number | undefined): number => {
  if (rounds === undefined) return trees;
  const parallel = Number(objectAt(model, 'gbtree_model_param')['num_parallel_tree'] ?? '1');
  const wanted = rounds * parallel;
  return rounds >= 1 && wanted <= trees
    ? wanted
    : fail(`${rounds} rounds asked for; it has ${trees / parallel}`);
};

const parsed = (text: string): Json => {
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    return fail(
      `the file is no JSON (${error instanceof Error ? error.message : 'unreadable'}); save it with save_model("model.json")`,
    );
  }
};

/** The text of an XGBoost JSON model file. */
export const importXgboost = (text: string, options: ImportXgboostOptions = {}): TreesModel => {
  const learner = objectAt(parsed(text), 'learner');
  const booster = objectAt(learner, 'gradient_booster');
  if (booster['name'] !== 'gbtree')
    fail(`booster "${String(booster['name'])}" is not scored; use gbtree`);
  const params = objectAt(learner, 'learner_model_param');
  const targets = Number(params['num_target'] ?? '1');
  if (Number(params['num_class'] ?? '0') > 1 || targets > 1)
    fail('several classes or targets are not scored');
  const objective = String(objectAt(learner, 'objective')['name']);
  const logistic = LOGISTIC.includes(objective);
  const known = logistic || IDENTITY.includes(objective) || objective === LOGIT_RAW;
  if (!known)
    fail(
      `objective "${objective}" is not scored; use ${[...LOGISTIC, LOGIT_RAW, ...IDENTITY].join(', ')}`,
    );
  const model = objectAt(booster, 'model');
  const trees = model['trees'];
  if (!Array.isArray(trees)) return fail('there are no trees');
  const builder = new TreesBuilder();
  for (const tree of trees.slice(
    0,
    roundsOf(model, trees.length, options.rounds),
  ) as readonly Json[]) {
    builder.add(readTree(tree));
  }
  const width = Number(params['num_feature']);
  const named = textsAt(learner, 'feature_names');
  const features =
    options.features ??
    (named.length > 0 ? named : Array.from({ length: width }, (_, at) => `f${at}`));
  if (features.length !== width)
    fail(`it has ${width} columns, but ${features.length} names were given`);
  return {
    kind: 'trees',
    grownBy: 'xgboost',
    features,
    compare: 'lt32',
    base: baseOf(learner, logistic || objective === LOGIT_RAW),
    divisor: 1,
    link: logistic ? 'logistic' : 'identity',
    slope: 1,
    zeroIsMissing: options.zeroIsMissing ?? false,
    ...builder.lists(),
  };
};
