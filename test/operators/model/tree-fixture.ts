/** The committed outputs of scripts/make-tree-fixtures.py. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { importLightgbm } from '../../../operators/model/import-lightgbm.js';
import { importXgboost } from '../../../operators/model/import-xgboost.js';
import type { TreesModel } from '../../../operators/model/trees-model.js';

export const ROWS = 1000;

const read = (file: string): Buffer =>
  gunzipSync(readFileSync(new URL(`../../fixtures/trees/${file}`, import.meta.url)));

export const fixtureText = (file: string): string => read(`${file}.gz`).toString('utf8');

export const fixtureModel = (name: string): TreesModel =>
  name.startsWith('lightgbm')
    ? importLightgbm(fixtureText(`${name}.txt`))
    : importXgboost(fixtureText(`${name}.json`), { zeroIsMissing: name === 'xgboost-zero' });

export interface TreeFixture {
  readonly rows: Float64Array;
  /** What the library predicts: margins, then probabilities. */
  readonly margins: Float64Array;
  readonly probabilities: Float64Array;
}

export const treeFixture = (name: string, width: number): TreeFixture => {
  const bytes = read(`${name}.rows.gz`);
  const all = Float64Array.from({ length: bytes.length / 8 }, (_, at) =>
    bytes.readDoubleLE(at * 8),
  );
  const cells = ROWS * width;
  return {
    rows: all.slice(0, cells),
    margins: all.slice(cells, cells + ROWS),
    probabilities: all.slice(cells + ROWS),
  };
};
