/** The generated stream keeps G1 and has the public data's shape. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { likeHandbook, writeLikeHandbook } from '../../../runner/import/generate-like-handbook.js';
import { Folder } from './import-fixtures.js';

const folder = new Folder();
afterAll(() => {
  folder.remove();
});

describe('likeHandbook', () => {
  it('gives exactly the rows asked for, in order of time and id, inside its days (G1)', () => {
    const rows = [...likeHandbook({ seed: 4n, transactions: 30_001, days: 31 })];
    expect(rows).toHaveLength(30_001);
    let before = Date.UTC(2018, 3, 1) / 1000;
    rows.forEach((row, at) => {
      expect(row.id).toBe(at);
      expect(row.atSeconds).toBeGreaterThanOrEqual(before);
      before = row.atSeconds;
    });
    expect(before).toBeLessThan(Date.UTC(2018, 4, 2) / 1000);
  });

  it('has 5,000 customers with their own pace, 10,000 terminals, and all three ways of fraud', () => {
    const rows = [...likeHandbook({ seed: 4n, transactions: 200_000, days: 60 })];
    const perCustomer = new Map<number, number>();
    for (const { customer } of rows)
      perCustomer.set(customer, (perCustomer.get(customer) ?? 0) + 1);
    expect(perCustomer.size).toBeGreaterThan(4900);
    expect(perCustomer.size).toBeLessThan(5000);
    expect(new Set(rows.map(({ terminal }) => terminal)).size).toBeGreaterThan(9500);
    const fraud = rows.filter(({ scenario }) => scenario !== 0);
    expect(fraud.length / rows.length).toBeGreaterThan(0.004);
    expect(fraud.length / rows.length).toBeLessThan(0.02);
    expect(new Set(fraud.map(({ scenario }) => scenario))).toEqual(new Set([1, 2, 3]));
    expect(
      rows.every(
        ({ amountMinor, scenario }) =>
          scenario === 1 || scenario === 3 || amountMinor <= 22_000 || scenario === 2,
      ),
    ).toBe(true);
  });

  it('writes the same bytes for the same seed, labels seven days late', async () => {
    const options = { seed: 4n, transactions: 20_000, days: 30 };
    const first = await writeLikeHandbook(`${folder.path}/a`, options);
    const second = await writeLikeHandbook(`${folder.path}/b`, options);
    const other = await writeLikeHandbook(`${folder.path}/c`, { ...options, seed: 5n });
    const text = (file: string): string => gunzipSync(readFileSync(file)).toString('utf8');
    expect(text(second.transactions)).toBe(text(first.transactions));
    expect(text(other.transactions)).not.toBe(text(first.transactions));
    const [header, ...labels] = text(first.labels).trim().split('\n');
    expect(header).toBe(
      'LABEL_TIME,TRANSACTION_ID,TX_DATETIME,CUSTOMER_ID,TERMINAL_ID,TX_FRAUD,TX_FRAUD_SCENARIO',
    );
    expect(labels.length).toBeGreaterThan(30);
    for (const label of labels) {
      const [observed = '', , paid = ''] = label.split(',');
      expect(Date.parse(observed) - Date.parse(paid)).toBe(7 * 86_400_000);
    }
  });
});
