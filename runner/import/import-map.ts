/**
 * The map of an import: which columns of a CSV mean what, checked before a row is read.
 *
 * A map is YAML; `readImportMap` turns its text into a plain value that can cross to a thread. Every
 * id is decimal digits (raised by `add`) or, with `as: hashed`, any text hashed into a uint64.
 * Fields: flow, arrival_seq, time, account, merchant, amount; party, instrument, device, ip and
 * session may be columns or derived `from` another field. See docs/maps/handbook.yaml.
 * fails: UsageError naming the path in the map, what stands there and what may.
 */
import { parse } from 'yaml';
import { UsageError } from '../../schemas/errors.js';
import { labelSourceSymbols, type LabelSource } from '../../schemas/generated/label-assertion.js';
import { sha256Hex } from '../../schemas/sha256.js';
import { MapReader } from './map-reader.js';

export type TimeFormat = 'iso' | 'epoch-seconds' | 'epoch-millis' | 'epoch-micros';

export interface TimeColumn {
  readonly column: string;
  readonly format: TimeFormat;
  /** Minutes east of UTC of times that name no zone. */
  readonly offsetMinutes: number;
}

export type IdSource = IdColumn | { readonly from: IdField; readonly add: number };

export interface IdColumn {
  readonly column: string;
  readonly add: number;
  readonly as: 'digits' | 'hashed';
}

/** Ids other fields may be derived from. */
export type IdField = 'flow' | 'account' | 'merchant';

export interface Order {
  /** How far back in time a row may come; rows further back are reported. */
  readonly boundSeconds: number;
  /** How far ahead of the newest row one may leap; a mistyped year would make all others late. */
  readonly jumpSeconds: number;
  /** Most rows held for reordering. */
  readonly rowsMax: number;
}

export interface TransactionMap {
  readonly flow: IdColumn;
  readonly arrivalSeq: IdColumn;
  readonly time: TimeColumn;
  readonly account: IdColumn;
  readonly merchant: IdColumn;
  readonly amount: { readonly column: string; readonly unit: 'major' | 'minor' };
  readonly party: IdSource;
  readonly instrument: IdSource;
  readonly device: IdSource;
  readonly ip: IdSource;
  readonly session: IdSource;
  readonly order: Order;
  readonly delimiter: string;
}

export const LABEL_TYPES = ['fraud_disposition', 'chargeback_status', 'account_takeover'] as const;
export type LabelType = (typeof LABEL_TYPES)[number];

export interface LabelMap {
  readonly flow: IdColumn;
  readonly time: TimeColumn;
  /** Since when it is true; the label's own time when null. */
  readonly effective: TimeColumn | null;
  readonly type: LabelType;
  readonly value: { readonly column: string; readonly values: Readonly<Record<string, string>> };
  readonly source: LabelSource;
  readonly actor: string | null;
  readonly order: Order;
  readonly delimiter: string;
}

export interface ImportMap {
  readonly name: string;
  readonly transactions: TransactionMap;
  readonly place: { readonly zone: string; readonly offsetMinutes: number };
  readonly labels: LabelMap | null;
  /** sha256 hex of the map's text: the run's parameter hash. */
  readonly hash: string;
}

const ROWS_MAX = 1_000_000;
const JUMP_SECONDS = 366 * 86_400;
const VALUES: Readonly<Record<LabelType, readonly string[]>> = {
  fraud_disposition: ['FRAUD_CONFIRMED', 'FRAUD_SUSPECTED', 'LEGIT_CONFIRMED'],
  chargeback_status: ['CHARGEBACK', 'NO_CHARGEBACK', 'PENDING'],
  account_takeover: ['ATO_CONFIRMED', 'ATO_SUSPECTED', 'ATO_NOT_CONFIRMED'],
};

/** `name` is where the text came from, for messages. */
export function readImportMap(text: string, name: string): ImportMap {
  let raw: unknown;
  try {
    raw = parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause);
    throw new UsageError(`${name} is not YAML: ${reason}`, { cause });
  }
  const map = new MapReader(raw, name);
  const place = map.optional('place');
  const labels = map.optional('labels');
  const read: ImportMap = {
    name: map.word('name'),
    transactions: transactionMap(map.inside('transactions')),
    place: {
      zone: place?.text('zone', 'Etc/UTC') ?? 'Etc/UTC',
      offsetMinutes: place?.whole('offset_minutes', { least: -1080, most: 1080, absent: 0 }) ?? 0,
    },
    labels: labels === null ? null : labelMap(labels),
    hash: sha256Hex(text),
  };
  place?.end();
  map.end();
  return read;
}

function transactionMap(map: MapReader): TransactionMap {
  const read: TransactionMap = {
    flow: idColumn(map.inside('flow')),
    arrivalSeq: idColumn(map.inside('arrival_seq')),
    time: timeColumn(map.inside('time')),
    account: idColumn(map.inside('account')),
    merchant: idColumn(map.inside('merchant')),
    amount: amountColumn(map.inside('amount')),
    party: idSource(map.inside('party')),
    instrument: idSource(map.inside('instrument')),
    device: idSource(map.inside('device')),
    ip: idSource(map.inside('ip')),
    session: idSource(map.inside('session')),
    order: order(map.optional('order')),
    delimiter: delimiter(map),
  };
  map.end();
  return read;
}

function labelMap(map: MapReader): LabelMap {
  const type = map.choice('type', LABEL_TYPES, 'fraud_disposition');
  const value = map.inside('value');
  const values = value.record('values');
  for (const [from, to] of Object.entries(values)) {
    if (!VALUES[type].includes(to)) {
      throw value.wrong(`values.${from}`, to, VALUES[type].join(', '));
    }
  }
  const effective = map.optional('effective');
  const source = map.choice('source', labelSourceSymbols, 'EXTERNAL');
  const actor = map.text('actor', '');
  if ((actor !== '') !== (source === 'HUMAN')) {
    throw map.wrong('actor', actor, 'an actor id when source is HUMAN, nothing otherwise');
  }
  const read: LabelMap = {
    flow: idColumn(map.inside('flow')),
    time: timeColumn(map.inside('time')),
    effective: effective === null ? null : timeColumn(effective),
    type,
    value: { column: value.text('column'), values },
    source,
    actor: actor === '' ? null : actor,
    order: order(map.optional('order')),
    delimiter: delimiter(map),
  };
  value.end();
  map.end();
  return read;
}

function idColumn(map: MapReader): IdColumn {
  const read: IdColumn = {
    column: map.text('column'),
    add: map.whole('add', { least: 0, most: 1_000_000_000, absent: 0 }),
    as: map.choice('as', ['digits', 'hashed'], 'digits'),
  };
  map.end();
  return read;
}

function idSource(map: MapReader): IdSource {
  if (!map.has('from')) return idColumn(map);
  const read = {
    from: map.choice('from', ['flow', 'account', 'merchant']),
    add: map.whole('add', { least: 0, most: 1_000_000_000, absent: 0 }),
  };
  map.end();
  return read;
}

function timeColumn(map: MapReader): TimeColumn {
  const read: TimeColumn = {
    column: map.text('column'),
    format: map.choice('format', ['iso', 'epoch-seconds', 'epoch-millis', 'epoch-micros'], 'iso'),
    offsetMinutes: zoneOffset(map, map.text('zone', 'UTC')),
  };
  map.end();
  return read;
}

/** UTC or a fixed offset such as +05:30; a zone with summer time has no single offset. */
function zoneOffset(map: MapReader, zone: string): number {
  if (zone === 'UTC' || zone === 'Z') return 0;
  const parts = /^([+-])(\d{2}):(\d{2})$/.exec(zone);
  const minutes = parts === null ? Number.NaN : Number(parts[2]) * 60 + Number(parts[3]);
  if (parts === null || minutes > 18 * 60)
    throw map.wrong('zone', zone, 'UTC or an offset such as +05:30');
  return parts[1] === '-' ? -minutes : minutes;
}

function amountColumn(map: MapReader): TransactionMap['amount'] {
  const read = {
    column: map.text('column'),
    unit: map.choice('unit', ['major', 'minor'], 'major'),
  };
  map.end();
  return read;
}

function order(map: MapReader | null): Order {
  if (map === null) return { boundSeconds: 0, jumpSeconds: JUMP_SECONDS, rowsMax: ROWS_MAX };
  const read = {
    boundSeconds: map.whole('bound_seconds', { least: 0, most: 366 * 86_400, absent: 0 }),
    jumpSeconds: map.whole('jump_seconds', {
      least: 1,
      most: 3_660 * 86_400,
      absent: JUMP_SECONDS,
    }),
    rowsMax: map.whole('rows_max', { least: 1, most: 10_000_000, absent: ROWS_MAX }),
  };
  map.end();
  return read;
}

function delimiter(map: MapReader): string {
  const text = map.text('delimiter', ',');
  if (text.length !== 1 || text === '"')
    throw map.wrong('delimiter', text, 'one character, not a quote');
  return text;
}
