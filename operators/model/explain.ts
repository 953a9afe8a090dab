/**
 * The reasons of a score: the features that pushed it up most, by name.
 *
 * in: a scorer and one row. out: at most `limit` names, strongest first. state: none. fails: never.
 *
 * N1. Names only: no feature value leaves through a reason (spec platform 1.12).
 * N2. Only features that raise the margin are reasons; shares are compared after rounding to 1e-6, and
 *     equal ones keep the column order, so the list is the same on every machine.
 * N3. A feature with no name of its own in the bundle is called by its feature name. Features that
 *     share a name are one reason: their shares are added before the ranking.
 *
 * source: spec platform section 20 (explainability when reason codes are exposed).
 */
import { round6 } from '../math/round6.js';
import type { Scorer } from './scorer.js';

export interface ExplainOptions {
  /** Reason name by feature name. */
  readonly names: Readonly<Record<string, string>>;
  readonly limit: number;
}

export const explain = (
  scorer: Scorer,
  row: Float64Array,
  options: ExplainOptions,
): readonly string[] => {
  const shares = new Float64Array(scorer.features.length);
  scorer.contributions(row, shares);
  const byName = new Map<string, number>();
  scorer.features.forEach((feature, at) => {
    const name = Object.hasOwn(options.names, feature)
      ? (options.names[feature] ?? feature)
      : feature;
    byName.set(name, (byName.get(name) ?? 0) + (shares[at] ?? 0));
  });
  return [...byName]
    .map(([name, share]) => ({ name, share: round6(share) }))
    .filter(({ share }) => share > 0)
    .sort((a, b) => b.share - a.share)
    .slice(0, options.limit)
    .map(({ name }) => name);
};
