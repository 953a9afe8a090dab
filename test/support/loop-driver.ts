/** The decision loop in the driver, and its outputs by kind. */
import type { Driver, DriverOptions } from '../../runner/driver.js';
import { drive } from '../../runner/driver.js';
import { EMPTY_STAMPS } from '../../operators/decision/audit.js';
import { loadedBundles } from '../../operators/model/loaded-bundles.js';
import { compileModel } from '../../operators/model/scorer.js';
import type { ScoreAsk } from '../../operators/decision/scoring.js';
import type { Border } from '../../runner/engine/execution.js';
import type { AuditRecord } from '../../schemas/generated/audit-record.js';
import type { ActionIntent, DecisionResponse } from '../../schemas/generated/rtdl-record.js';
import { reasonEntry, SKIP_REASONS } from '../../schemas/reasons.js';
import { topics } from '../../schemas/topics.js';
import { rtdlTopology, type RtdlOptions } from '../../topologies/rtdl.js';
import { BASE_MS } from './loop-events.js';

/** Scores in this thread what the pool would score in another. */
export const inlineScores: Border = (requests, recorded) =>
  Promise.resolve(
    requests.map((request, at) => {
      const before = recorded?.[at];
      if (before && !before.ok) return before;
      const { sha256, model, row } = request as ScoreAsk;
      const bundle = loadedBundles.get(sha256);
      const found = model === 'primary' ? bundle?.primary : bundle?.stage2?.model;
      if (!found) return { ok: false, numbers: [], reason: 'MODEL_NOT_LOADED' };
      const out = new Float64Array(1);
      compileModel(found).score(Float64Array.from(row), 1, out);
      return { ok: true, numbers: [...out], reason: '' };
    }),
  );

export const openLoop = (options: Partial<RtdlOptions> & DriverOptions = {}): Promise<Driver> => {
  const { features, scope, ...driver } = options;
  const clock = options.clock ?? 'wall';
  return drive(
    rtdlTopology({ clock, ...(features ? { features } : {}), ...(scope ? { scope } : {}) }),
    { startMs: BASE_MS, borders: { score: inlineScores }, ...driver, clock },
  );
};

export interface LoopOutputs {
  readonly decisions: readonly DecisionResponse[];
  readonly intents: readonly ActionIntent[];
  readonly audits: readonly AuditRecord[];
}

export async function outputsOf(driver: Driver): Promise<LoopOutputs> {
  const records = await driver.emitted(topics.rtdl);
  const decisions: DecisionResponse[] = [];
  const intents: ActionIntent[] = [];
  for (const { value } of records) {
    if ('weir.DecisionResponse' in value) decisions.push(value['weir.DecisionResponse']);
    else intents.push(value['weir.ActionIntent']);
  }
  const audits = (await driver.emitted(topics.audit)).map(({ value }) => value);
  return { decisions, intents, audits };
}

/** Content only: what must be equal whenever and wherever it was decided (ruling 3). */
export const contentOf = (decision: DecisionResponse): DecisionResponse => ({
  ...decision,
  stamps: EMPTY_STAMPS,
});

export async function codesOf(driver: Driver): Promise<readonly string[]> {
  return (await driver.quarantined()).map(({ value }) => value.code);
}

/** Rows of a store of the loop, over all partitions, as the task's state tells them to people. */
export async function rowsOf(
  driver: Driver,
  store: string,
): Promise<readonly (readonly [string, unknown])[]> {
  const declared = driver.topology.stores.find((one) => one.name === store);
  if (!declared) throw new Error(`the loop has no store ${store}`);
  const tasks = driver.opened.group.tasks.filter((task) => task.stage === declared.stage);
  const rows = await Promise.all(tasks.map((task) => task.state.scan(declared.ordinal, '', 1000)));
  return rows.flat();
}

/** How often operators of a stage counted a reason. */
export function countOf(driver: Driver, operator: string, reason: string): number {
  return driver.opened.group.tasks
    .flatMap((task) => [...task.accounts.values()])
    .filter((account) => account.name === operator)
    .reduce((sum, account) => sum + (account.reasons.get(reason) ?? 0), 0);
}

/** Names test policies and bundles give to reasons of their own. */
const OWN_REASONS: ReadonlySet<string> = new Set([
  'AMOUNT_OVER_CAP',
  'SMALL_TEST_AMOUNT',
  'HIGH_AMOUNT',
]);

/** Reason codes of all decisions that schemas/reasons.ts does not list; must be none. */
export async function unlistedReasons(driver: Driver): Promise<readonly string[]> {
  const { decisions } = await outputsOf(driver);
  return decisions
    .flatMap(({ reason_codes }) => reason_codes)
    .filter((code) => !OWN_REASONS.has(code) && reasonEntry(code) === undefined)
    .concat(
      decisions
        .flatMap(({ stages }) => stages.map(({ outcome }) => outcome))
        .filter((outcome) => outcome !== 'ok')
        .filter((outcome) => SKIP_REASONS[outcome.slice('skipped:'.length)] === undefined),
    );
}
