import { describe, expect, it } from 'vitest';
import { defaultFeaturePlan } from '../../topologies/features/feature-sets.js';
import { amountBundle, control } from '../support/loop-control.js';
import { openLoop, outputsOf } from '../support/loop-driver.js';
import { BASE_MS, input } from '../support/loop-events.js';

const bundle = amountBundle(defaultFeaturePlan);

describe('decisions', () => {
  it('54. a ready event is decided once, with all the evidence named', async () => {
    const driver = await openLoop({ clock: 'records' });
    await driver.run([
      control.policy(BASE_MS),
      ...control.promote(bundle, BASE_MS),
      ...input.context({ flowId: '1' }, BASE_MS),
      input.traffic({ flowId: '1' }, BASE_MS),
    ]);
    await driver.endAt(BASE_MS + 5000);
    const { decisions, intents, audits } = await outputsOf(driver);
    expect(decisions).toHaveLength(1);
    expect(intents).toHaveLength(1);
    expect(audits).toHaveLength(1);
  });
});
