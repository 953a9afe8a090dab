/** A topology is a value: validated and drawn before anything connects. */
import { map as rxMap } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { count } from '../../operators/count.js';
import { map } from '../../operators/map.js';
import { rekey } from '../../operators/rekey.js';
import type { Signal } from '../../operators/signal.js';
import { to } from '../../operators/to.js';
import { topic } from '../../schemas/topic.js';
import { keyedStore } from '../../state/store.js';
import { drawMermaid, drawText } from '../../topologies/drawing.js';
import { source, topology } from '../../topologies/topology.js';
import { cardTopics, cardTopology, type Auth, type Verdict } from '../support/card-topology.js';

const { auths, profiles, verdicts } = cardTopics;
const shopCounts = keyedStore<number>({ keysMax: 10 });
const verdict = (value: Auth): Verdict => ({
  id: value.id,
  shop: value.shop,
  reason: '',
  limit: 0,
  waitedMs: 0,
  shopCount: 0,
  shopSum: 0,
  shopHash: 0,
});
const plain = { name: 'plain', stores: {}, sinks: { verdicts }, sources: { auths } } as const;

describe('topology', () => {
  it('T1: refuses sources of one stage with other partition counts', () => {
    const wide = topic<Auth>({ name: 'wide', schema: auths.schema, key: auths.key, partitions: 8 });
    expect(() =>
      topology({
        ...plain,
        sources: { auths, wide },
        wire: (streams, _stores, sinks) => {
          streams.auths.pipe(map(verdict), to(sinks.verdicts));
          streams.wide.pipe(map(verdict), to(sinks.verdicts));
        },
      }),
    ).toThrow(/different partition counts: auths \(2\), wide \(8\)/);
  });

  it('T1: refuses a broadcast topic of several partitions', () => {
    expect(() =>
      topology({
        ...plain,
        sources: { auths: source(auths, { broadcast: true }) },
        wire: (streams, _stores, sinks) => streams.auths.pipe(map(verdict), to(sinks.verdicts)),
      }),
    ).toThrow(/has 2 partitions; a broadcast topic has one/);
  });

  it('T2: refuses a cycle of stages', () => {
    expect(() =>
      topology({
        ...plain,
        wire: (streams, _stores, sinks) => {
          const there = streams.auths.pipe(rekey({ stage: 'there', key: (value) => value.shop }));
          const back = (there as typeof streams.auths).pipe(
            rekey({ stage: 'main', key: (value: Auth) => value.card }),
          );
          back.pipe(map(verdict), to(sinks.verdicts));
        },
      }),
    ).toThrow(/cycle through stages/);
  });

  it('T3: refuses a store with two owners, or none, an unread source and an unused sink', () => {
    expect(() =>
      topology({
        ...plain,
        stores: { shopCounts },
        wire: (streams, stores, sinks) => {
          const counting = () => count<Auth>({ in: stores.shopCounts });
          streams.auths.pipe(
            counting(),
            map(({ value }) => verdict(value)),
            to(sinks.verdicts),
          );
          streams.auths.pipe(
            counting(),
            map(({ value }) => verdict(value)),
            to(sinks.verdicts),
          );
        },
      }),
    ).toThrow(/store "shopCounts" to 2 operators/);
    expect(() =>
      topology({
        ...plain,
        stores: { shopCounts },
        wire: (streams, _stores, sinks) => streams.auths.pipe(map(verdict), to(sinks.verdicts)),
      }),
    ).toThrow(/never uses store "shopCounts"/);
    expect(() =>
      topology({
        ...plain,
        sources: { auths, profiles },
        wire: (streams, _stores, sinks) => streams.auths.pipe(map(verdict), to(sinks.verdicts)),
      }),
    ).toThrow(/never reads source "profiles"/);
    expect(() =>
      topology({ ...plain, wire: (streams) => streams.auths.pipe(map(verdict)) }),
    ).toThrow(/never writes sink "verdicts"/);
  });

  it('refuses a plain RxJS operator between weir operators', () => {
    expect(() =>
      topology({
        ...plain,
        wire: (streams, _stores, sinks) =>
          streams.auths.pipe(
            rxMap((signal: Signal<Auth>) => ({ ...signal, value: verdict(signal.value) })),
            to(sinks.verdicts),
          ),
      }),
    ).toThrow(/follows a plain RxJS operator/);
  });

  it('refuses a name that is not kebab-case', () => {
    expect(() =>
      topology({
        ...plain,
        name: 'Plain Name',
        wire: (streams, _stores, sinks) => streams.auths.pipe(map(verdict), to(sinks.verdicts)),
      }),
    ).toThrow(/must be kebab-case/);
  });

  it('is drawn as text and as Mermaid', () => {
    const text = drawText(cardTopology);
    expect(text).toContain('stage main');
    expect(text).toContain('stage shop, after main');
    expect(text).toContain('reads   auths        test.auths');
    const mermaid = drawMermaid(cardTopology);
    expect(mermaid.split('\n')[0]).toBe('flowchart LR');
    expect(mermaid).toContain('subgraph shop');
    expect(mermaid).toContain('t_test_auths');
  });

  it('does not compile with a wrong field, store or sink', () => {
    topology({
      ...plain,
      stores: { shopCounts },
      wire: (streams, stores, sinks) => {
        // @ts-expect-error no such field
        streams.auths.pipe(map((value) => value.cart === undefined));
        // @ts-expect-error no such store
        const missing: unknown = stores.counts;
        // @ts-expect-error an Auth is not a Verdict
        const wrong = (): unknown => streams.auths.pipe(to(sinks.verdicts));
        streams.auths.pipe(
          count<Auth>({ in: stores.shopCounts }),
          map(({ value }) => verdict(value)),
          to(sinks.verdicts),
        );
        return [missing, wrong];
      },
    });
    expect(cardTopology.stages.map((stage) => stage.name)).toEqual(['main', 'shop']);
  });
});
