/**
 * A model bundle: everything a decision needs from the model side, in one JSON document.
 *
 * in: bytes, or a parsed document. out: a typed value. fails: DivertError BUNDLE_INVALID, one line
 * naming the path and how to mend it.
 *
 * B1. bundle_id is the sha256 of the canonical text of all other fields: another coefficient, threshold
 *     or name is another bundle, another layout of the file is not.
 * B2. What is not understood is refused (strict-reader.ts, Y1).
 * B3. Every bundle requires the capability `primary`. A second stage is an option that a mask may
 *     forbid; a bundle that cannot do without it says so by requiring `stage2`.
 *
 * source: spec platform sections 13 and 20.
 */
import { DivertError } from '../../schemas/errors.js';
import { ACTION_POSTURES, type ActionPosture } from '../degrade/capability-mask.js';
import { documentHash, type DocumentValue } from '../document-hash.js';
import { readThresholds, type Thresholds } from '../policy/thresholds.js';
import { StrictReader } from '../strict-reader.js';
import type { LogisticModel } from './logistic.js';
import type { Model } from './scorer.js';
import { readTreesModel } from './trees-model.js';

export const BUNDLE_FORMAT = 'weir.bundle.v1';

export const BUNDLE_CAPABILITIES = ['ieg', 'primary', 'stage2', 'heuristics'] as const;
export type BundleCapability = (typeof BUNDLE_CAPABILITIES)[number];

export interface FeatureSetRef {
  readonly name: string;
  readonly version: string;
  /** hex64 of the feature definition. */
  readonly hash: string;
}

/** The second stage looks at scores of the primary in [from, to]; its score then replaces the first. */
export interface SecondStage {
  readonly from: number;
  readonly to: number;
  readonly model: Model;
}

export interface BundleContent {
  readonly format: typeof BUNDLE_FORMAT;
  readonly bundle_version: string;
  readonly feature_set: FeatureSetRef;
  readonly input_contract_version: string;
  readonly required_capabilities: readonly BundleCapability[];
  /** Version by feature group. */
  readonly required_feature_groups: Readonly<Record<string, string>>;
  readonly required_action_posture: ActionPosture;
  readonly primary: Model;
  readonly stage2?: SecondStage;
  readonly thresholds: Thresholds;
  /** Reason name by feature name; a feature without one is called by its own name. */
  readonly explain: Readonly<Record<string, string>>;
  /** Where it comes from: training data, script, seed, date. Free names. */
  readonly provenance: Readonly<Record<string, string>>;
}

export interface Bundle extends BundleContent {
  /** hex64 (B1). */
  readonly bundle_id: string;
}

const FIELDS = [
  'format',
  'bundle_id',
  'bundle_version',
  'feature_set',
  'input_contract_version',
  'required_capabilities',
  'required_feature_groups',
  'required_action_posture',
  'primary',
  'stage2',
  'thresholds',
  'explain',
  'provenance',
] as const;

const HEX64 = /^[0-9a-f]{64}$/;
/** Names stand in reasons, metrics and exports. */
const FEATURE_NAME = /^[a-zA-Z][a-zA-Z0-9_.:]{0,127}$/;

const readTexts = (reader: StrictReader): Readonly<Record<string, string>> =>
  Object.fromEntries(reader.entries().map(([name, value]) => [name, value.text()]));

const readFeatures = (reader: StrictReader): readonly string[] => {
  const names = reader
    .items()
    .map((item) => item.matching(FEATURE_NAME, 'a feature name (letters, digits, _ . :)'));
  if (names.length === 0) reader.refuse('at least one feature');
  if (new Set(names).size < names.length)
    reader.reject('a feature is named twice; columns must differ');
  return names;
};

const readLogistic = (reader: StrictReader): LogisticModel => {
  reader.fields('kind', 'features', 'intercept', 'coefficients', 'mean', 'scale', 'missing');
  const features = readFeatures(reader.field('features'));
  const width = features.length;
  return {
    kind: 'logistic',
    features,
    intercept: reader.field('intercept').number(),
    coefficients: reader.field('coefficients').numbers({}, width),
    mean: reader.field('mean').numbers({}, width),
    scale: reader.field('scale').numbers({ min: 0, aboveMin: true }, width),
    missing: reader.field('missing').numbers({}, width),
  };
};

const readModel = (reader: StrictReader): Model => {
  const kind = reader.field('kind').oneOf(['logistic', 'trees']);
  if (kind === 'logistic') return readLogistic(reader);
  readFeatures(reader.field('features'));
  return readTreesModel(reader);
};

const readStage = (reader: StrictReader): SecondStage => {
  reader.fields('from', 'to', 'model');
  const from = reader.field('from').number({ min: 0, max: 1 });
  return {
    from,
    to: reader.field('to').number({ min: from, max: 1 }),
    model: readModel(reader.field('model')),
  };
};

const readCapabilities = (reader: StrictReader, staged: boolean): readonly BundleCapability[] => {
  const names = reader.items().map((item) => item.oneOf(BUNDLE_CAPABILITIES));
  // B3.
  if (!names.includes('primary'))
    reader.reject('add primary: a bundle without its model decides nothing');
  if (names.includes('stage2') && !staged) {
    reader.reject('remove stage2: the bundle has no second stage');
  }
  return names;
};

const readContent = (reader: StrictReader): BundleContent => {
  reader.fields(...FIELDS);
  const featureSet = reader.field('feature_set').fields('name', 'version', 'hash');
  const stage = reader.field('stage2');
  return {
    format: reader.field('format').oneOf([BUNDLE_FORMAT]),
    bundle_version: reader.field('bundle_version').text(),
    feature_set: {
      name: featureSet.field('name').text(),
      version: featureSet.field('version').text(),
      hash: featureSet.field('hash').matching(HEX64, '64 lower hex digits (the definition hash)'),
    },
    input_contract_version: reader.field('input_contract_version').text(),
    required_capabilities: readCapabilities(reader.field('required_capabilities'), !stage.absent),
    required_feature_groups: readTexts(reader.field('required_feature_groups')),
    required_action_posture: reader.field('required_action_posture').oneOf(ACTION_POSTURES),
    primary: readModel(reader.field('primary')),
    ...(stage.absent ? {} : { stage2: readStage(stage) }),
    thresholds: readThresholds(reader.field('thresholds')),
    explain: readTexts(reader.field('explain')),
    provenance: readTexts(reader.field('provenance')),
  };
};

/** Explained names must exist, or a typing error would lose a reason. */
const checkExplain = (reader: StrictReader, content: BundleContent): void => {
  const known = new Set([...content.primary.features, ...(content.stage2?.model.features ?? [])]);
  for (const name of Object.keys(content.explain)) {
    if (!known.has(name))
      reader.field('explain').reject(`"${name}" is no feature of a model of this bundle`);
  }
};

/** B1. */
export const bundleId = (content: BundleContent): string => documentHash(contentValue(content));

const modelValue = (model: Model): DocumentValue => ({ ...model });

const contentValue = (content: BundleContent): DocumentValue => ({
  format: content.format,
  bundle_version: content.bundle_version,
  feature_set: { ...content.feature_set },
  input_contract_version: content.input_contract_version,
  required_capabilities: content.required_capabilities,
  required_feature_groups: content.required_feature_groups,
  required_action_posture: content.required_action_posture,
  primary: modelValue(content.primary),
  stage2:
    content.stage2 === undefined
      ? undefined
      : {
          from: content.stage2.from,
          to: content.stage2.to,
          model: modelValue(content.stage2.model),
        },
  thresholds: content.thresholds.map(({ from, action }) => ({ from, action })),
  explain: content.explain,
  provenance: content.provenance,
});

/** A parsed JSON document to a bundle. */
export const readBundle = (value: unknown): Bundle => {
  const reader = new StrictReader(value, 'bundle', 'BUNDLE_INVALID');
  const content = readContent(reader);
  checkExplain(reader, content);
  const named = reader.field('bundle_id');
  const id = named.matching(HEX64, '64 lower hex digits');
  const wanted = bundleId(content);
  if (id !== wanted)
    named.reject(
      `is ${id}, but the content hashes to ${wanted}; the file was changed after it was made`,
    );
  return { bundle_id: id, ...content };
};

/** The bytes of a bundle file to a bundle. */
export const parseBundle = (bytes: Uint8Array): Bundle => {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : 'unreadable';
    throw new DivertError('BUNDLE_INVALID', `bundle: no JSON (${reason})`, { cause });
  }
  return readBundle(value);
};

/** Names the content by its hash. */
export const makeBundle = (content: BundleContent): Bundle =>
  readBundle({ ...content, bundle_id: bundleId(content) });

/** The bytes of a bundle file, the same for the same bundle. */
export const bundleBytes = (bundle: Bundle): Uint8Array => {
  const { bundle_id, ...content } = bundle;
  return new TextEncoder().encode(`${JSON.stringify({ bundle_id, ...content })}\n`);
};
