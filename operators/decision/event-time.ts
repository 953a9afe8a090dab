/**
 * Event times that run ahead: the newest of a run, and how far ahead of it an event may be.
 *
 * An event time is data, and hostile when it lies far in the future: it would move watermarks and
 * windows for everybody. Allowed is JUMP_MS beyond the later of the run's newest accepted event time
 * and the record's own time. state: one number per run, raised in steps of STEP_MICROS so that most
 * events write nothing. fails: EVENT_TIME_JUMP. source: DESIGN section 3 (Timestamps).
 */
import { DivertError } from '../../schemas/errors.js';
import { scopedKey } from '../../state/keys.js';
import type { KeyedStore, KeyedStoreSpec } from '../../state/port.js';
import { keyedStore } from '../../state/store.js';

export const JUMP_MS = 86_400_000;
const MICROS_PER_MS = 1000;
const HOUR_MICROS = 3_600_000_000;
const STEP_MICROS = 60_000_000;
const RUNS_MAX = 10_000;

/** Newest event time per run, microseconds. */
export const newestStore = (): KeyedStoreSpec<number> => keyedStore<number>({ keysMax: RUNS_MAX });

interface TimedEvent {
  readonly eventId: string;
  readonly tsMicros: number;
}

/** Throws EVENT_TIME_JUMP for an event of the far future; `newest` is the run's, microseconds. */
export function refuseJump(event: TimedEvent, newest: number | undefined, recordMs: number): void {
  const base = Math.max(newest ?? -Infinity, recordMs * MICROS_PER_MS);
  const ahead = event.tsMicros - base;
  if (ahead <= JUMP_MS * MICROS_PER_MS) return;
  throw new DivertError(
    'EVENT_TIME_JUMP',
    `event ${event.eventId} is ${Math.round(ahead / HOUR_MICROS)} h ahead of its run and its record; at most 24 h are allowed`,
  );
}

/** The same, and remembers how far the run has come. */
export function acceptEventTime(
  rows: KeyedStore<number>,
  run: string,
  event: TimedEvent,
  recordMs: number,
): void {
  const key = scopedKey(run);
  const newest = rows.get(key);
  refuseJump(event, newest, recordMs);
  if (newest === undefined || event.tsMicros > newest + STEP_MICROS) rows.put(key, event.tsMicros);
}
