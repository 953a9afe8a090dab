/**
 * A feature set as people write it: groups of named features, versioned, hashed and read strictly.
 *
 * in: a parsed YAML or JSON document. out: a typed `FeatureSet`. fails: DivertError
 * FEATURE_SET_INVALID, one line naming the path and how to mend it. source: DESIGN section 8,
 * spec platform section 11; docs/features.md is the language's manual.
 *
 * D1. The order of groups, and of features inside them, is the order of the served vector.
 * D2. `hash` is taken of the canonical text of the whole document: layout and YAML or JSON make no
 *     difference, any name, number or order does.
 * D3. A set is known by `id` = `<name>.v<version>`; the same id with another hash is refused where sets
 *     are put side by side (plan.ts).
 */
import { documentHash, type DocumentValue } from '../document-hash.js';
import { StrictReader } from '../strict-reader.js';
import { EVENT_VALUES, type EventValue } from './event-value.js';
import type { EntityKind } from './feature-request.js';
import { LABEL_VOCABULARY, type LabelType } from './label-vocabulary.js';

export const ENTITY_KINDS = [
  'account',
  'instrument',
  'device',
  'ip',
  'merchant',
  'party',
] as const satisfies readonly EntityKind[];

export const AGGREGATES = [
  'count',
  'sum',
  'mean',
  'min',
  'max',
  'distinct',
  'last',
  'since_last',
  'label_count',
  'label_rate',
] as const;
export type Aggregate = (typeof AGGREGATES)[number];

/** `amount_minor`: whole minor units. `amount`: the same / 100. `ts`: event time, microseconds. */
export const ENTRY_VALUES = ['amount_minor', 'amount', 'ts'] as const;
export type EntryValue = (typeof ENTRY_VALUES)[number];

/** Which events a feature is about; both bounds are included. */
export interface AmountRange {
  readonly minMinor: number;
  readonly maxMinor: number;
}

export interface LabelCondition {
  readonly type: LabelType;
  /** Any of these counts. */
  readonly values: readonly string[];
}

/** A value of the event itself. */
export interface EventFeature {
  readonly kind: 'event';
  readonly name: string;
  readonly derive: EventValue;
}

/** An aggregate over the traffic events of the event's own flow, this one included. */
export interface FlowFeature {
  readonly kind: 'flow';
  readonly name: string;
  readonly aggregate: 'count' | 'sum' | 'last';
  readonly value: EntryValue;
}

/** An aggregate over a window of the counted events of one entity. */
export interface WindowFeature {
  readonly kind: 'window';
  readonly name: string;
  readonly entity: EntityKind;
  readonly aggregate: Aggregate;
  /** For sum, mean, min, max and last. */
  readonly value: EntryValue;
  /** For distinct: whose ids are counted. */
  readonly distinct: EntityKind | undefined;
  readonly windowMicros: number;
  readonly delayMicros: number;
  readonly amount: AmountRange | undefined;
  /** For label_count and label_rate. */
  readonly label: LabelCondition | undefined;
}

export type Feature = EventFeature | FlowFeature | WindowFeature;

export interface FeatureGroup {
  readonly name: string;
  readonly version: number;
  readonly features: readonly Feature[];
}

export interface FeatureSet {
  /** `<name>.v<version>`: what a request asks for. */
  readonly id: string;
  readonly name: string;
  readonly version: number;
  readonly hash: string;
  readonly groups: readonly FeatureGroup[];
}

/** Most features of a set; a snapshot carries them all. */
const FEATURES_MAX = 512;
const SPAN_DAYS_MAX = 400;
const DAY_MICROS = 86_400_000_000;
const CODE = 'FEATURE_SET_INVALID';

const NAME = /^[A-Za-z][A-Za-z0-9_]{0,63}$/;
const NAME_WANTED = 'a name of 1 to 64 letters, digits and _, a letter first';
const UNIT_MICROS: Readonly<Record<string, number>> = {
  s: 1_000_000,
  min: 60_000_000,
  h: 3_600_000_000,
  d: DAY_MICROS,
};
const DURATION = /^([1-9][0-9]{0,8})(s|min|h|d)$/;

const readDuration = (reader: StrictReader): number => {
  const text = reader.matching(DURATION, 'a duration such as 90s, 30min, 24h or 7d');
  const [, amount = '', unit = ''] = DURATION.exec(text) ?? [];
  const micros = Number(amount) * (UNIT_MICROS[unit] ?? Number.NaN);
  if (micros > SPAN_DAYS_MAX * DAY_MICROS) reader.reject(`shorten it to ${SPAN_DAYS_MAX}d or less`);
  return micros;
};

const readAmountRange = (reader: StrictReader): AmountRange => {
  reader.fields('min', 'max');
  const min = reader.field('min');
  const max = reader.field('max');
  if (min.absent && max.absent) reader.reject('give min, max or both, in minor units');
  const range = {
    minMinor: min.absent ? -Number.MAX_SAFE_INTEGER : min.number({ integer: true }),
    maxMinor: max.absent ? Number.MAX_SAFE_INTEGER : max.number({ integer: true }),
  };
  if (range.minMinor > range.maxMinor) reader.reject('min is above max; swap them');
  return range;
};

const readLabel = (where: StrictReader): LabelCondition => {
  const type = where.field('label_type').oneOf(Object.keys(LABEL_VOCABULARY) as LabelType[]);
  const values = where.field('label_values').items();
  if (values.length === 0) where.field('label_values').reject('name at least one value');
  const known: readonly string[] = LABEL_VOCABULARY[type];
  return { type, values: [...new Set(values.map((value) => value.oneOf(known)))].sort() };
};

const NEEDS_VALUE: readonly Aggregate[] = ['sum', 'mean', 'min', 'max', 'last'];
const NEEDS_LABEL: readonly Aggregate[] = ['label_count', 'label_rate'];

/** Refuses a field that is absent where it must be there, or there where it means nothing. */
const requireField = (feature: StrictReader, name: string, wanted: boolean): void => {
  const field = feature.field(name);
  if (wanted === !field.absent) return;
  const aggregate = String(feature.field('aggregate').value);
  field.reject(wanted ? `${aggregate} needs it` : `means nothing to ${aggregate}; remove it`);
};

const WINDOW_FIELDS = ['name', 'entity', 'aggregate', 'value', 'window', 'delay', 'where'] as const;

const readWindowFeature = (reader: StrictReader, name: string): WindowFeature => {
  reader.fields(...WINDOW_FIELDS);
  const entity = reader.field('entity').oneOf(ENTITY_KINDS);
  const aggregate = reader.field('aggregate').oneOf(AGGREGATES);
  const value = reader.field('value');
  const isDistinct = aggregate === 'distinct';
  requireField(reader, 'value', isDistinct || NEEDS_VALUE.includes(aggregate));
  if (isDistinct && value.value === entity) value.reject('an entity has one id; name another kind');
  const isLast = aggregate === 'last';
  const delay = reader.field('delay');
  const windowMicros = readDuration(reader.field('window'));
  const delayMicros = delay.absent ? 0 : readDuration(delay);
  if (windowMicros + delayMicros > SPAN_DAYS_MAX * DAY_MICROS) {
    delay.reject(`window and delay together are above ${SPAN_DAYS_MAX}d; shorten one`);
  }
  const where = reader.field('where');
  const needsLabel = NEEDS_LABEL.includes(aggregate);
  if (!where.absent) where.fields('amount_minor', 'label_type', 'label_values');
  requireField(reader, 'where', !where.absent || needsLabel);
  if (!needsLabel && !where.field('label_type').absent) {
    where.field('label_type').reject('only label_count and label_rate look at labels; remove it');
  }
  const amount = where.field('amount_minor');
  return {
    kind: 'window',
    name,
    entity,
    aggregate,
    value: NEEDS_VALUE.includes(aggregate)
      ? value.oneOf(isLast ? ENTRY_VALUES : (['amount_minor', 'amount'] as const))
      : 'amount_minor',
    distinct: isDistinct ? value.oneOf(ENTITY_KINDS) : undefined,
    windowMicros,
    delayMicros,
    amount: amount.absent ? undefined : readAmountRange(amount),
    label: needsLabel ? readLabel(where) : undefined,
  };
};

const readFlowFeature = (reader: StrictReader, name: string): FlowFeature => {
  reader.fields('name', 'entity', 'aggregate', 'value');
  const aggregate = reader.field('aggregate').oneOf(['count', 'sum', 'last'] as const);
  requireField(reader, 'value', aggregate !== 'count');
  const allowed = aggregate === 'sum' ? (['amount_minor', 'amount'] as const) : ENTRY_VALUES;
  const value = aggregate === 'count' ? 'amount_minor' : reader.field('value').oneOf(allowed);
  return { kind: 'flow', name, aggregate, value };
};

const readFeature = (reader: StrictReader): Feature => {
  if (typeof reader.value !== 'object') reader.refuse('a feature: an object with name and more');
  const name = reader.field('name').matching(NAME, NAME_WANTED);
  const derive = reader.field('derive');
  if (!derive.absent) {
    reader.fields('name', 'derive');
    return { kind: 'event', name, derive: derive.oneOf(EVENT_VALUES) };
  }
  return reader.field('entity').value === 'flow'
    ? readFlowFeature(reader, name)
    : readWindowFeature(reader, name);
};

const readGroup = (reader: StrictReader): FeatureGroup => {
  reader.fields('name', 'version', 'features');
  const features = reader.field('features').items().map(readFeature);
  if (features.length === 0) reader.field('features').reject('a group has at least one feature');
  return {
    name: reader.field('name').matching(NAME, NAME_WANTED),
    version: reader.field('version').number({ min: 1, max: 1_000_000, integer: true }),
    features,
  };
};

const requireUnique = (reader: StrictReader, what: string, names: readonly string[]): void => {
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) reader.reject(`${what} ${twice} stands twice; rename one`);
};

/** Reads a document strictly; see the header. */
export const readFeatureSet = (document: unknown): FeatureSet => {
  const reader = new StrictReader(document, 'features', CODE).fields('name', 'version', 'groups');
  const name = reader.field('name').matching(NAME, NAME_WANTED);
  const version = reader.field('version').number({ min: 1, max: 1_000_000, integer: true });
  const groups = reader.field('groups').items().map(readGroup);
  const features = groups.flatMap((group) => group.features);
  requireUnique(
    reader.field('groups'),
    'group',
    groups.map((group) => group.name),
  );
  requireUnique(
    reader.field('groups'),
    'feature',
    features.map((feature) => feature.name),
  );
  if (features.length === 0 || features.length > FEATURES_MAX) {
    reader
      .field('groups')
      .reject(`a set has 1 to ${FEATURES_MAX} features, not ${features.length}`);
  }
  // Everything in it has been read as text, number, list or object by now.
  const hash = documentHash(document as DocumentValue);
  return { id: `${name}.v${version}`, name, version, hash, groups };
};

/** Reads JSON text; YAML is parsed by the runner, which hands the document to `readFeatureSet`. */
export const readFeatureSetText = (text: string): FeatureSet => {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return new StrictReader(text, 'features', CODE).reject(`not JSON (${why}); mend the text`);
  }
  return readFeatureSet(document);
};
