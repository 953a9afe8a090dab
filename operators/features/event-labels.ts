/**
 * eventLabels: turns each label of a traffic event into one label per entity whose windows count it.
 * in: EventEntities (main) and LabelAssertion (`labels`), both keyed by event id. out: for a label whose
 * event is known, one EntityLabel per label-driven entity, in order of ENTITY_KINDS; for an event, those
 * of the labels that waited for it, in order of arrival. state: about 60 bytes per event for `horizonMs`
 * after the later of its event time and its record; `keysMax` of the store. time: a label waits for its
 * event until its own record's time plus `horizonMs`, then is dropped and counted. fails:
 * LABEL_FROM_FUTURE, PAYLOAD_HASH_MISMATCH, PINS_MISMATCH, STORE_FULL. crash: none.
 * source: DESIGN section 8, ruling 14, spec platform section 18.
 *
 * E1. An assertion id counts once; the same again is absorbed, with another payload it is refused.
 * E2. A label is refused when it was observed (in whole ms) after both its record's time and the newest
 *     event time this task saw of the run.
 * E3. Of two labels, or a label and its event, whichever comes first, the same EntityLabels leave.
 */
import type { OperatorFunction } from 'rxjs';
import { DivertError } from '../../schemas/errors.js';
import type { LabelAssertion } from '../../schemas/generated/label-assertion.js';
import { also, lift, type Tools } from '../lift.js';
import { joinScope } from '../scope.js';
import type { Signal } from '../signal.js';
import type { Keyed, Stream } from '../wiring.js';
import { ENTITY_KINDS } from './definition.js';
import type { EntityKind, EntityLabel, EventEntities } from './feature-request.js';
import type { LabelledEvent, WaitingLabel } from './labelled-event.js';
import type { FeaturePlan } from './plan.js';

export interface EventLabelsOptions {
  readonly labels: Stream<LabelAssertion>;
  /** Every feature set alive. */
  readonly plans: readonly FeaturePlan[];
  readonly in: Keyed<LabelledEvent>;
  /** Newest event time by run. */
  readonly highs: Keyed<number>;
  /** How long after its event a label still counts, ms; default 60 days. */
  readonly horizonMs?: number;
}

const DAY_MS = 86_400_000;
/** Most assertions remembered per event. */
const ASSERTIONS_MAX = 64;

/** Which entities count a label of this type and value, as the plans' definitions say. */
type EntitiesOf = (labelType: string, labelValue: string) => readonly EntityKind[];

const labelParts = (plans: readonly FeaturePlan[], entity: EntityKind) =>
  plans.flatMap((plan) => plan.parts.filter((part) => part.entity === entity));

function entitiesByLabel(plans: readonly FeaturePlan[]): EntitiesOf {
  const known = new Map<string, readonly EntityKind[]>();
  return (labelType, labelValue) => {
    const name = `${labelType} ${labelValue}`;
    const found = known.get(name);
    if (found) return found;
    const entities = ENTITY_KINDS.filter((entity) =>
      labelParts(plans, entity).some((part) =>
        part.labels.some(({ type, values }) => type === labelType && values.includes(labelValue)),
      ),
    );
    // The vocabulary of a hostile feed is not remembered.
    if (entities.length > 0) known.set(name, entities);
    return entities;
  };
}

class EventLabels {
  private readonly options: EventLabelsOptions;
  private readonly horizonMs: number;
  private readonly entitiesOf: EntitiesOf;
  /** Entities of which any label is counted. */
  private readonly driven: readonly EntityKind[];

  constructor(options: EventLabelsOptions) {
    this.options = options;
    this.horizonMs = options.horizonMs ?? 60 * DAY_MS;
    this.entitiesOf = entitiesByLabel(options.plans);
    this.driven = ENTITY_KINDS.filter((entity) =>
      labelParts(options.plans, entity).some((part) => part.labels.length > 0),
    );
  }

  event({ run, value }: Signal<EventEntities>, tools: Tools<EntityLabel>): void {
    const { eventId, tsMicros, ids } = value;
    this.raiseHigh(run, tsMicros);
    if (this.driven.length === 0) {
      tools.absorb('no_label_feature');
      return;
    }
    const scope = joinScope(run, eventId);
    const { rows } = this.options.in;
    const known = rows.get(scope);
    if (known !== undefined && known.tsMicros !== null) {
      tools.absorb('known_event');
      return;
    }
    tools.absorb('event_kept');
    const row: LabelledEvent = {
      untilMs: Math.max(tools.at.timeMs, Math.floor(tsMicros / 1000)) + this.horizonMs,
      tsMicros,
      entities: this.driven.map((entity) => [entity, ids[entity]] as const),
      seen: known?.seen ?? [],
      waiting: [],
    };
    rows.put(scope, row);
    if (known === undefined || known.waiting.length === 0) return;
    tools.timer(scope, null);
    tools.release(known.waiting.length);
    for (const label of known.waiting) this.send(eventId, row, label, tools);
  }

  label({ run, value, at }: Signal<LabelAssertion>, tools: Tools<EntityLabel>): void {
    const subject = value.label_subject_key;
    if (subject.platform_run_id !== run) {
      throw new DivertError(
        'PINS_MISMATCH',
        `Label ${value.label_assertion_id} is about run ${subject.platform_run_id} but pinned to ${run}.`,
        { subject: { run, payloadHash: value.payload_hash } },
      );
    }
    this.refuseFuture(run, value, at.timeMs);
    const scope = joinScope(run, subject.event_id);
    const { rows } = this.options.in;
    const known = rows.get(scope);
    if (known && isReplay(known, value, run)) {
      tools.absorb('label_replay');
      return;
    }
    const label: WaitingLabel = {
      labelType: value.label_type,
      labelValue: value.label_value,
      observedMicros: value.observed_time_micros,
    };
    const counts = this.entitiesOf(label.labelType, label.labelValue).length > 0;
    const isEarly = known === undefined || known.tsMicros === null;
    const seen = [...(known?.seen ?? []), [value.label_assertion_id, value.payload_hash] as const];
    const row: LabelledEvent = {
      untilMs: known?.untilMs ?? at.timeMs + this.horizonMs,
      tsMicros: known?.tsMicros ?? null,
      entities: known?.entities ?? [],
      seen,
      waiting: isEarly && counts ? [...(known?.waiting ?? []), label] : [...(known?.waiting ?? [])],
    };
    rows.put(scope, row);
    if (!counts) tools.absorb('no_label_feature');
    else if (isEarly) {
      tools.hold();
      tools.timer(scope, row.untilMs);
    } else {
      tools.pass();
      this.send(subject.event_id, row, label, tools);
    }
  }

  /** The horizon of labels whose event never came has passed. */
  expire(scope: string, tools: Tools<EntityLabel>): void {
    const { rows } = this.options.in;
    const row = rows.get(scope);
    if (row === undefined || row.waiting.length === 0) return;
    rows.put(scope, { ...row, waiting: [] });
    tools.drop('label_without_event', row.waiting.length);
  }

  private send(
    eventId: string,
    row: LabelledEvent,
    label: WaitingLabel,
    tools: Tools<EntityLabel>,
  ): void {
    const wanted = this.entitiesOf(label.labelType, label.labelValue);
    for (const [entity, id] of row.entities) {
      if (!wanted.includes(entity)) continue;
      tools.emit({
        eventId,
        entity,
        id,
        tsMicros: row.tsMicros ?? 0,
        labelType: label.labelType,
        labelValue: label.labelValue,
        observedMicros: label.observedMicros,
      });
    }
  }

  private raiseHigh(run: string, tsMicros: number): void {
    const { rows } = this.options.highs;
    const scope = joinScope(run, '');
    const high = rows.get(scope);
    if (high === undefined || tsMicros > high) rows.put(scope, tsMicros);
  }

  /** E2. */
  private refuseFuture(run: string, value: LabelAssertion, timeMs: number): void {
    const observed = value.observed_time_micros;
    if (Math.floor(observed / 1000) <= timeMs) return;
    const high = this.options.highs.rows.get(joinScope(run, ''));
    if (high !== undefined && observed <= high) return;
    throw new DivertError(
      'LABEL_FROM_FUTURE',
      `Label ${value.label_assertion_id} was observed at ${observed} us, later than its record (${timeMs} ms) and than every event of run ${run}.`,
      { subject: { run, payloadHash: value.payload_hash } },
    );
  }
}

/** E1. Throws for a known id with another payload, and when an event has all the assertions it may. */
function isReplay(known: LabelledEvent, value: LabelAssertion, run: string): boolean {
  const first = known.seen.find(([id]) => id === value.label_assertion_id);
  if (first?.[1] === value.payload_hash) return true;
  if (first) {
    throw new DivertError(
      'PAYLOAD_HASH_MISMATCH',
      `Label ${value.label_assertion_id} came again with another payload; the first one stands.`,
      { subject: { run, payloadHash: value.payload_hash, firstPayloadHash: first[1] } },
    );
  }
  if (known.seen.length < ASSERTIONS_MAX) return false;
  throw new DivertError(
    'STORE_FULL',
    `Event ${value.label_subject_key.event_id} has ${ASSERTIONS_MAX} labels; no further one is taken.`,
    { subject: { run, payloadHash: value.payload_hash } },
  );
}

export const eventLabels = (
  options: EventLabelsOptions,
): OperatorFunction<Signal<EventEntities>, Signal<EntityLabel>> => {
  const steps = new EventLabels(options);
  return lift<EventEntities, EntityLabel>({
    name: 'event-labels',
    stores: [options.in, options.highs],
    also: [
      also<LabelAssertion, EntityLabel>(options.labels, (signal, tools) => {
        steps.label(signal, tools);
      }),
    ],
    settings: `${options.plans.map((plan) => plan.hash).join(' ')} ${options.horizonMs ?? 60 * DAY_MS}`,
    timerKey: ({ run, value }) => joinScope(run, value.eventId),
    onRecord: (signal, tools) => {
      steps.event(signal, tools);
    },
    onTimer: (scope, tools) => {
      steps.expire(scope, tools);
    },
  });
};
