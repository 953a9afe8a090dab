/**
 * Rows of fields into transactions and labels, by a map and the file's own header.
 *
 * out: what the row says, or why it cannot be used; nothing is guessed or filled in.
 * Ids end as decimal digits of a uint64; amounts as the double the wire carries.
 * fails: UsageError when the header lacks a column of the map.
 */
import { UsageError } from '../../schemas/errors.js';
import { sha256Hex } from '../../schemas/sha256.js';
import type { LabelType } from './import-map.js';
import type { IdColumn, IdField, IdSource, LabelMap, TransactionMap } from './import-map.js';
import { timeParser } from './parse-time.js';

export interface Transaction {
  readonly line: number;
  readonly flowId: string;
  readonly arrivalSeq: number;
  readonly merchantId: string;
  readonly accountId: string;
  readonly partyId: string;
  readonly instrumentId: string;
  readonly deviceId: string;
  readonly ipId: string;
  readonly sessionId: string;
  readonly atMicros: number;
  readonly amount: number;
}

export interface LabelRow {
  readonly line: number;
  readonly flowId: string;
  readonly labelType: LabelType;
  readonly labelValue: string;
  readonly observedMicros: number;
  readonly effectiveMicros: number;
}

/** Why a row is left out; the words go to people. */
export class RowProblem {
  readonly reason: string;
  constructor(reason: string) {
    this.reason = reason;
  }
}

export type RowReader<T> = (line: number, fields: readonly string[]) => T | RowProblem;

const UINT64_MAX = (1n << 64n) - 1n;
const DIGITS = /^\d{1,20}$/;
const DECIMAL = /^[+-]?\d{1,18}(?:\.\d{1,18})?$/;
const INTEGER = /^[+-]?\d{1,16}$/;
/** Beyond this the inlet cannot hold the amount in minor units (ruling 8). */
const AMOUNT_MAX = 2 ** 53 / 100;

function columnAt(header: readonly string[], column: string, file: string): number {
  const at = header.indexOf(column);
  if (at < 0) {
    throw new UsageError(`${file} has no column ${column}; its columns are ${header.join(', ')}`);
  }
  return at;
}

/** Digits of the id raised by `add`; null when it is no uint64. */
function raised(digits: string, add: number): string | null {
  if (!DIGITS.test(digits)) return null;
  if (digits.length < 15) return String(Number(digits) + add);
  const id = BigInt(digits) + BigInt(add);
  return id > UINT64_MAX ? null : id.toString();
}

/** Any text as a uint64 from 1: the first 8 bytes of its sha256. */
function hashedId(text: string): string {
  const id = BigInt(`0x${sha256Hex(text).slice(0, 16)}`);
  return id === 0n ? '1' : id.toString();
}

type IdOf = (fields: readonly string[]) => string | null;

function idReader(column: IdColumn, header: readonly string[], file: string): IdOf {
  const at = columnAt(header, column.column, file);
  const { add } = column;
  if (column.as === 'hashed') {
    return (fields) => {
      const text = fields[at] ?? '';
      return text === '' ? null : raised(hashedId(text), add);
    };
  }
  return (fields) => raised(fields[at] ?? '', add);
}

export function transactionReader(
  map: TransactionMap,
  header: readonly string[],
  file: string,
): RowReader<Transaction> {
  const flowOf = idReader(map.flow, header, file);
  const arrivalOf = idReader(map.arrivalSeq, header, file);
  const accountOf = idReader(map.account, header, file);
  const merchantOf = idReader(map.merchant, header, file);
  const timeAt = columnAt(header, map.time.column, file);
  const timeOf = timeParser(map.time);
  const amountAt = columnAt(header, map.amount.column, file);
  const { unit } = map.amount;
  const derived = (source: IdSource): DerivedId => derivedReader(source, header, file);
  const partyOf = derived(map.party);
  const instrumentOf = derived(map.instrument);
  const deviceOf = derived(map.device);
  const ipOf = derived(map.ip);
  const sessionOf = derived(map.session);

  return (line, fields) => {
    if (fields.length !== header.length) return columnProblem(fields, header);
    const flowId = flowOf(fields);
    if (flowId === null) return idProblem(map.flow, fields, header);
    const arrival = arrivalOf(fields);
    const arrivalSeq = arrival === null ? Number.NaN : Number(arrival);
    if (!Number.isSafeInteger(arrivalSeq) || arrivalSeq < 1) {
      return idProblem(map.arrivalSeq, fields, header);
    }
    const account = accountOf(fields);
    if (account === null) return idProblem(map.account, fields, header);
    const merchantId = merchantOf(fields);
    if (merchantId === null || merchantId === '0') return idProblem(map.merchant, fields, header);
    const atMicros = timeOf(fields[timeAt] ?? '');
    if (Number.isNaN(atMicros)) return timeProblem(fields[timeAt]);
    const amount = amountOf(fields[amountAt] ?? '', unit);
    if (Number.isNaN(amount)) return new RowProblem(`no amount: ${shown(fields[amountAt])}`);
    const known: Known = { flow: flowId, account, merchant: merchantId };
    const partyId = partyOf(known, fields);
    const instrumentId = instrumentOf(known, fields);
    const deviceId = deviceOf(known, fields);
    const ipId = ipOf(known, fields);
    const sessionId = sessionOf(known, fields);
    if (
      partyId === null ||
      instrumentId === null ||
      deviceId === null ||
      ipId === null ||
      sessionId === null
    ) {
      return new RowProblem('party, instrument, device, ip or session is no id');
    }
    return {
      line,
      flowId,
      arrivalSeq,
      merchantId,
      accountId: account,
      partyId,
      instrumentId,
      deviceId,
      ipId,
      sessionId,
      atMicros,
      amount,
    };
  };
}

export function labelReader(
  map: LabelMap,
  header: readonly string[],
  file: string,
): RowReader<LabelRow> {
  const flowOf = idReader(map.flow, header, file);
  const timeAt = columnAt(header, map.time.column, file);
  const timeOf = timeParser(map.time);
  const effectiveAt =
    map.effective === null ? timeAt : columnAt(header, map.effective.column, file);
  const effectiveOf = map.effective === null ? timeOf : timeParser(map.effective);
  const valueAt = columnAt(header, map.value.column, file);
  const values = new Map(Object.entries(map.value.values));
  return (line, fields) => {
    if (fields.length !== header.length) return columnProblem(fields, header);
    const flowId = flowOf(fields);
    if (flowId === null) return idProblem(map.flow, fields, header);
    const observedMicros = timeOf(fields[timeAt] ?? '');
    if (Number.isNaN(observedMicros)) return timeProblem(fields[timeAt]);
    const effectiveMicros = effectiveOf(fields[effectiveAt] ?? '');
    if (Number.isNaN(effectiveMicros)) return timeProblem(fields[effectiveAt]);
    const labelValue = values.get(fields[valueAt] ?? '');
    if (labelValue === undefined) return new RowProblem(`no label: ${shown(fields[valueAt])}`);
    return { line, flowId, labelType: map.type, labelValue, observedMicros, effectiveMicros };
  };
}

type Known = Readonly<Record<IdField, string>>;
type DerivedId = (known: Known, fields: readonly string[]) => string | null;

function derivedReader(source: IdSource, header: readonly string[], file: string): DerivedId {
  if (!('from' in source)) {
    const idOf = idReader(source, header, file);
    return (_known, fields) => idOf(fields);
  }
  const { from, add } = source;
  return add === 0 ? (known) => known[from] : (known) => raised(known[from], add);
}

/** Major units as a double; NaN when it is no amount or too large for minor units. */
function amountOf(text: string, unit: 'major' | 'minor'): number {
  const amount =
    unit === 'major'
      ? DECIMAL.test(text)
        ? Number(text)
        : Number.NaN
      : INTEGER.test(text)
        ? Number(text) / 100
        : Number.NaN;
  return Math.abs(amount) < AMOUNT_MAX ? amount : Number.NaN;
}

const shown = (text: string | undefined): string => JSON.stringify((text ?? '').slice(0, 60));

const columnProblem = (fields: readonly string[], header: readonly string[]): RowProblem =>
  new RowProblem(`${fields.length} columns where the header has ${header.length}`);

const timeProblem = (text: string | undefined): RowProblem =>
  new RowProblem(`no time: ${shown(text)}`);

const idProblem = (
  column: IdColumn,
  fields: readonly string[],
  header: readonly string[],
): RowProblem =>
  new RowProblem(`${column.column} is no id: ${shown(fields[header.indexOf(column.column)])}`);
