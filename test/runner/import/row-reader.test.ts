/** Rows by a map: uint64 ids, hashed ids, amounts in both units, labels; edges refused with reasons. */
import { describe, expect, it } from 'vitest';
import {
  labelReader,
  RowProblem,
  transactionReader,
  type LabelRow,
  type Transaction,
} from '../../../runner/import/row-reader.js';
import { handbookMap } from './import-fixtures.js';

const HEADER = ['TRANSACTION_ID', 'TX_DATETIME', 'CUSTOMER_ID', 'TERMINAL_ID', 'TX_AMOUNT'];
const read = (
  change: (text: string) => string,
  fields: Partial<Record<(typeof HEADER)[number], string>>,
): Transaction | RowProblem => {
  const usual: Readonly<Record<string, string>> = {
    TRANSACTION_ID: '5',
    TX_DATETIME: '2018-04-01T00:00:31Z',
    CUSTOMER_ID: '7',
    TERMINAL_ID: '9',
    TX_AMOUNT: '57.16',
  };
  const row = HEADER.map((column) => fields[column] ?? usual[column] ?? '');
  return transactionReader(handbookMap(change).transactions, HEADER, 'f.csv')(2, row);
};
const same = (text: string): string => text;
const reason = (row: Transaction | LabelRow | RowProblem): string =>
  row instanceof RowProblem ? row.reason : 'read';

describe('transactionReader', () => {
  it('raises customers, terminals and arrival_seq, takes the rest from them', () => {
    expect(read(same, {})).toMatchObject({
      line: 2,
      flowId: '5',
      arrivalSeq: 6,
      accountId: '8',
      partyId: '8',
      ipId: '8',
      merchantId: '10',
      sessionId: '6',
      amount: 57.16,
    });
  });

  it('keeps every digit of a uint64 and refuses what add makes larger', () => {
    expect(read(same, { TERMINAL_ID: '18446744073709551614' })).toMatchObject({
      merchantId: '18446744073709551615',
    });
    expect(reason(read(same, { TERMINAL_ID: '18446744073709551615' }))).toContain(
      'TERMINAL_ID is no id',
    );
    expect(reason(read(same, { TRANSACTION_ID: '9007199254740992' }))).toContain('is no id');
  });

  it('refuses merchant 0, which the payload contract does not have', () => {
    const plain = (text: string): string => text.replace('TERMINAL_ID, add: 1', 'TERMINAL_ID');
    expect(reason(read(plain, { TERMINAL_ID: '0' }))).toContain('TERMINAL_ID is no id');
    expect(read(plain, { TERMINAL_ID: '1' })).toMatchObject({ merchantId: '1' });
  });

  it('hashes ids that are no numbers into a uint64, the same text to the same id', () => {
    const hashed = (text: string): string =>
      text.replace('CUSTOMER_ID, add: 1', 'CUSTOMER_ID, as: hashed');
    const first = read(hashed, { CUSTOMER_ID: 'C-17/ü' });
    const second = read(hashed, { CUSTOMER_ID: 'C-17/ü' });
    const other = read(hashed, { CUSTOMER_ID: 'C-18/ü' });
    if (first instanceof RowProblem || other instanceof RowProblem)
      throw new Error('two rows were expected');
    expect(second).toEqual(first);
    expect(BigInt(first.accountId)).toBeGreaterThan(0n);
    expect(BigInt(first.accountId)).toBeLessThan(2n ** 64n);
    expect(other.accountId).not.toBe(first.accountId);
    expect(reason(read(hashed, { CUSTOMER_ID: '' }))).toContain('CUSTOMER_ID is no id');
  });

  it('reads minor units, and refuses fractions of them and amounts beyond 2^53 (ruling 8)', () => {
    const minor = (text: string): string => text.replace('unit: major', 'unit: minor');
    expect(read(minor, { TX_AMOUNT: '5716' })).toMatchObject({ amount: 57.16 });
    expect(reason(read(minor, { TX_AMOUNT: '57.16' }))).toContain('no amount');
    expect(read(same, { TX_AMOUNT: '90071992547409.9' })).toMatchObject({
      amount: 90071992547409.9,
    });
    expect(reason(read(same, { TX_AMOUNT: '90071992547410' }))).toContain('no amount');
    expect(reason(read(same, { TX_AMOUNT: 'NaN' }))).toContain('no amount');
  });
});

describe('labelReader', () => {
  const header = ['LABEL_TIME', 'TRANSACTION_ID', 'TX_DATETIME', 'TX_FRAUD'];
  const { labels } = handbookMap();
  if (labels === null) throw new Error('the shipped map has labels');
  const label = labelReader(labels, header, 'l.csv');
  const row = ['2018-04-08T10:17:43Z', '3527', '2018-04-01T10:17:43Z', '1'];

  it('reads who was labelled, what, and both times', () => {
    expect(label(2, row)).toEqual({
      line: 2,
      flowId: '3527',
      labelType: 'fraud_disposition',
      labelValue: 'FRAUD_CONFIRMED',
      observedMicros: Date.UTC(2018, 3, 8, 10, 17, 43) * 1000,
      effectiveMicros: Date.UTC(2018, 3, 1, 10, 17, 43) * 1000,
    });
  });

  it.each([
    [['', '1', row[2] ?? '', '1'], 'no time: ""'],
    [[row[0] ?? '', '1', 'then', '1'], 'no time: "then"'],
    [[row[0] ?? '', '-1', row[2] ?? '', '1'], 'TRANSACTION_ID is no id'],
    [[row[0] ?? '', '1', row[2] ?? '', '2'], 'no label: "2"'],
    [['1', '2'], '2 columns where the header has 4'],
  ])('sets aside %j', (fields, why) => {
    expect(reason(label(2, fields))).toContain(why);
  });
});
