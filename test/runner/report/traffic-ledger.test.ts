/** The balance equation: every record in one place, and what was lost or doubled shows (T1 to T3). */
import { beforeEach, describe, expect, it } from 'vitest';
import { TrafficLedger } from '../../../runner/report/traffic-ledger.js';

const CLOCK_MS = 10_000;
const read = (offset: number) => new Map([[0, { offset, clockMs: CLOCK_MS }]]);
let ledger = new TrafficLedger();
beforeEach(() => {
  ledger = new TrafficLedger();
});

const traffic = (offset: number, id: string | undefined, timeMs = 1000): void => {
  ledger.traffic({ partition: 0, offset, timeMs, id });
};

describe('TrafficLedger', () => {
  it('puts decided, quarantined, duplicate and unread records where they belong', () => {
    ledger.decision(0, 0);
    ledger.quarantined(0, 1);
    traffic(0, 'a');
    traffic(1, undefined);
    traffic(2, 'a');
    traffic(3, 'b');
    expect(ledger.openIds()).toEqual(new Set(['a', 'b']));
    expect(ledger.outcomeAt(0, 0)).toBe(true);
    expect(ledger.outcomeAt(0, 2)).toBe(false);
    expect(ledger.balance(new Set(['a']), read(3))).toEqual({
      trafficIn: 4,
      decided: 1,
      waiting: 1,
      quarantined: 1,
      duplicates: 1,
      unaccounted: 0,
      decidedTwice: 0,
      holds: true,
    });
  });

  it('T1. does not hold when a record that was read long ago is nowhere', () => {
    traffic(0, 'a');
    expect(ledger.balance(new Set(), read(1))).toMatchObject({ unaccounted: 1, holds: false });
  });

  it('T1. an event decided twice does not make up for a lost one', () => {
    ledger.decision(0, 0);
    ledger.decision(0, 0);
    traffic(0, 'a');
    expect(ledger.balance(new Set(), read(1))).toMatchObject({
      decided: 1,
      decidedTwice: 1,
      holds: false,
    });
  });

  it('T2, T3. an event read a moment ago waits, its second record is a duplicate', () => {
    traffic(0, 'a', CLOCK_MS - 500);
    traffic(1, 'a', CLOCK_MS - 400);
    expect(ledger.balance(new Set(), read(2))).toMatchObject({
      waiting: 1,
      duplicates: 1,
      holds: true,
    });
  });

  it('T3. without any header nothing has been read', () => {
    traffic(0, 'a');
    expect(ledger.balance(new Set(), new Map())).toMatchObject({ waiting: 1, holds: true });
  });

  it('keeps partitions apart', () => {
    ledger.decision(1, 5000);
    ledger.traffic({ partition: 0, offset: 5000, timeMs: 0, id: 'a' });
    ledger.traffic({ partition: 1, offset: 5000, timeMs: 0, id: 'b' });
    const both = new Map([0, 1].map((at) => [at, { offset: 9999, clockMs: CLOCK_MS }]));
    expect(ledger.balance(new Set(), both)).toMatchObject({ decided: 1, unaccounted: 1 });
  });
});
