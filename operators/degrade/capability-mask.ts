/**
 * What a posture lets a decision use, rung by rung.
 *
 * source: spec platform section 12 (table of modes).
 */

/** Best first. */
export const DEGRADE_MODES = ['NORMAL', 'DEGRADED_1', 'DEGRADED_2', 'FAIL_CLOSED'] as const;
export type DegradeMode = (typeof DEGRADE_MODES)[number];

/** 0 (NORMAL) to 3 (FAIL_CLOSED). */
export const rungOf = (mode: DegradeMode): number => DEGRADE_MODES.indexOf(mode);

export const ACTION_POSTURES = ['NORMAL', 'STEP_UP_ONLY'] as const;
export type ActionPosture = (typeof ACTION_POSTURES)[number];

/** Field names are those of the posture record on the wire. */
export interface CapabilityMask {
  /** Identity graph. */
  readonly ieg: boolean;
  readonly feature_groups: readonly string[];
  readonly primary: boolean;
  readonly stage2: boolean;
  readonly heuristics: boolean;
  readonly action_posture: ActionPosture;
}

export const CAPABILITY_MASKS: Readonly<Record<DegradeMode, CapabilityMask>> = {
  NORMAL: {
    ieg: true,
    feature_groups: ['core_features', 'velocity', 'entity_graph'],
    primary: true,
    stage2: true,
    heuristics: true,
    action_posture: 'NORMAL',
  },
  DEGRADED_1: {
    ieg: true,
    feature_groups: ['core_features', 'velocity'],
    primary: true,
    stage2: false,
    heuristics: true,
    action_posture: 'STEP_UP_ONLY',
  },
  DEGRADED_2: {
    ieg: false,
    feature_groups: ['core_features'],
    primary: true,
    stage2: false,
    heuristics: true,
    action_posture: 'STEP_UP_ONLY',
  },
  FAIL_CLOSED: {
    ieg: false,
    feature_groups: [],
    primary: false,
    stage2: false,
    heuristics: true,
    action_posture: 'STEP_UP_ONLY',
  },
};
