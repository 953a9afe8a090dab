/** A small valid bundle for tests: a logistic primary and a tree as second stage. */
import { makeBundle, type Bundle, type BundleContent } from '../../../operators/model/bundle.js';
import { fixtureModel } from './tree-fixture.js';

export const unstagedContent: BundleContent = {
  format: 'weir.bundle.v1',
  bundle_version: 'v0-test',
  feature_set: { name: 'core', version: '1', hash: 'ab'.repeat(32) },
  input_contract_version: 'v1',
  required_capabilities: ['primary'],
  required_feature_groups: { core_features: '1', velocity: '1' },
  required_action_posture: 'STEP_UP_ONLY',
  primary: {
    kind: 'logistic',
    features: ['amount', 'instrument.count_1h', 'age_days'],
    intercept: -1.5,
    coefficients: [0.8, 1.2, -0.4],
    mean: [40, 1, 300],
    scale: [25, 0.5, 120],
    missing: [0, 0.1, 0.7],
  },
  thresholds: [
    { from: 0, action: 'APPROVE' },
    { from: 0.4, action: 'STEP_UP' },
    { from: 0.7, action: 'QUEUE' },
    { from: 0.9, action: 'DECLINE' },
  ],
  explain: { amount: 'HIGH_AMOUNT', 'instrument.count_1h': 'MANY_PAYMENTS' },
  provenance: { script: 'test', seed: '1' },
};

export const sampleContent: BundleContent = {
  ...unstagedContent,
  stage2: { from: 0.4, to: 0.9, model: fixtureModel('lightgbm-nan') },
};

export const sampleBundle: Bundle = makeBundle(sampleContent);
