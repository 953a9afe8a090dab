/** The feature sets weir ships, read and compiled. */
import { readFeatureSet } from '../../operators/features/definition.js';
import { planFeatureSet } from '../../operators/features/plan.js';
import { defaultFeatures } from './default-features.js';
import { handbookFeatures } from './handbook-features.js';

export const defaultFeaturePlan = planFeatureSet(readFeatureSet(defaultFeatures));
export const handbookFeaturePlan = planFeatureSet(readFeatureSet(handbookFeatures));
