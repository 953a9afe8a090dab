/**
 * A decision proved: found, its evidence checked, executed again as far as asked.
 */
import { loadedBundles } from '../../operators/model/loaded-bundles.js';
import type { Bundle } from '../../operators/model/bundle.js';
import { policyOf } from '../../operators/decision/policy-text.js';
import type { FeaturePlan } from '../../operators/features/plan.js';
import type { Policy } from '../../operators/policy/policy.js';
import { WeirError } from '../../schemas/errors.js';
import { graphVersion } from '../../schemas/state-versions.js';
import { BundleStore } from '../bundle-store.js';
import type { Bus } from '../bus/port.js';
import { controlsInForce } from './controls-in-force.js';
import { decideAgain, planOfDecision } from './decide-again.js';
import { fetchEvidence, type Evidence } from './evidence.js';
import { findDecision, type Finder, type FoundDecision } from './find-decision.js';
import { decidingRound, keepForDecision, ownHistory, wholeHistory } from './own-history.js';

export type Level = 1 | 2 | 3;

export interface Step {
  readonly level: Level;
  readonly what: string;
  /** undefined: it could not be done, and why stands in `note`. */
  readonly equal: boolean | undefined;
  readonly note: string;
  readonly differences: readonly string[];
}

export interface Proof {
  readonly found: FoundDecision;
  readonly evidence: readonly Evidence[];
  /** What is wrong with record, audit record or evidence, in sentences. */
  readonly faults: readonly string[];
  readonly steps: readonly Step[];
  /** The highest level that was executed and equal; 0 when none was. */
  readonly reached: 0 | Level;
  readonly plan: FeaturePlan | undefined;
  readonly policy: Policy | undefined;
  readonly bundle: Bundle | undefined;
}

export interface ProveOptions {
  readonly finder: Finder;
  readonly dataDir: string;
  readonly id: string;
  /** `auto`: as deep as takes a few seconds here. */
  readonly level: Level | 'auto';
  readonly onRound?: (round: number) => void;
}

/** Records before which L3, or L2, is a matter of seconds. */
const RECORDS_L3 = 8_000;
const RECORDS_L2 = 100_000;

/** undefined when no decision has this id. */
export async function proveDecision(options: ProveOptions): Promise<Proof | undefined> {
  const { bus, lookup } = options.finder;
  const found = await findDecision(options.finder, options.id);
  if (!found) return undefined;
  const { decision } = found;
  const evidence = await fetchEvidence(bus, lookup, found);
  const controls = await controlsInForce(bus, lookup, decision);
  const faults = [...recordFaults(found), ...evidence.flatMap((one) => one.faults)];
  const plan = planOfDecision(decision);
  const steps: Step[] = [];
  let bundle: Bundle | undefined;
  if (controls.registered) {
    const file = controls.registered.bundle;
    if (await new BundleStore(options.dataDir).load(file)) bundle = loadedBundles.get(file.sha256);
    else {
      faults.push(
        `bundle ${file.sha256} at ${file.location} is missing, or its bytes were changed`,
      );
    }
  }
  const policy = attemptPolicy(controls.policy, faults);
  if (decision.policy_rev.revision !== '0' && !controls.policy) {
    faults.push(`policy ${decision.policy_rev.content_digest} is on no record of the policy topic`);
  }
  if (!plan) {
    steps.push(notDone(1, 'this build has no such feature set'));
  } else {
    // A policy record that lies about its digest is a fault told above, and no policy.
    const readable = { ...controls, policy: policy && controls.policy };
    const again = decideAgain(plan, { decision, evidence, controls: readable });
    const { audit } = found;
    if (audit && !again.digest.equals(audit.decision_digest) && again.differences.length === 0) {
      faults.push('the audit record has another digest than the decision it is about');
    }
    steps.push(stepOf(1, { what: 'the decide step', differences: again.differences, note: '' }));
    steps.push(...(await deeper(options, found, plan)));
  }
  return { found, evidence, faults, steps, reached: reachedBy(steps), plan, policy, bundle };
}

async function deeper(
  options: ProveOptions,
  { decision }: FoundDecision,
  plan: FeaturePlan,
): Promise<readonly Step[]> {
  const { bus, lookup } = options.finder;
  const level = options.level === 'auto' ? await autoLevel(bus) : options.level;
  const skipped = { 2: 'not asked for; give --level 2', 3: 'not asked for; give --level 3' };
  if (level < 2) return [notDone(2, skipped[2]), notDone(3, skipped[3])];
  const throughRound = await decidingRound(bus, decision);
  if (throughRound === undefined) {
    return [notDone(2, 'the header of the deciding round is gone')];
  }
  const history = {
    dataDir: options.dataDir,
    decision,
    features: plan.set.name,
    throughRound,
    ...(options.onRound ? { onRound: options.onRound } : {}),
  };
  const keep = await keepForDecision(bus, lookup, decision);
  // What follows opens the directory again; two openings do not go together.
  await bus.close();
  const second = await ownHistory({ ...history, keep });
  const steps = [
    stepOf(2, {
      what: 'its features from source events',
      differences: second.differences,
      note: `${second.records} records that can matter`,
    }),
  ];
  if (level < 3) return [...steps, notDone(3, skipped[3])];
  const third = await wholeHistory(history);
  steps.push(
    stepOf(3, {
      what: 'every round up to the deciding one',
      differences: third.differences,
      note: `${third.rounds} rounds, ${third.records} records`,
    }),
  );
  return steps;
}

async function autoLevel(bus: Bus): Promise<Level> {
  let records = 0;
  for (const { name } of await bus.topics()) {
    for (const { start, end } of await bus.bounds(name)) records += Number(end - start);
  }
  if (records <= RECORDS_L3) return 3;
  return records <= RECORDS_L2 ? 2 : 1;
}

function recordFaults({ copies, audit, decision, place }: FoundDecision): readonly string[] {
  const faults: string[] = [];
  if (copies > 1) faults.push(`${copies} records bear this decision id; one is right`);
  if (!audit) faults.push('there is no audit record of this decision');
  if (audit && audit.action !== decision.action) {
    faults.push(`${place} says ${decision.action}, its audit record ${audit.action}`);
  }
  const version = decision.stamps.graph_version;
  if (version) {
    const offsets = decision.stamps.applied_offsets.map((one) => ({
      topic: one.topic,
      partition: one.partition,
      nextOffset: one.next_offset,
      offsetKind: 'kafka_offset',
    }));
    if (graphVersion(version.stream, offsets).basisDigest !== version.basis_digest) {
      faults.push('its graph version does not follow from its applied offsets');
    }
  }
  return faults;
}

function attemptPolicy(
  record: { readonly content_digest: string; readonly content: string } | undefined,
  faults: string[],
): Policy | undefined {
  try {
    return record && policyOf(record);
  } catch (error) {
    if (!(error instanceof WeirError)) throw error;
    faults.push(error.message);
    return undefined;
  }
}

const WHAT: Readonly<Record<Level, string>> = {
  1: 'the decide step',
  2: 'its features from source events',
  3: 'every round up to the deciding one',
};

const notDone = (level: Level, note: string): Step => ({
  level,
  what: WHAT[level],
  equal: undefined,
  note,
  differences: [],
});

const stepOf = (level: Level, done: Pick<Step, 'what' | 'note' | 'differences'>): Step => ({
  level,
  ...done,
  equal: done.differences.length === 0,
});

function reachedBy(steps: readonly Step[]): 0 | Level {
  const equal = steps.filter((step) => step.equal === true).map((step) => step.level);
  return equal.includes(3) ? 3 : equal.includes(2) ? 2 : equal.includes(1) ? 1 : 0;
}
