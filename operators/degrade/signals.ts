/**
 * Health signals, and which mode their states call for.
 *
 * in: the last record of each signal and a clock. out: one state per signal, then the baseline mode.
 * state: none. time: the clock given; an age counts only where health ages (live rounds).
 *
 * Z1. A signal never seen is MISSING; an OK older than `maxAgeMs` is STALE; ERROR stays ERROR.
 * Z2. The baseline is the worst mode that any state calls for; its reason names every signal that
 *     calls for that mode, in the order of the mapping.
 * Z3. `strict` is the platform's own rule (vectors degrade_posture): any gap of a required signal fails
 *     closed. `per-signal` is the default: a fault costs what depends on it, no more.
 *
 * source: spec platform section 12; spec rulings 6.
 */
import { DEGRADE_MODES, rungOf, type DegradeMode } from './capability-mask.js';
import type { StrictReader } from '../strict-reader.js';

export const SIGNAL_STATES = ['OK', 'STALE', 'MISSING', 'ERROR'] as const;
export type SignalState = (typeof SIGNAL_STATES)[number];

const GAPS = ['STALE', 'MISSING', 'ERROR'] as const;

export const HEALTH_SIGNALS = [
  'ofp_health',
  'ieg_health',
  'eb_consumer_lag',
  'registry_health',
  'posture_store_health',
  'control_publish_health',
] as const;
export type HealthSignal = (typeof HEALTH_SIGNALS)[number];

/** The last record of a signal. A lag over its budget is reported as STALE by who measures it. */
export interface SignalReading {
  readonly state: SignalState;
  readonly observedAtMs: number;
}

export type SignalStates = Readonly<Record<HealthSignal, SignalState>>;

/** The mode that each gap of each signal calls for. */
export type SignalMapping = Readonly<
  Record<HealthSignal, Readonly<Record<(typeof GAPS)[number], DegradeMode>>>
>;

const always = (mode: DegradeMode) => ({ STALE: mode, MISSING: mode, ERROR: mode });
const OPTIONAL = { STALE: 'DEGRADED_1', MISSING: 'DEGRADED_1', ERROR: 'DEGRADED_2' } as const;

export const SIGNAL_MAPPINGS: Readonly<Record<'strict' | 'per-signal', SignalMapping>> = {
  strict: {
    ofp_health: always('FAIL_CLOSED'),
    ieg_health: always('FAIL_CLOSED'),
    eb_consumer_lag: always('FAIL_CLOSED'),
    registry_health: always('FAIL_CLOSED'),
    posture_store_health: always('FAIL_CLOSED'),
    control_publish_health: OPTIONAL,
  },
  'per-signal': {
    ofp_health: { STALE: 'DEGRADED_1', MISSING: 'FAIL_CLOSED', ERROR: 'FAIL_CLOSED' },
    ieg_health: always('DEGRADED_2'),
    eb_consumer_lag: always('DEGRADED_1'),
    registry_health: always('FAIL_CLOSED'),
    posture_store_health: always('FAIL_CLOSED'),
    control_publish_health: OPTIONAL,
  },
};

/** `strict`, `per-signal`, or a table of its own with every signal and every gap. */
export const readSignalMapping = (reader: StrictReader): SignalMapping => {
  if (typeof reader.value === 'string')
    return SIGNAL_MAPPINGS[reader.oneOf(['strict', 'per-signal'])];
  reader.fields(...HEALTH_SIGNALS);
  const rowOf = (signal: HealthSignal) => {
    const row = reader.field(signal).fields(...GAPS);
    const at = (gap: (typeof GAPS)[number]): DegradeMode => row.field(gap).oneOf(DEGRADE_MODES);
    return { STALE: at('STALE'), MISSING: at('MISSING'), ERROR: at('ERROR') };
  };
  return {
    ofp_health: rowOf('ofp_health'),
    ieg_health: rowOf('ieg_health'),
    eb_consumer_lag: rowOf('eb_consumer_lag'),
    registry_health: rowOf('registry_health'),
    posture_store_health: rowOf('posture_store_health'),
    control_publish_health: rowOf('control_publish_health'),
  };
};

export interface AgeRule {
  readonly nowMs: number;
  readonly maxAgeMs: number;
  /** False in catch-up rounds and on a clock of records: health does not age there. */
  readonly ages: boolean;
}

/** Z1. */
export const signalStates = (
  readings: Readonly<Partial<Record<HealthSignal, SignalReading>>>,
  rule: AgeRule,
): SignalStates => {
  const stateOf = (signal: HealthSignal): SignalState => {
    const reading = readings[signal];
    if (reading === undefined) return 'MISSING';
    const old = rule.ages && rule.nowMs - reading.observedAtMs > rule.maxAgeMs;
    return reading.state === 'OK' && old ? 'STALE' : reading.state;
  };
  return {
    ofp_health: stateOf('ofp_health'),
    ieg_health: stateOf('ieg_health'),
    eb_consumer_lag: stateOf('eb_consumer_lag'),
    registry_health: stateOf('registry_health'),
    posture_store_health: stateOf('posture_store_health'),
    control_publish_health: stateOf('control_publish_health'),
  };
};

export interface Baseline {
  readonly mode: DegradeMode;
  readonly reason: string;
}

/** The words of the vectors where they have one; the optional signal is named apart. */
const kindOfGap = (signal: HealthSignal, state: SignalState): string => {
  if (signal !== 'control_publish_health') return 'required_signal_gap';
  return state === 'ERROR' ? 'optional_signal_error' : 'optional_signal_soft_gap';
};

/** Z2. */
export const baselineOf = (states: SignalStates, mapping: SignalMapping): Baseline => {
  let mode: DegradeMode = 'NORMAL';
  let gaps: readonly HealthSignal[] = [];
  for (const signal of HEALTH_SIGNALS) {
    const state = states[signal];
    if (state === 'OK') continue;
    const wanted = mapping[signal][state];
    if (wanted === 'NORMAL' || rungOf(wanted) < rungOf(mode)) continue;
    gaps = rungOf(wanted) > rungOf(mode) ? [signal] : [...gaps, signal];
    mode = wanted;
  }
  const first = gaps[0];
  if (first === undefined) return { mode, reason: 'all_signals_ok' };
  return { mode, reason: `${kindOfGap(first, states[first])}:${gaps.join(',')}` };
};
