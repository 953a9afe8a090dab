/** card-velocity: counts each shop's card payments once, with the card's limit, at most 900 ms late. */
import { count, dedup, joinWait, map, rekey, to } from 'weir';
import { guardStore, keyedStore, topic, topology } from 'weir';

const record = (name, fields) => JSON.stringify({ type: 'record', name, fields });
const field = (name, type) => ({ name, type });

const cards = topic({
  name: 'example.cards',
  schema: record('Card', [field('card', 'string'), field('limit', 'int')]),
  key: (card) => card.card,
});
const payments = topic({
  name: 'example.payments',
  schema: record('Payment', [
    field('id', 'string'),
    field('card', 'string'),
    field('shop', 'string'),
  ]),
  key: (payment) => payment.card,
});
const counts = topic({
  name: 'example.counts',
  schema: record('ShopCount', [
    field('id', 'string'),
    field('limit', 'int'),
    field('count', 'int'),
  ]),
  key: (count) => count.id,
});

export const cardVelocity = topology({
  name: 'card-velocity',
  sources: { cards, payments },
  stores: {
    seen: guardStore({ keepMs: 86_400_000, keysMax: 1_000_000 }),
    held: keyedStore({ keysMax: 50_000 }),
    shops: keyedStore({ keysMax: 50_000 }),
  },
  sinks: { counts },
  wire: ({ cards, payments }, { seen, held, shops }, { counts }) =>
    payments.pipe(
      dedup({ id: (payment) => payment.id, in: seen }),
      joinWait({ with: cards, waitMs: 900, in: held }),
      rekey({ stage: 'shop', key: ({ event }) => event.shop }),
      count({ in: shops }),
      map(({ value, count }) => ({ id: value.event.id, limit: value.context?.limit ?? -1, count })),
      to(counts),
    ),
});
