/**
 * Identity of a dataset: what it was built from, never when or by which image.
 *
 * Recipe v2 (ruling 16) differs from the reference's v1: the code release is provenance and not
 * identity, sampling and label rules are identity, offsets are integers (compared as such, so that
 * 9 comes before 10 and 0 is not ""), and scenario runs count once.
 *
 * source: spec/platform.md 19; vector dataset_fingerprint.
 */
import { compareCodePoints, recipeHash, type Canonical } from './canonical.js';

export interface ReplayRange {
  readonly topic: string;
  readonly partition: number;
  readonly offsetKind: string;
  readonly start: bigint;
  /** One past the last offset. */
  readonly endExclusive: bigint;
}

export interface DatasetIdentity {
  readonly platformRunId: string;
  readonly scenarioRunIds: readonly string[];
  readonly replayBasis: readonly ReplayRange[];
  readonly labelBasis: Canonical;
  readonly featureDefinitionSet: Canonical;
  readonly joinScope: Canonical;
  readonly filters: Canonical;
  /** Rule and seed of sampling; null when every row is taken. */
  readonly sampling: Canonical;
  readonly policyRevision: string;
  readonly configRevision: string;
}

const byPlace = (left: ReplayRange, right: ReplayRange): number =>
  compareCodePoints(left.topic, right.topic) ||
  left.partition - right.partition ||
  (left.start < right.start ? -1 : left.start > right.start ? 1 : 0);

/** dataset_fingerprint, hex64, recipe weir.dataset_fingerprint.v2. */
export function datasetFingerprint(identity: DatasetIdentity): string {
  return recipeHash('weir.dataset_fingerprint.v2', {
    platform_run_id: identity.platformRunId,
    scenario_run_ids: [...new Set(identity.scenarioRunIds)].sort(compareCodePoints),
    replay_basis: [...identity.replayBasis].sort(byPlace).map((range) => ({
      topic: range.topic,
      partition: range.partition,
      offset_kind: range.offsetKind,
      start_offset: range.start,
      end_offset_exclusive: range.endExclusive,
    })),
    label_basis: identity.labelBasis,
    feature_definition_set: identity.featureDefinitionSet,
    join_scope: identity.joinScope,
    filters: identity.filters,
    sampling: identity.sampling,
    policy_revision: identity.policyRevision,
    config_revision: identity.configRevision,
  });
}

export const datasetManifestId = (fingerprint: string): string =>
  `dm_${recipeHash('ofs.dataset_manifest_id.v1', { dataset_fingerprint: fingerprint }).slice(0, 32)}`;
