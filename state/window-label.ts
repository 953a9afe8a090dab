/**
 * Labels of entries already in the windows: one chunk is rewritten, and the counts of the windows that
 * hold the entry are corrected.
 *
 * A label counts for an event at t iff it was observed at or before t. One observed later than the
 * entity's newest event waits in the head until an event reaches its time.
 */
import { DivertError } from '../schemas/errors.js';
import { passes } from './window-accumulators.js';
import type { PendingLabel } from './window-chunk.js';
import type { HeadDraft } from './window-draft.js';
import { CELL } from './window-layout.js';
import { placeOf, type Place } from './window-late.js';

/** Which entry: its event time and the id it was added with. */
export interface Labelled {
  readonly at: number;
  readonly entryId: number;
}

export interface Label {
  /** Which label of the plan; 0 by default. */
  readonly label?: number;
  /** When it was observed, in the plan's unit; null takes the label away. */
  readonly observedAt: number | null;
  /** Keep the label the entry has when that one was observed earlier or at the same time. */
  readonly earliest?: boolean;
}

/**
 * `kept`: the entry's own label stays (see `earliest`). `absent`: no such entry. `expired`: entries of
 * that time are no longer kept. `beyond_scan`: it lies too far back to find.
 */
export type LabelOutcome = 'set' | 'kept' | 'absent' | 'expired' | 'beyond_scan';

/** Most labels of one entity that may wait for its next event. */
const PENDING_MAX = 4096;

export function setLabel(draft: HeadDraft, entry: Labelled, label: Label): LabelOutcome {
  const { layout } = draft;
  const slot = label.label ?? 0;
  if (slot >= layout.labels) throw new DivertError('STEP_FAILED', `the plan has no label ${slot}`);
  const found = findEntry(draft, entry);
  if (typeof found === 'string') {
    const isPast = entry.at <= Math.max(draft.cell(CELL.expired), draft.cell(CELL.truncated));
    return found === 'absent' && isPast ? 'expired' : found;
  }
  const source = layout.entryIdAt + 1 + slot;
  const off = found.index * layout.stride;
  const rows = draft.rowsOf(found.chunk);
  const before = rows[off + source] ?? Infinity;
  const after = label.observedAt ?? Infinity;
  if (label.earliest === true && before <= after) return 'kept';
  const flags = layout.flagsAt < 0 ? 0 : (rows[off + layout.flagsAt] ?? 0);
  if (found.chunk === draft.cells[CELL.open]) {
    draft.rows = rows.slice(0, draft.size * layout.stride).with(off + source, after);
  } else {
    const chunk = draft.chunk(found.chunk);
    draft.putChunk(found.chunk, { ...chunk, rows: rows.with(off + source, after) });
  }
  correct(
    draft,
    { time: entry.at, entryId: entry.entryId, flags, source, observedAt: after },
    before,
  );
  return 'set';
}

/** Corrects the counts and the waiting list for a label that moved from `before` to its new time. */
function correct(draft: HeadDraft, label: PendingLabel, before: number): void {
  const newest = draft.cell(CELL.newest);
  const step = (label.observedAt <= newest ? 1 : 0) - (before <= newest ? 1 : 0);
  if (step !== 0) {
    for (const range of draft.layout.ranges) {
      const right = newest - range.delay;
      if (label.time > right || label.time <= right - range.width) continue;
      for (const one of range.accumulators) {
        if (one.kind !== 'labels' || one.source !== label.source) continue;
        if (passes(one.where, label.flags)) draft.cells[one.at] = draft.cell(one.at) + step;
      }
    }
  }
  const others = draft.pending.filter(
    (one) =>
      one.entryId !== label.entryId || one.time !== label.time || one.source !== label.source,
  );
  const waits = label.observedAt > newest && label.observedAt !== Infinity;
  if (waits && others.length >= PENDING_MAX) {
    throw new DivertError('STORE_FULL', `${PENDING_MAX} labels wait for the entity's next event`);
  }
  draft.pending = waits ? [...others, label] : others;
}

/** Entries of one time may fill several chunks; they end at the place behind that time. */
function findEntry(draft: HeadDraft, entry: Labelled): Place | 'absent' | 'beyond_scan' {
  const { stride, entryIdAt, scanChunksMax } = draft.layout;
  if (entry.at > draft.cell(CELL.newest)) return 'absent';
  const behind = placeOf(draft, entry.at);
  if (behind === undefined) return 'beyond_scan';
  let { chunk } = behind;
  let index = behind.index - 1;
  for (let steps = 0; ; steps += 1) {
    const rows = draft.rowsOf(chunk);
    for (; index >= 0; index -= 1) {
      if (rows[index * stride] !== entry.at) return 'absent';
      if (rows[index * stride + entryIdAt] === entry.entryId) return { chunk, index };
    }
    if (chunk === draft.cells[CELL.tail]) return 'absent';
    if (steps >= scanChunksMax) return 'beyond_scan';
    chunk = draft.prevOf(chunk);
    const before = draft.rowsOf(chunk);
    index = draft.sizeOf(chunk, before) - 1;
  }
}

/** Counts the labels whose time has come, in the windows as the last event left them. */
export function ripen(draft: HeadDraft, time: number): void {
  const newest = draft.cell(CELL.newest);
  const waiting: PendingLabel[] = [];
  for (const label of draft.pending) {
    if (label.observedAt > time) {
      waiting.push(label);
      continue;
    }
    for (const range of draft.layout.ranges) {
      const right = newest - range.delay;
      if (label.time > right || label.time <= right - range.width) continue;
      for (const one of range.accumulators) {
        if (one.kind !== 'labels' || one.source !== label.source) continue;
        if (passes(one.where, label.flags)) draft.cells[one.at] = draft.cell(one.at) + 1;
      }
    }
  }
  draft.pending = waiting;
}
