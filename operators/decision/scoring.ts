/**
 * A bundle made ready to score served features: compiled models and where their columns stand.
 *
 * Compiling is a pure function of bundle and plan, so it is remembered per bundle object.
 */
import type { Bundle } from '../model/bundle.js';
import { explain } from '../model/explain.js';
import { compileModel, type Model, type Scorer } from '../model/scorer.js';
import type { FeaturePlan } from '../features/plan.js';
import { placesByName } from './serve.js';

/** What a decision asks of the worker pool (the runner's `score` border). */
export interface ScoreAsk {
  /** hex64 of the bundle's bytes. */
  readonly sha256: string;
  readonly model: 'primary' | 'stage2';
  /** Feature values in the model's order; NaN is missing. */
  readonly row: readonly number[];
  readonly timeoutMs: number;
}

export interface ReadyModel {
  /** Scored here; trees go to the pool, logistic costs less than the way there. */
  readonly inline: boolean;
  readonly scorer: Scorer;
  /** Place in the served vector of each column; -1 where the plan has no such feature. */
  readonly columns: readonly number[];
  /** One row, used again and again. */
  readonly row: Float64Array;
}

export interface ReadyBundle {
  readonly bundle: Bundle;
  readonly primary: ReadyModel;
  readonly stage2: ReadyModel | undefined;
}

export class Scoring {
  readonly #places: ReadonlyMap<string, number>;
  readonly #ready = new WeakMap<Bundle, ReadyBundle>();

  constructor(plan: FeaturePlan) {
    this.#places = placesByName(plan);
  }

  ready(bundle: Bundle): ReadyBundle {
    const known = this.#ready.get(bundle);
    if (known !== undefined) return known;
    const made: ReadyBundle = {
      bundle,
      primary: this.#model(bundle.primary),
      stage2: bundle.stage2 && this.#model(bundle.stage2.model),
    };
    this.#ready.set(bundle, made);
    return made;
  }

  #model(model: Model): ReadyModel {
    return {
      inline: model.kind === 'logistic',
      scorer: compileModel(model),
      columns: model.features.map((name) => this.#places.get(name) ?? -1),
      row: new Float64Array(model.features.length),
    };
  }
}

type Values = readonly (number | null)[];

/** The model's row for the pool; what is missing is NaN. */
export function rowOf(model: ReadyModel, values: Values): number[] {
  return model.columns.map((at) => values[at] ?? NaN);
}

/** The same in the model's own row, valid until the next call. */
function fillRow({ row, columns }: ReadyModel, values: Values): Float64Array {
  for (let at = 0; at < columns.length; at += 1) row[at] = values[columns[at] ?? -1] ?? NaN;
  return row;
}

const scratch = new Float64Array(1);

/** Score of served values, rounded to 1e-6. */
export function scoreInline(model: ReadyModel, values: Values): number {
  model.scorer.score(fillRow(model, values), 1, scratch);
  return scratch[0] ?? NaN;
}

/** Names of the features that raised the score most. */
export const reasonsOf = (ready: ReadyBundle, values: Values, limit: number): readonly string[] =>
  limit === 0
    ? []
    : explain(ready.primary.scorer, fillRow(ready.primary, values), {
        names: ready.bundle.explain,
        limit,
      });
