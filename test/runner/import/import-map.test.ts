/** Maps: the shipped one reads, and every mistake is named by its path. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readImportMap } from '../../../runner/import/import-map.js';
import { UsageError } from '../../../schemas/errors.js';

const handbook = readFileSync(new URL('../../../docs/maps/handbook.yaml', import.meta.url), 'utf8');
const failure = (text: string): string => {
  try {
    readImportMap(text, 'm.yaml');
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
  return 'no failure';
};

describe('readImportMap', () => {
  it('reads the shipped map: ids raised by 1, flow ids as they are (ruling 1)', () => {
    const map = readImportMap(handbook, 'handbook.yaml');
    expect(map.transactions.account).toEqual({ column: 'CUSTOMER_ID', add: 1, as: 'digits' });
    expect(map.transactions.merchant.add).toBe(1);
    expect(map.transactions.arrivalSeq.add).toBe(1);
    expect(map.transactions.flow.add).toBe(0);
    expect(map.transactions.ip).toEqual({ from: 'account', add: 0 });
    expect(map.labels?.value.values).toEqual({ '0': 'LEGIT_CONFIRMED', '1': 'FRAUD_CONFIRMED' });
    expect(map.hash).toMatch(/^[0-9a-f]{64}$/);
    expect(readImportMap(`${handbook}\n`, 'handbook.yaml').hash).not.toBe(map.hash);
  });

  it.each([
    [
      'merchant: { column: TERMINAL_ID, add: 1 }',
      'merchant: { colunm: TERMINAL_ID }',
      'column is missing',
    ],
    ['unit: major', 'unit: euro', 'unit is "euro", expected major, minor'],
    [
      'format: iso, zone: UTC }\n  account',
      'format: iso, zone: Europe/Berlin }\n  account',
      'zone is "Europe/Berlin"',
    ],
    ['source: EXTERNAL', 'source: HUMAN', 'actor is "", expected an actor id when source is HUMAN'],
    ['FRAUD_CONFIRMED', 'FRAUD', 'values.1 is "FRAUD", expected FRAUD_CONFIRMED'],
    [
      'bound_seconds: 0',
      'bound_seconds: -1',
      'bound_seconds is -1, expected a whole number from 0',
    ],
    ['place:', 'palce:', 'there is no field palce'],
    [
      'party: { from: account }',
      'party: { from: device }',
      'from is "device", expected flow, account, merchant',
    ],
    ['name: handbook', 'name: a b', 'name is "a b", expected 1 to 64'],
    ['name: handbook', 'name: [', 'is not YAML'],
  ])('names what is wrong: %s -> %s', (from, to, message) => {
    expect(handbook).toContain(from);
    expect(failure(handbook.replace(from, to))).toContain(message);
  });
});
