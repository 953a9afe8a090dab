/** A small topology whose results depend on order everywhere: dedup, join-wait, rekey, a running sum. */
import { dedup } from '../../operators/dedup.js';
import { joinWait, type Held, type Joined } from '../../operators/join-wait.js';
import { keyed } from '../../operators/keyed.js';
import { rekey } from '../../operators/rekey.js';
import { to } from '../../operators/to.js';
import { topic } from '../../schemas/topic.js';
import { guardStore, keyedStore } from '../../state/store.js';
import { source, topology } from '../../topologies/topology.js';

export interface Profile {
  readonly card: string;
  readonly limit: number;
}

export interface Auth {
  readonly id: string;
  readonly card: string;
  readonly shop: string;
  readonly amount: number;
}

export interface Verdict {
  readonly id: string;
  readonly shop: string;
  readonly reason: string;
  readonly limit: number;
  readonly waitedMs: number;
  /** Sums that depend on the order of everything before. */
  readonly shopCount: number;
  readonly shopSum: number;
  readonly shopHash: number;
}

const record = (name: string, fields: Readonly<Record<string, string>>): string =>
  JSON.stringify({
    type: 'record',
    name,
    namespace: 'test',
    fields: Object.entries(fields).map(([field, type]) => ({ name: field, type })),
  });

export const cardTopics = {
  rules: topic<{ readonly factor: number }>({
    name: 'test.rules',
    schema: record('Rule', { factor: 'int' }),
    key: () => 'rule',
  }),
  profiles: topic<Profile>({
    name: 'test.profiles',
    schema: record('Profile', { card: 'string', limit: 'int' }),
    key: (profile) => profile.card,
    partitions: 2,
  }),
  auths: topic<Auth>({
    name: 'test.auths',
    schema: record('Auth', { id: 'string', card: 'string', shop: 'string', amount: 'int' }),
    key: (auth) => auth.card,
    partitions: 2,
  }),
  verdicts: topic<Verdict>({
    name: 'test.verdicts',
    schema: record('Verdict', {
      id: 'string',
      shop: 'string',
      reason: 'string',
      limit: 'int',
      waitedMs: 'long',
      shopCount: 'int',
      shopSum: 'long',
      shopHash: 'long',
    }),
    key: (verdict) => verdict.id,
    partitions: 2,
  }),
};

interface ShopState {
  readonly count: number;
  readonly sum: number;
  readonly hash: number;
}

/** With the wait as an option, so that a test can change one operator a little. */
export const makeCardTopology = ({ waitMs }: { readonly waitMs: number }) =>
  topology({
    name: 'card-verdicts',
    sources: { profiles: cardTopics.profiles, auths: source(cardTopics.auths) },
    stores: {
      seen: guardStore({ keepMs: 86_400_000, keysMax: 100_000 }),
      held: keyedStore<Held<Auth, Profile>>({ keysMax: 50_000 }),
      shops: keyedStore<ShopState>({ keysMax: 50_000 }),
    },
    sinks: { verdicts: cardTopics.verdicts },
    wire: ({ profiles, auths }, { seen, held, shops }, { verdicts }) =>
      auths.pipe(
        dedup({ id: (auth) => auth.id, payload: (auth) => String(auth.amount), in: seen }),
        joinWait({ with: profiles, waitMs, in: held }),
        rekey({ stage: 'shop', key: (joined) => joined.event.shop }),
        keyed<ShopState, Joined<Auth, Profile>, Verdict>('shop-sum', { in: shops }, shopStep),
        to(verdicts),
      ),
  });

export const cardTopology = makeCardTopology({ waitMs: 900 });

function shopStep(
  state: ShopState = { count: 0, sum: 0, hash: 7 },
  event: { readonly kind: string; readonly value?: Joined<Auth, Profile> },
) {
  const joined = event.value;
  if (!joined) return { state };
  if (joined.event.amount === 13) throw new Error('unlucky amount');
  const text = `${joined.event.id}:${joined.reason}`;
  let hash = state.hash;
  for (const char of text) hash = (hash * 31 + char.charCodeAt(0)) % 2_147_483_647;
  const next = { count: state.count + 1, sum: state.sum + joined.event.amount, hash };
  const verdict: Verdict = {
    id: joined.event.id,
    shop: joined.event.shop,
    reason: joined.reason,
    limit: joined.context?.limit ?? -1,
    waitedMs: joined.waitedMs,
    shopCount: next.count,
    shopSum: next.sum,
    shopHash: next.hash,
  };
  return { state: next, out: [verdict] };
}
