/**
 * Puts trees that number their nodes each from zero into one model's lists (trees-model.ts, T1).
 *
 * Nodes are renumbered in depth-first order, so that children always come after their parent and a walk
 * touches neighbouring memory. fails: HaltError MODEL_IMPORT_FAILED for links that lead nowhere.
 */
import { HaltError } from '../../schemas/errors.js';
import { CATEGORY_MAX, NODE_FLAGS, type TreesModel } from './trees-model.js';

/** One tree: a child n >= 0 is its inner node n, n < 0 its leaf -n-1; the root is node 0, or leaf 0. */
export interface GrownTree {
  readonly feature: readonly number[];
  readonly threshold: readonly number[];
  readonly flags: readonly number[];
  readonly left: readonly number[];
  readonly right: readonly number[];
  readonly nodeCover: readonly number[];
  readonly leaf: readonly number[];
  readonly leafCover: readonly number[];
  readonly sets: readonly (readonly number[])[];
}

export type TreeLists = Pick<
  TreesModel,
  | 'roots'
  | 'feature'
  | 'threshold'
  | 'flags'
  | 'left'
  | 'right'
  | 'nodeCover'
  | 'leaf'
  | 'leafCover'
  | 'sets'
>;

const broken = (what: string): never => {
  throw new HaltError('MODEL_IMPORT_FAILED', `the model file is damaged: ${what}`);
};

const finite = (value: number | undefined, what: string): number =>
  value !== undefined && Number.isFinite(value) ? value : broken(`${what} is no finite number`);

export class TreesBuilder {
  private readonly roots: number[] = [];
  private readonly feature: number[] = [];
  private readonly threshold: number[] = [];
  private readonly flags: number[] = [];
  private readonly left: number[] = [];
  private readonly right: number[] = [];
  private readonly nodeCover: number[] = [];
  private readonly leaf: number[] = [];
  private readonly leafCover: number[] = [];
  private readonly sets: (readonly number[])[] = [];

  add(tree: GrownTree): void {
    this.roots.push(this.copy(tree, tree.feature.length === 0 ? -1 : 0, 0));
  }

  lists(): TreeLists {
    const { roots, feature, threshold, flags, left, right, nodeCover, leaf, leafCover, sets } =
      this;
    return { roots, feature, threshold, flags, left, right, nodeCover, leaf, leafCover, sets };
  }

  private copy(tree: GrownTree, from: number, depth: number): number {
    // No path can be longer than the tree has nodes, unless its links run in a circle.
    if (depth > tree.feature.length) return broken('the links of a tree run in a circle');
    if (from < 0) {
      this.leafCover.push(finite(tree.leafCover[-from - 1], 'the cover of a leaf'));
      return -this.leaf.push(finite(tree.leaf[-from - 1], 'a leaf'));
    }
    const flags = tree.flags[from] ?? broken(`there is no node ${from}`);
    const limit = finite(tree.threshold[from], 'a threshold');
    const node = this.feature.push(finite(tree.feature[from], 'a split feature')) - 1;
    this.flags.push(flags);
    this.threshold.push(
      (flags & NODE_FLAGS.categorical) === 0 ? limit : this.addSet(tree.sets[limit]),
    );
    this.nodeCover.push(finite(tree.nodeCover[from], 'the cover of a node'));
    // Both places are taken before the children come, so that they keep this node's number.
    this.left.push(0);
    this.right.push(0);
    this.left[node] = this.copy(tree, finite(tree.left[from], 'a child'), depth + 1);
    this.right[node] = this.copy(tree, finite(tree.right[from], 'a child'), depth + 1);
    return node;
  }

  private addSet(set: readonly number[] | undefined): number {
    if (set === undefined) return broken('a categorical split has no categories');
    const whole = (value: number): boolean =>
      Number.isInteger(value) && value >= 0 && value <= CATEGORY_MAX;
    if (!set.every(whole)) return broken(`a category is no whole number of 0 to ${CATEGORY_MAX}`);
    return this.sets.push(set) - 1;
  }
}
