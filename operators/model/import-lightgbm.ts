/**
 * Reads LightGBM's own model files: the text of `save_model` and the JSON of `dump_model`.
 *
 * in: the file's text. out: a TreesModel. What weir does not score is refused by name, never
 * approximated: several classes, linear leaves, objectives without a known link.
 * fails: HaltError MODEL_IMPORT_FAILED.
 *
 * I1. Both forms of one model give equal TreesModels (less cover, which the text rounds).
 *
 * source: LightGBM src/io/tree.cpp (Tree::ToString, ToJSON), include/LightGBM/tree.h (decision_type:
 * bit 0 categorical, bit 1 default left, bits 2-3 missing type none, zero, NaN).
 */
import { HaltError } from '../../schemas/errors.js';
import { NODE_FLAGS, type TreesModel } from './trees-model.js';
import { TreesBuilder, type GrownTree } from './trees-builder.js';

const fail = (reason: string): never => {
  throw new HaltError('MODEL_IMPORT_FAILED', `LightGBM model: ${reason}`);
};

type Fields = ReadonlyMap<string, string>;

const fieldsOf = (block: string): Fields => {
  const fields = new Map<string, string>();
  for (const line of block.split('\n')) {
    const equals = line.indexOf('=');
    if (equals > 0) fields.set(line.slice(0, equals), line.slice(equals + 1).trim());
    else if (line.trim() !== '') fields.set(line.trim(), '');
  }
  return fields;
};

const listOf = (fields: Fields, name: string, length: number): readonly number[] => {
  const text = fields.get(name) ?? (length === 0 ? '' : fail(`a tree has no ${name}`));
  const list =
    text === '' ? [] : text.split(' ').map((word) => (word === 'inf' ? Infinity : Number(word)));
  if (list.length !== length || list.some((value) => Number.isNaN(value))) {
    return fail(`${name} should hold ${length} numbers`);
  }
  return list;
};

const MISSING_FLAGS = [NODE_FLAGS.nanIsZero, NODE_FLAGS.zeroIsMissing, 0] as const;

const flagsOf = (decision: number): number => {
  // LightGBM sends a missing category right whatever the other bits say.
  if ((decision & 1) !== 0) return NODE_FLAGS.categorical;
  const missing = MISSING_FLAGS[decision >> 2] ?? fail(`decision_type ${decision} is unknown`);
  return ((decision & 2) !== 0 ? NODE_FLAGS.defaultLeft : 0) | missing;
};

/** Infinity in the text, 1e300 in the JSON dump: every value goes left, only missing ones may not. */
const NO_LIMIT = 1e300;

const unlimited = (tree: GrownTree): GrownTree => {
  const isSet = (at: number): boolean => ((tree.flags[at] ?? 0) & NODE_FLAGS.categorical) !== 0;
  const isOpen = (at: number): boolean => !isSet(at) && (tree.threshold[at] ?? NaN) >= NO_LIMIT;
  return {
    ...tree,
    threshold: tree.threshold.map((value, at) => (isOpen(at) ? 0 : value)),
    flags: tree.flags.map((value, at) => (isOpen(at) ? value | NODE_FLAGS.noLimit : value)),
  };
};

const categoriesOf = (words: readonly number[]): readonly number[] =>
  words.flatMap((word, at) =>
    Array.from({ length: 32 }, (_, bit) => bit)
      .filter((bit) => ((word >>> bit) & 1) === 1)
      .map((bit) => at * 32 + bit),
  );

const readTextTree = (fields: Fields): GrownTree => {
  if ((fields.get('is_linear') ?? '0') !== '0') fail('linear leaves (linear_tree) are not scored');
  const leaves = Number(fields.get('num_leaves'));
  if (!Number.isInteger(leaves) || leaves < 1) return fail('a tree has no num_leaves');
  const nodes = leaves - 1;
  const sets = Number(fields.get('num_cat') ?? '0');
  const bounds = listOf(fields, 'cat_boundaries', sets === 0 ? 0 : sets + 1);
  const words = listOf(fields, 'cat_threshold', bounds.at(-1) ?? 0);
  const decisions = listOf(fields, 'decision_type', nodes);
  return {
    feature: listOf(fields, 'split_feature', nodes),
    threshold: listOf(fields, 'threshold', nodes),
    flags: decisions.map(flagsOf),
    left: listOf(fields, 'left_child', nodes),
    right: listOf(fields, 'right_child', nodes),
    nodeCover: listOf(fields, 'internal_count', nodes),
    leaf: listOf(fields, 'leaf_value', leaves),
    // A single leaf has no count of its own.
    leafCover: nodes === 0 ? [0] : listOf(fields, 'leaf_count', leaves),
    sets: Array.from({ length: sets }, (_, at) =>
      categoriesOf(words.slice(bounds[at], bounds[at + 1])),
    ),
  };
};

interface Link {
  readonly link: TreesModel['link'];
  readonly slope: number;
}

const linkOf = (objective: string): Link => {
  const [name = '', ...options] = objective.split(' ');
  if (name === 'binary') {
    const slope = Number(options.find((option) => option.startsWith('sigmoid:'))?.slice(8) ?? '1');
    return { link: 'logistic', slope };
  }
  if (name === 'cross_entropy') return { link: 'logistic', slope: 1 };
  if (name === 'regression' && !options.includes('sqrt')) return { link: 'identity', slope: 1 };
  return fail(`objective "${objective}" is not scored; use binary, cross_entropy or regression`);
};

interface Head {
  readonly features: readonly string[];
  readonly objective: string;
  readonly treesPerRound: number;
  readonly average: boolean;
}

const build = (head: Head, trees: readonly GrownTree[]): TreesModel => {
  if (head.treesPerRound !== 1)
    fail(`${head.treesPerRound} trees per iteration (several classes) are not scored`);
  const builder = new TreesBuilder();
  for (const tree of trees) builder.add(unlimited(tree));
  return {
    kind: 'trees',
    grownBy: 'lightgbm',
    features: head.features,
    compare: 'le64',
    base: 0,
    divisor: head.average ? trees.length : 1,
    ...linkOf(head.objective),
    zeroIsMissing: false,
    ...builder.lists(),
  };
};

const importText = (text: string): TreesModel => {
  const end = text.indexOf('end of trees');
  if (end < 0) return fail('the file is cut off: there is no "end of trees"');
  const [first = '', ...blocks] = text.slice(0, end).split(/^Tree=/m);
  const fields = fieldsOf(first);
  const head: Head = {
    features: (fields.get('feature_names') ?? fail('there is no feature_names')).split(' '),
    objective:
      fields.get('objective') ?? fail('there is no objective (a custom one is not scored)'),
    treesPerRound: Number(fields.get('num_tree_per_iteration') ?? '1'),
    average: fields.has('average_output'),
  };
  const trees = blocks.map((block) => readTextTree(fieldsOf(block.slice(block.indexOf('\n') + 1))));
  return build(head, trees);
};

type Json = Readonly<Record<string, unknown>>;

const MISSING_TYPES: Readonly<Record<string, number>> = { None: 0, Zero: 1, NaN: 2 };

const jsonDecision = (node: Json): number => {
  const categorical = node['decision_type'] === '==' ? 1 : 0;
  if (categorical === 0 && node['decision_type'] !== '<=')
    fail('a decision_type is neither <= nor ==');
  const missing = MISSING_TYPES[String(node['missing_type'])] ?? fail('a missing_type is unknown');
  return categorical | (node['default_left'] === true ? 2 : 0) | (missing << 2);
};

/** One nested tree of the JSON dump to the lists of the text form. */
const readJsonTree = (structure: Json): GrownTree => {
  const nodes: Json[] = [];
  const leaves: Json[] = [];
  const sets: (readonly number[])[] = [];
  const left: number[] = [];
  const right: number[] = [];
  const visit = (node: Json): number => {
    if (node['leaf_value'] !== undefined) return -leaves.push(node);
    if (node['left_child'] === undefined) return fail('a node of the JSON dump has no children');
    const at = nodes.push(node) - 1;
    left[at] = visit(node['left_child'] as Json);
    right[at] = visit(node['right_child'] as Json);
    return at;
  };
  visit(structure);
  const thresholdOf = (node: Json): number => {
    if (node['decision_type'] !== '==') return Number(node['threshold']);
    return (
      sets.push(
        String(node['threshold'])
          .split('||')
          .map(Number)
          .sort((a, b) => a - b),
      ) - 1
    );
  };
  return {
    feature: nodes.map((node) => Number(node['split_feature'])),
    threshold: nodes.map(thresholdOf),
    flags: nodes.map((node) => flagsOf(jsonDecision(node))),
    left,
    right,
    nodeCover: nodes.map((node) => Number(node['internal_count'])),
    leaf: leaves.map((node) => Number(node['leaf_value'])),
    leafCover: leaves.map((node) => Number(node['leaf_count'] ?? 0)),
    sets,
  };
};

const importJson = (text: string): TreesModel => {
  const dump = JSON.parse(text) as Json;
  const trees = dump['tree_info'];
  const features = dump['feature_names'];
  if (!Array.isArray(trees) || !Array.isArray(features))
    return fail('this JSON is no dump_model output');
  const head: Head = {
    features: features.map(String),
    objective:
      typeof dump['objective'] === 'string' ? dump['objective'] : fail('there is no objective'),
    treesPerRound: Number(dump['num_tree_per_iteration']),
    average: dump['average_output'] === true,
  };
  return build(
    head,
    trees.map((tree: Json) => readJsonTree(tree['tree_structure'] as Json)),
  );
};

/** The text of a LightGBM model file (`save_model`) or of `json.dumps(dump_model())`. */
export const importLightgbm = (text: string): TreesModel => {
  if (text.trimStart().startsWith('{')) return importJson(text);
  if (!text.startsWith('tree')) return fail('the file starts neither with "tree" nor with "{"');
  return importText(text);
};
