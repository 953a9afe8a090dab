/**
 * The windows of every feature set alive, over the three stores of stage `entities`; the pure part of
 * entity-features.ts, which states the invariants.
 */
import { DivertError } from '../../schemas/errors.js';
import { scopedKey } from '../../state/keys.js';
import type { KeyedStore } from '../../state/port.js';
import type { Answers } from '../../state/window-accumulators.js';
import {
  EARLY_MAX,
  noteEvent,
  type EarlyLabel,
  type EarlyNote,
  type FeatureNote,
  type RunNote,
} from './feature-notes.js';
import type { EntityKind, EntityLabel, FeatureRequest } from './feature-request.js';
import { idNumber } from './id-number.js';
import {
  entryOf,
  keyIn,
  openPart,
  slackMsOf,
  type LivePart,
  type WindowRows,
} from './live-part.js';
import type { PartValues } from './part-windows.js';
import type { FeaturePlan } from './plan.js';

export interface EntityWindowsParts extends WindowRows {
  readonly plans: readonly FeaturePlan[];
  readonly notes: KeyedStore<FeatureNote>;
}

/** What became of a label; a reason it is absorbed under. */
export type LabelFate =
  | 'label_counted'
  | 'label_not_earlier'
  | 'label_early'
  | 'label_too_old'
  | 'label_beyond_scan'
  | 'early_label_pushed_out'
  | 'no_label_feature';

const NO_PARTS: readonly LivePart[] = [];
const ENTRY_MAX = 2 ** 52;
/** A run's note is prolonged in steps of this, not with every event. */
const NOTE_STEP_MS = 86_400_000;

export class EntityWindows {
  private readonly notes: KeyedStore<FeatureNote>;
  private readonly byEntity = new Map<EntityKind, LivePart[]>();
  private readonly hashes: readonly string[];
  private readonly ids: ReadonlySet<string>;
  private readonly keepMs: number;
  private noteRun = '';
  private noteKey = scopedKey('');
  /** A note that names every set alive. */
  private settled: RunNote | undefined;

  constructor(parts: EntityWindowsParts) {
    const { plans, bounds } = parts;
    this.notes = parts.notes;
    this.hashes = plans.map((plan) => plan.hash);
    this.ids = new Set(plans.map((plan) => plan.id));
    const all = plans.flatMap((plan) => plan.parts.map((part) => openPart(plan, part, parts)));
    for (const live of all) {
      const { entity } = live.part;
      this.byEntity.set(entity, [...(this.byEntity.get(entity) ?? []), live]);
    }
    const spans = all.map(({ part }) => part.spanMicros / 1000);
    this.keepMs = Math.ceil(Math.max(0, ...spans)) + slackMsOf(bounds);
  }

  knows(featureSet: string): boolean {
    return this.ids.has(featureSet);
  }

  /** Counts the event where it must be, and answers; undefined when nothing is to be said. */
  step(run: string, request: FeatureRequest, stepMs: number): PartValues | undefined {
    requireWhole(request);
    const note = this.noteOf(run, request.tsMicros, stepMs);
    let found: PartValues | undefined;
    for (const live of this.byEntity.get(request.entity) ?? NO_PARTS) {
      const asked = live.plan.id === request.featureSet && !request.silent;
      if (!request.counts && !asked) continue;
      const key = keyIn(live, run, request.id);
      const answers = request.counts
        ? this.add(live, key, request, stepMs)
        : live.windows.read(key, request.tsMicros);
      const since = note.since[live.plan.hash] ?? -Infinity;
      if (asked) found = live.reader.read(answers, request.tsMicros, since);
    }
    return found;
  }

  private add(live: LivePart, key: string, request: FeatureRequest, stepMs: number): Answers {
    const answers = live.windows.add(key, entryOf(live.part, request, stepMs));
    return live.part.labels.length > 0 ? this.takeEarly(live, key, { request, answers }) : answers;
  }

  /** F5: labels that waited for this event; F4: they may count for the event itself. */
  private takeEarly(
    live: LivePart,
    key: string,
    counted: { readonly request: FeatureRequest; readonly answers: Answers },
  ): Answers {
    const note = this.earlyOf(key);
    if (note === undefined) return counted.answers;
    const { eventId, tsMicros } = counted.request;
    const mine = note.labels.filter((label) => label.eventId === eventId);
    if (mine.length === 0) return counted.answers;
    const others = note.labels.filter((label) => label.eventId !== eventId);
    if (others.length === 0) this.notes.delete(key);
    else this.notes.put(key, { ...note, labels: others });
    for (const { slot, observedMicros } of mine) {
      live.windows.setLabel(
        key,
        { at: tsMicros, entryId: idNumber(eventId) },
        { label: slot, observedAt: observedMicros, earliest: true },
      );
    }
    const again = live.windows.read(key, tsMicros);
    const isLabel = live.part.windows.map(({ label }) => label >= 0);
    return {
      values: counted.answers.values.map((value, index) =>
        isLabel[index] === true ? (again.values[index] ?? null) : value,
      ),
      codes: counted.answers.codes,
    };
  }

  /** Counts a label of an event; says what became of it. */
  label(run: string, label: EntityLabel, stepMs: number): LabelFate {
    const { labelType, labelValue } = label;
    let fate: LabelFate = 'no_label_feature';
    for (const live of this.byEntity.get(label.entity) ?? NO_PARTS) {
      live.part.labels.forEach(({ type, values }, slot) => {
        if (type !== labelType || !values.includes(labelValue)) return;
        const became = this.labelOne(live, keyIn(live, run, label.id), { label, slot, stepMs });
        // Of several sets the one that counts is the one to tell.
        if (fate !== 'label_counted') fate = became;
      });
    }
    return fate;
  }

  private labelOne(
    live: LivePart,
    key: string,
    one: { readonly label: EntityLabel; readonly slot: number; readonly stepMs: number },
  ): LabelFate {
    const { eventId, tsMicros, observedMicros } = one.label;
    const outcome = live.windows.setLabel(
      key,
      { at: tsMicros, entryId: idNumber(eventId) },
      { label: one.slot, observedAt: observedMicros, earliest: true },
    );
    switch (outcome) {
      case 'set':
        return 'label_counted';
      case 'kept':
        return 'label_not_earlier';
      case 'beyond_scan':
        return 'label_beyond_scan';
      case 'expired':
        return 'label_too_old';
      case 'absent':
        return this.keepEarly(key, one, one.stepMs + live.keepMs);
    }
  }

  private keepEarly(
    key: string,
    one: { readonly label: EntityLabel; readonly slot: number },
    untilMs: number,
  ): LabelFate {
    const { eventId, tsMicros, observedMicros } = one.label;
    const known = this.earlyOf(key)?.labels ?? [];
    const isFull = known.length >= EARLY_MAX;
    const early: EarlyLabel = { eventId, tsMicros, slot: one.slot, observedMicros };
    const labels = [...(isFull ? known.slice(1) : known), early];
    this.notes.put(key, { kind: 'early', untilMs, labels });
    return isFull ? 'early_label_pushed_out' : 'label_early';
  }

  private earlyOf(key: string): EarlyNote | undefined {
    const note = this.notes.get(key);
    return note?.kind === 'early' ? note : undefined;
  }

  /** The run's note, moved on by this event. */
  private noteOf(run: string, tsMicros: number, stepMs: number): RunNote {
    if (run !== this.noteRun) {
      this.noteRun = run;
      this.noteKey = scopedKey(run);
    }
    const found = this.notes.get(this.noteKey);
    const known = found?.kind === 'run' ? found : undefined;
    const latestMs = Math.max(stepMs, tsMicros / 1000) + this.keepMs;
    if (known !== undefined && known === this.settled) {
      // Nearly every event finds the note it left, and within its bounds.
      if (tsMicros <= known.highMicros && latestMs <= known.untilMs) return known;
    }
    const note = noteEvent(known, this.hashes, {
      tsMicros,
      untilMs: (Math.floor(latestMs / NOTE_STEP_MS) + 1) * NOTE_STEP_MS,
    });
    this.settled = note;
    if (note !== known) this.notes.put(this.noteKey, note);
    return note;
  }
}

/** Windows hold whole numbers below 2^52; anything else is this record's fault, not the task's. */
function requireWhole({ eventId, tsMicros, amountMinor }: FeatureRequest): void {
  const fits = (value: number) => Number.isSafeInteger(value) && Math.abs(value) < ENTRY_MAX;
  if (fits(tsMicros) && fits(amountMinor)) return;
  throw new DivertError(
    'SUM_OVERFLOW',
    `Event ${eventId}: time ${tsMicros} us and amount ${amountMinor} must be whole and below 2^52.`,
  );
}
