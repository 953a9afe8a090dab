/**
 * What stage `entities` remembers beside windows: since when it counts for a run, and labels that came
 * before the event they are about.
 *
 * A run's note says for every feature set since when its windows are complete. A set that is new to a
 * run already under way is *warming*: windows that begin before it was there are not answered.
 * An entity's note holds its early labels, at most `EARLY_MAX`, the oldest pushed out;
 * most entities have none.
 */
import { packCodec } from '../../state/codec.js';
import type { KeyedStoreSpec } from '../../state/port.js';
import { keyedStore } from '../../state/store.js';

export const EARLY_MAX = 256;

export interface EarlyLabel {
  readonly eventId: string;
  readonly tsMicros: number;
  readonly slot: number;
  readonly observedMicros: number;
}

export interface RunNote {
  readonly kind: 'run';
  readonly untilMs: number;
  /** No event later than this has been seen; moved in steps of a minute. */
  readonly highMicros: number;
  /** By hash of the set: windows reaching back to this time or before are not complete; null: all are. */
  readonly since: Readonly<Record<string, number | null>>;
}

export interface EarlyNote {
  readonly kind: 'early';
  readonly untilMs: number;
  readonly labels: readonly EarlyLabel[];
}

export type FeatureNote = RunNote | EarlyNote;

/** Store of stage `entities` by run, and by (run, set, entity). */
export const featureNoteStore = (options: {
  readonly keysMax: number;
}): KeyedStoreSpec<FeatureNote> =>
  keyedStore<FeatureNote>({
    keysMax: options.keysMax,
    codec: packCodec<FeatureNote>(),
    expiresMs: ({ untilMs }) => untilMs,
  });

const HIGH_STEP_MICROS = 60_000_000;

/** A run's note after an event at `tsMicros` of a task whose sets have these hashes; the same if fine. */
export function noteEvent(
  note: RunNote | undefined,
  hashes: readonly string[],
  event: { readonly tsMicros: number; readonly untilMs: number },
): RunNote {
  if (note === undefined) {
    return {
      kind: 'run',
      untilMs: event.untilMs,
      highMicros: event.tsMicros + HIGH_STEP_MICROS,
      since: Object.fromEntries(hashes.map((hash) => [hash, null])),
    };
  }
  const isKnown = hashes.every((hash) => hash in note.since);
  if (isKnown && event.tsMicros <= note.highMicros && event.untilMs <= note.untilMs) return note;
  const since = isKnown
    ? note.since
    : Object.fromEntries(
        hashes.map((hash) => [hash, hash in note.since ? note.since[hash] : note.highMicros]),
      );
  return {
    kind: 'run',
    untilMs: Math.max(note.untilMs, event.untilMs),
    highMicros:
      event.tsMicros <= note.highMicros ? note.highMicros : event.tsMicros + HIGH_STEP_MICROS,
    since: since as RunNote['since'],
  };
}
