/**
 * The operators of the stage that decides: open a case, ask the models, compose the decision.
 *
 * in: gathered heads, and the policy topic. out: one `Decided` per head, in order. state: policies by
 * digest, so that a head finds the revision it was stamped with. time: positions. fails: POLICY_INVALID.
 * crash: none; what the pool answered is in the round's header. source: DESIGN sections 8 and 9.
 */
import { pipe, type OperatorFunction } from 'rxjs';
import type { Policy as PolicyRecord } from '../../schemas/generated/policy.js';
import type { KeyedStoreSpec } from '../../state/port.js';
import { keyedStore } from '../../state/store.js';
import { border } from '../border.js';
import type { FeaturePlan } from '../features/plan.js';
import { also, lift } from '../lift.js';
import { map } from '../map.js';
import type { Signal } from '../signal.js';
import type { Keyed, Stream } from '../wiring.js';
import { Composer, type ComposeOptions, type Decided } from './compose.js';
import { Decider, type Case } from './decide.js';
import type { Gathered } from './gather.js';
import { policyOf } from './policy-text.js';

export interface DecideOptions extends ComposeOptions {
  readonly policy: Stream<PolicyRecord>;
  readonly policies: Keyed<string>;
}

/** Content of each policy revision by digest; a revision outlives its successor while heads wait. */
export const policiesStore = (): KeyedStoreSpec<string> => keyedStore<string>({ keysMax: 10_000 });

const openCase = (
  decider: Decider,
  options: DecideOptions,
): OperatorFunction<Signal<Gathered>, Signal<Case>> => {
  const { rows } = options.policies;
  return lift<Gathered, Case>({
    name: 'open-case',
    stores: [options.policies],
    settings: `${options.plan.hash} ${Decider.toString()}`,
    also: [
      also(options.policy, ({ value }, tools) => {
        if (value.policy_id === options.scope.policyId) {
          policyOf(value);
          rows.put(value.content_digest, value.content);
        }
        tools.absorb('policy');
      }),
    ],
    onRecord: ({ value }, tools) => {
      const digest = value.head.stamped.policyRev.content_digest;
      const content = rows.get(digest);
      const policy =
        content === undefined ? undefined : policyOf({ content_digest: digest, content });
      tools.pass();
      tools.emit(decider.open(value, policy));
    },
  });
};

const askPrimary = (decider: Decider, plan: FeaturePlan) =>
  border<Case, Case>({
    name: 'primary-model',
    border: 'score',
    settings: plan.hash,
    ask: ({ primary }) => (primary.kind === 'ask' ? primary.ask : undefined),
    take: (found, outcome) => decider.afterPrimary(found, outcome),
  });

const askSecond = (decider: Decider, plan: FeaturePlan) =>
  border<Case, Case>({
    name: 'second-model',
    border: 'score',
    settings: plan.hash,
    ask: ({ stage2 }) => (stage2.kind === 'ask' ? stage2.ask : undefined),
    take: (found, outcome) => decider.afterSecond(found, outcome),
  });

/** All of it, in order. */
export const decide = (
  options: DecideOptions,
): OperatorFunction<Signal<Gathered>, Signal<Decided>> => {
  const decider = new Decider(options.plan);
  const composer = new Composer(options);
  return pipe(
    openCase(decider, options),
    askPrimary(decider, options.plan),
    askSecond(decider, options.plan),
    map((found: Case, { at }) => composer.compose(found, at.timeMs)),
  );
};
