/**
 * Boosted trees as data: every tree of a model in a few flat lists, whatever library grew it.
 *
 * T1. Inner nodes and leaves are numbered through all trees. A child or root of n >= 0 is inner node n;
 *     of n < 0 it is leaf -n-1. A child's number is larger than its parent's, so no walk can loop.
 * T2. `compare`: `le64` sends x <= threshold left in doubles (LightGBM); `lt32` rounds x to a float
 *     first, sends x < threshold left, and adds leaves as floats in tree order (XGBoost).
 * T3. A categorical node sends a value left when its whole part is in the node's set. Anything else
 *     goes right. (XGBoost's sets mean "right": its importer swaps the children.)
 * T4. Cover is the weight of training rows that reached a node, only for reasons (explain.ts).
 *
 * source: LightGBM include/LightGBM/tree.h (NumericalDecision, CategoricalDecision); XGBoost
 * src/predictor/predict_fn.h and src/common/categorical.h.
 */
import type { StrictReader } from '../strict-reader.js';

/** What a missing value (NaN) does at a node: flags of one node are added up. */
export const NODE_FLAGS = {
  /** The threshold is the number of a category set. */
  categorical: 1,
  /** Missing values go left. */
  defaultLeft: 2,
  /** NaN is read as 0 before the comparison (LightGBM without missing handling). */
  nanIsZero: 4,
  /** Zero (within 1e-35) is missing as well. */
  zeroIsMissing: 8,
  /** Left for every value that is not missing; the threshold (Infinity in LightGBM) is not used. */
  noLimit: 16,
} as const;

export interface TreesModel {
  readonly kind: 'trees';
  readonly grownBy: 'lightgbm' | 'xgboost';
  readonly features: readonly string[];
  readonly compare: 'le64' | 'lt32';
  /** Margin before the first tree. */
  readonly base: number;
  /** The link divides the margin by this (random forests; LightGBM's raw score is the plain sum). */
  readonly divisor: number;
  readonly link: 'logistic' | 'identity';
  /** The logistic link squashes slope x margin. */
  readonly slope: number;
  /** XGBoost matrices made with missing=0: a zero of the row is missing everywhere. */
  readonly zeroIsMissing: boolean;
  readonly roots: readonly number[];
  readonly feature: readonly number[];
  readonly threshold: readonly number[];
  readonly flags: readonly number[];
  readonly left: readonly number[];
  readonly right: readonly number[];
  readonly nodeCover: readonly number[];
  readonly leaf: readonly number[];
  readonly leafCover: readonly number[];
  /** Category sets: ascending whole numbers. */
  readonly sets: readonly (readonly number[])[];
}

/** XGBoost's own bound (2^24); keeps a bitset below 2 MiB. */
export const CATEGORY_MAX = 16_777_215;

const FIELDS = [
  'kind',
  'grownBy',
  'features',
  'compare',
  'base',
  'divisor',
  'link',
  'slope',
  'zeroIsMissing',
  'roots',
  'feature',
  'threshold',
  'flags',
  'left',
  'right',
  'nodeCover',
  'leaf',
  'leafCover',
  'sets',
] as const;

const readSets = (reader: StrictReader): readonly (readonly number[])[] =>
  reader.items().map((item) => {
    const set = item.numbers({ min: 0, max: CATEGORY_MAX, integer: true });
    set.forEach((value, at) => {
      if (at > 0 && value <= (set[at - 1] ?? -1))
        item.reject('categories must ascend and not repeat');
    });
    return set;
  });

/** T1. Every child points forward and to something that exists, and nothing is reached twice. */
const checkLinks = (reader: StrictReader, model: TreesModel): void => {
  const nodes = model.feature.length;
  const leaves = model.leaf.length;
  const reached = new Uint8Array(nodes + leaves);
  const reach = (child: number, parent: number, path: string): void => {
    const place = child >= 0 ? child : nodes - child - 1;
    if (child >= 0 ? child <= parent || child >= nodes : -child > leaves) {
      reader
        .field(path)
        .reject(`child ${child} of node ${parent} does not exist or points back; export again`);
    }
    if (reached[place] === 1)
      reader.field(path).reject(`child ${child} is reached twice; export again`);
    reached[place] = 1;
  };
  for (const root of model.roots) reach(root, -1, 'roots');
  for (let node = 0; node < nodes; node++) {
    reach(model.left[node] ?? NaN, node, 'left');
    reach(model.right[node] ?? NaN, node, 'right');
    const isSet = ((model.flags[node] ?? 0) & NODE_FLAGS.categorical) !== 0;
    const set = model.threshold[node] ?? NaN;
    if (isSet && !(Number.isInteger(set) && set >= 0 && set < model.sets.length)) {
      reader
        .field(`threshold[${node}]`)
        .reject(`set ${set} does not exist; the model has ${model.sets.length}`);
    }
  }
  if (reached.includes(0))
    reader.reject('a node or leaf belongs to no tree; export the model again');
};

/** Strict: fails with the document's code and one line naming the path. */
export const readTreesModel = (reader: StrictReader): TreesModel => {
  reader.fields(...FIELDS);
  const features = reader.field('features').texts();
  const leaf = reader.field('leaf').numbers();
  const feature = reader
    .field('feature')
    .numbers({ min: 0, max: features.length - 1, integer: true });
  const nodes = feature.length;
  const child = { min: -leaf.length, max: nodes - 1, integer: true };
  const model: TreesModel = {
    kind: 'trees',
    grownBy: reader.field('grownBy').oneOf(['lightgbm', 'xgboost']),
    features,
    compare: reader.field('compare').oneOf(['le64', 'lt32']),
    base: reader.field('base').number(),
    divisor: reader.field('divisor').number({ min: 0, aboveMin: true }),
    link: reader.field('link').oneOf(['logistic', 'identity']),
    slope: reader.field('slope').number({ min: 0, aboveMin: true }),
    zeroIsMissing: reader.field('zeroIsMissing').flag(),
    roots: reader.field('roots').numbers(child),
    feature,
    threshold: reader.field('threshold').numbers({}, nodes),
    flags: reader.field('flags').numbers({ min: 0, max: 31, integer: true }, nodes),
    left: reader.field('left').numbers(child, nodes),
    right: reader.field('right').numbers(child, nodes),
    nodeCover: reader.field('nodeCover').numbers({ min: 0 }, nodes),
    leaf,
    leafCover: reader.field('leafCover').numbers({ min: 0 }, leaf.length),
    sets: readSets(reader.field('sets')),
  };
  if (model.roots.length === 0) reader.field('roots').refuse('at least one tree');
  checkLinks(reader, model);
  return model;
};
