import { describe, expect, it } from 'vitest';
import {
  bundleBytes,
  bundleId,
  makeBundle,
  parseBundle,
  readBundle,
} from '../../../operators/model/bundle.js';
import { DivertError } from '../../../schemas/errors.js';
import { sampleBundle, sampleContent, unstagedContent } from './sample-bundle.js';

/** The sample as plain JSON with one place changed; `undefined` removes it. */
const withChange = (path: readonly (string | number)[], value: unknown): unknown => {
  const copy = JSON.parse(JSON.stringify(sampleBundle)) as Record<string | number, unknown>;
  let at = copy;
  for (const step of path.slice(0, -1)) at = at[step] as Record<string | number, unknown>;
  at[path.at(-1) ?? ''] = value;
  return JSON.parse(JSON.stringify(copy));
};

describe('bundle', () => {
  it('survives its own bytes', () => {
    expect(parseBundle(bundleBytes(sampleBundle))).toEqual(sampleBundle);
  });

  it('B1. the id does not depend on layout or order of fields', () => {
    const reversed = Object.fromEntries(Object.entries(sampleBundle).reverse());
    const bytes = new TextEncoder().encode(JSON.stringify(reversed, null, 3));
    expect(parseBundle(bytes).bundle_id).toBe(sampleBundle.bundle_id);
  });

  it('B1. another coefficient, in its last bit, is another bundle', () => {
    const { primary } = sampleContent;
    if (primary.kind !== 'logistic') throw new Error('the sample changed');
    const [first = 0, ...others] = primary.coefficients;
    const other = { ...primary, coefficients: [first * (1 + Number.EPSILON), ...others] };
    expect(bundleId({ ...sampleContent, primary: other })).not.toBe(sampleBundle.bundle_id);
  });

  it('B1. a planted change is found and named', () => {
    const planted = withChange(['thresholds', 3, 'from'], 0.95);
    expect(() => readBundle(planted)).toThrow(
      /bundle\.bundle_id: is [0-9a-f]{64}, but the content hashes to/,
    );
  });

  it('works without a second stage', () => {
    expect(makeBundle(unstagedContent).stage2).toBeUndefined();
  });

  it.each([
    [['surprise'], 1, 'bundle.surprise: unknown field'],
    [['format'], 'v0', 'bundle.format: expected one of weir.bundle.v1'],
    [['feature_set', 'hash'], 'abc', 'bundle.feature_set.hash: expected 64 lower hex digits'],
    [['primary', 'scale', 1], 0, 'bundle.primary.scale[1]: expected a number above 0, got 0'],
    [
      ['primary', 'mean'],
      [1],
      'bundle.primary.mean: expected a list of 3 numbers, got a list of 1',
    ],
    [['primary', 'intercept'], '1', 'bundle.primary.intercept: expected a number, got "1"'],
    [['primary', 'kind'], 'svm', 'bundle.primary.kind: expected one of logistic, trees'],
    [['primary', 'features', 1], 'amount', 'named twice'],
    [['primary', 'features', 1], 'a b', 'bundle.primary.features[1]: expected a feature name'],
    [['thresholds', 0, 'from'], 0.1, 'the first step must start at 0'],
    [['thresholds', 1, 'action'], 'ALLOW', 'bundle.thresholds[1].action: expected one of APPROVE'],
    [['thresholds', 3, 'action'], 'APPROVE', 'softer than QUEUE'],
    [['thresholds', 2, 'from'], 0.4, 'must start above 0.4'],
    [['required_capabilities'], [], 'add primary'],
    [['required_action_posture'], 'DRAIN', 'one of NORMAL, STEP_UP_ONLY'],
    [['stage2'], undefined, 'the content hashes to'],
    [['stage2', 'to'], 0.1, 'bundle.stage2.to: expected a number from 0.4 to 1'],
    [['stage2', 'model', 'left', 0], 0, 'does not exist or points back'],
    [['stage2', 'model', 'leaf'], [], 'expected'],
    [['explain', 'nonsense'], 'X', '"nonsense" is no feature'],
    [['provenance', 'seed'], 7, 'bundle.provenance.seed: expected a text'],
  ])('B2. %j is refused in one line', (path, value, message) => {
    const refused = () => readBundle(withChange(path, value));
    expect(refused).toThrow(DivertError);
    expect(refused).toThrow(message);
    try {
      refused();
    } catch (error) {
      expect((error as DivertError).message).not.toContain('\n');
      expect((error as DivertError).code).toBe('BUNDLE_INVALID');
    }
  });

  it('B3. stage2 cannot be required without a second stage', () => {
    expect(() =>
      makeBundle({ ...unstagedContent, required_capabilities: ['primary', 'stage2'] }),
    ).toThrow('remove stage2');
  });

  it('names bytes that are no JSON', () => {
    expect(() => parseBundle(Uint8Array.from([0xff, 0xfe]))).toThrow('bundle: no JSON');
  });
});
