/**
 * What stage `labels` remembers of one traffic event: where its labels must be counted, which assertions
 * came, and those that came before the event itself.
 *
 * About 60 bytes for an event without labels and one label-driven entity.
 */
import { packCodec } from '../../state/codec.js';
import type { Codec, KeyedStoreSpec } from '../../state/port.js';
import { keyedStore } from '../../state/store.js';
import type { EntityKind } from './feature-request.js';

/** An assertion reduced to what counting needs. */
export interface WaitingLabel {
  readonly labelType: string;
  readonly labelValue: string;
  readonly observedMicros: number;
}

export interface LabelledEvent {
  /** Record time up to which it is kept, ms. */
  readonly untilMs: number;
  /** Event time; null while only labels came. */
  readonly tsMicros: number | null;
  /** Entities some label-driven feature is about, and their ids. */
  readonly entities: readonly (readonly [entity: EntityKind, id: string])[];
  /** Assertions seen: id and payload hash. */
  readonly seen: readonly (readonly [assertionId: string, payloadHash: string])[];
  readonly waiting: readonly WaitingLabel[];
}

type Packed = readonly [
  untilMs: number,
  tsMicros: number | null,
  entities: LabelledEvent['entities'],
  seen: LabelledEvent['seen'],
  waiting: readonly (readonly [string, string, number])[],
];

const packed = packCodec<Packed>();

const codec: Codec<LabelledEvent> = {
  encode: ({ untilMs, tsMicros, entities, seen, waiting }) =>
    packed.encode([
      untilMs,
      tsMicros,
      entities,
      seen,
      waiting.map((one) => [one.labelType, one.labelValue, one.observedMicros]),
    ]),
  decode: (bytes, version) => {
    const [untilMs, tsMicros, entities, seen, waiting] = packed.decode(bytes, version);
    return {
      untilMs,
      tsMicros,
      entities,
      seen,
      waiting: waiting.map(([labelType, labelValue, observedMicros]) => ({
        labelType,
        labelValue,
        observedMicros,
      })),
    };
  },
};

/** The timer that drops waiting labels is due at `untilMs`; the row outlives it by this. */
const GRACE_MS = 3_600_000;

/** Store of stage `labels`, by (run, event). `keysMax`: most events within the horizon. */
export const labelledEventStore = (options: {
  readonly keysMax: number;
}): KeyedStoreSpec<LabelledEvent> =>
  keyedStore<LabelledEvent>({
    keysMax: options.keysMax,
    codec,
    restEncoded: true,
    expiresMs: ({ untilMs }) => untilMs + GRACE_MS,
  });

/** Highest event time this task saw, by run, microseconds. */
export const runHighStore = (options: { readonly keysMax: number }): KeyedStoreSpec<number> =>
  keyedStore<number>({ keysMax: options.keysMax });
