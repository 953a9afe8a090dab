/**
 * How each shipped bundle is made. Everything in a bundle follows from here and from the generators:
 * `npm run train` writes the same bytes again.
 */
import type { LikeHandbookOptions } from '../import/generate-like-handbook.js';
import { worldText } from '../world/world-records.js';
import { DEFAULT_WORLD, makeWorld } from '../world/world.js';
import type { BundleRecipe } from './train-bundle.js';

/** Far from the demo's seed 7 and from the seeds of the tests. */
export const TRAINING_WORLD = { ...DEFAULT_WORLD, seed: 2026n } as const;

/** 60 days, so that labels 7 days late and windows delayed by 7 days have had time to say something. */
export const TRAINING_LIKE_HANDBOOK = {
  seed: 2026n,
  transactions: 80_000,
  days: 60,
  customers: 700,
  terminals: 1400,
} as const satisfies LikeHandbookOptions;

export const DEFAULT_RECIPE: BundleRecipe = {
  version: '1',
  // An absolute time would teach the model when its own world's campaigns ran.
  without: ['last_event_ts'],
  ridge: 10,
  fitShare: 0.7,
  targets: [
    { action: 'STEP_UP', precision: 0.3 },
    { action: 'QUEUE', precision: 0.6 },
    { action: 'DECLINE', precision: 0.9 },
  ],
  provenance: {
    script: 'runner/train/main.ts default',
    stream: `weir world ${worldText(makeWorld(TRAINING_WORLD))}`,
    truth: 'campaign of the flow',
  },
};

export const HANDBOOK_RECIPE: BundleRecipe = {
  ...DEFAULT_RECIPE,
  without: [],
  provenance: {
    script: 'runner/train/main.ts handbook',
    stream: `weir stream of the handbook's shape ${optionsText(TRAINING_LIKE_HANDBOOK)}`,
    truth: 'scenario of the transaction',
  },
};

function optionsText(options: typeof TRAINING_LIKE_HANDBOOK): string {
  const { seed, transactions, days, customers, terminals } = options;
  return `{"customers":${customers},"days":${days},"seed":${seed},"terminals":${terminals},"transactions":${transactions}}`;
}
