/**
 * From round reports to metrics: counts what was stepped, emitted, diverted and decided.
 */
import type { Quarantine } from '../schemas/generated/quarantine.js';
import { DECISION_BRANCH, topics } from '../schemas/topics.js';
import type { DecisionResponse } from '../schemas/generated/rtdl-record.js';
import type { RoundReport } from './engine/group.js';
import type { Metrics } from './metrics.js';
import type { RunningTopology } from './runtime.js';

type Counts = Record<string, number>;

const bump = (counts: Counts, name: string, by = 1): void => {
  counts[name] = (counts[name] ?? 0) + by;
};

/** Called once per durable round; `nowMs` is broker time at that moment. */
export function observeRound(
  metrics: Metrics,
  topology: string,
  observed: { readonly report: RoundReport; readonly nowMs: number; readonly wall: boolean },
): void {
  const { report, nowMs, wall } = observed;
  const records: Counts = {};
  const decisions: Counts = {};
  const degraded: Counts = {};
  const quarantined: Counts = {};
  const latenciesMs: number[] = [];
  for (const { reader, queued } of report.stepped) if (!queued.marker) bump(records, reader.source);
  for (const { record, value } of report.emitted) {
    if (record.topic === topics.quarantine.name) bump(quarantined, codeOf(value));
    else if (record.topic === topics.rtdl.name) {
      const decision = decisionOf(value);
      if (!decision) continue;
      bump(decisions, decision.action);
      const reason = degradedReason(decision);
      if (reason !== undefined) bump(degraded, reason);
      if (wall) latenciesMs.push(Math.max(0, nowMs - decision.stamps.first_seen_ms));
    }
  }
  metrics.observeRound({
    topology,
    stage: 'all',
    seconds: report.executeMs / 1000,
    commitSeconds: report.commitMs / 1000,
    records,
    decisions,
    degraded,
    quarantined,
    latenciesMs,
  });
}

export function decisionOf(value: unknown): DecisionResponse | undefined {
  return typeof value === 'object' && value !== null && DECISION_BRANCH in value
    ? (value[DECISION_BRANCH] as DecisionResponse)
    : undefined;
}

/** Why a decision was not made with everything it could have had; undefined when it was. */
export function degradedReason(decision: DecisionResponse): string | undefined {
  if (decision.context_status !== 'CONTEXT_READY') {
    return (
      decision.reason_codes.find((code) => code.startsWith('context_missing')) ??
      decision.context_status
    );
  }
  if (decision.degrade_posture.mode !== 'NORMAL') return `posture ${decision.degrade_posture.mode}`;
  if (decision.resolution.outcome !== 'RESOLVED') return `bundle ${decision.resolution.outcome}`;
  const skipped = decision.stages.find((stage) => stage.outcome.startsWith('skipped:'));
  if (skipped) return `${skipped.stage} ${skipped.outcome}`;
  return decision.reason_codes.find((code) => code.startsWith('FEATURES_MISSING'));
}

const codeOf = (value: unknown): string =>
  typeof value === 'object' && value !== null && 'code' in value
    ? (value as Quarantine).code
    : 'unknown';

/** Gauges of one topology, for a scrape. */
export function observeLevels(metrics: Metrics, running: RunningTopology): void {
  const { group } = running.opened;
  const stateKeys: Counts = {};
  let hits = 0;
  let misses = 0;
  for (const task of group.tasks) {
    const sizes = task.state.sizes();
    hits += sizes.hits;
    misses += sizes.misses;
    for (const store of running.topology.stores.filter((one) => one.stage === task.stage)) {
      bump(stateKeys, store.name, sizes.keys[store.ordinal] ?? 0);
    }
  }
  metrics.observeLevels({
    topology: running.topology.name,
    lag: group.readers.map((reader) => ({
      topic: reader.topic,
      partition: reader.partition,
      records: reader.lag,
    })),
    stateKeys,
    joinWaiting: waiting(running),
    cache: { hits, misses },
  });
}

/** Inputs that operators hold: events waiting for context, decisions waiting for features. */
export function waiting(running: RunningTopology): number {
  let held = 0;
  for (const task of running.opened.group.tasks) {
    for (const account of task.accounts.values()) held += account.held;
  }
  return held;
}
