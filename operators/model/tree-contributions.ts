/**
 * Which features moved a tree model's margin for one row: the change along each path, by feature.
 *
 * in: one row. out: added to a vector of shares, one place per column.
 * time: as long as scoring the row.
 *
 * E1. A node is worth the cover-weighted mean of its leaves. Each step adds (worth of child - worth of
 *     node) to the node's feature, so shares + `base` + worth of all roots = margin (to rounding).
 * E2. Without cover (all zero) leaves count alike.
 *
 * source: A. Saabas, "Interpreting random forests" (2014). Chosen over exact Shapley values because it
 * costs one walk and its sums can be checked by hand.
 */
import { childOf, loadRow, type FlatTrees } from './trees.js';
import type { TreesModel } from './trees-model.js';

interface Worth {
  readonly node: Float64Array;
  readonly leaf: Float64Array;
}

/** E1. From the last node to the first: children come after their parent (trees-model.ts, T1). */
const worthOf = (model: TreesModel): Worth => {
  const nodes = model.feature.length;
  const node = new Float64Array(nodes);
  const leaf = Float64Array.from(model.leaf);
  const cover = new Float64Array(nodes);
  const counted = model.leafCover.some((value) => value > 0);
  for (let at = nodes - 1; at >= 0; at--) {
    let covered = 0;
    let weighted = 0;
    for (const child of [model.left[at] ?? NaN, model.right[at] ?? NaN]) {
      const own =
        child < 0 ? (counted ? (model.leafCover[-child - 1] ?? NaN) : 1) : (cover[child] ?? NaN);
      covered += own;
      weighted += own * (child < 0 ? (leaf[-child - 1] ?? NaN) : (node[child] ?? NaN));
    }
    cover[at] = covered;
    node[at] = covered > 0 ? weighted / covered : 0;
  }
  return { node, leaf };
};

export const treeContributions = (
  model: TreesModel,
  trees: FlatTrees,
): ((row: Float64Array, out: Float64Array) => void) => {
  const worth = worthOf(model);
  const of = (child: number): number =>
    (child < 0 ? worth.leaf[-child - 1] : worth.node[child]) ?? NaN;
  return (row, out) => {
    const read = new Float64Array(trees.width);
    loadRow(trees, row, 0, read);
    for (const root of trees.roots) {
      let at = root;
      while (at >= 0) {
        const feature = trees.feature[at] ?? NaN;
        const child = childOf(trees, at, read[feature] ?? NaN);
        out[feature] = (out[feature] ?? 0) + of(child) - of(at);
        at = child;
      }
    }
  };
};
