/** What stage `entities` does at its bounds, and with sets that come and go. */
import { describe, expect, it } from 'vitest';
import { EARLY_MAX } from '../../../operators/features/feature-notes.js';
import type { EntityLabel } from '../../../operators/features/feature-request.js';
import type { MemoryRows } from '../../../state/backing.js';
import {
  defaultFeaturePlan,
  handbookFeaturePlan,
} from '../../../topologies/features/feature-sets.js';
import type { TrialEvent } from './brute-force.js';
import { requestsOf, RUN } from './feature-trial.js';
import { ask, openTrial } from './open-trial.js';

const START_MICROS = 1_750_000_000_000_000;
const HOUR = 3_600_000_000;
const DAY = 24 * HOUR;

const event = (number: number, tsMicros: number, more: Partial<TrialEvent> = {}): TrialEvent => ({
  eventId: `event-${number}`,
  flowId: `flow-${number}`,
  tsMicros,
  amountMinor: 100,
  account: `a-${number}`,
  instrument: `i-${number}`,
  device: `d-${number}`,
  ip: `p-${number}`,
  merchant: 'the-busiest',
  party: 'y',
  counts: true,
  ...more,
});

const label = (about: number, tsMicros: number): EntityLabel => ({
  eventId: `event-${about}`,
  entity: 'merchant',
  id: 'the-busiest',
  tsMicros,
  labelType: 'fraud_disposition',
  labelValue: 'FRAUD_CONFIRMED',
  observedMicros: tsMicros,
});

describe('an entity that outgrows its bytes', () => {
  it('answers null with WINDOW_TRUNCATED where entries are gone, and exactly elsewhere', async () => {
    // 1000 entries of 16 bytes; one event a minute is 60 an hour, 1440 a day.
    const trial = await openTrial([defaultFeaturePlan], { bounds: { entityBytesMax: 16_000 } });
    let got = ask(trial, defaultFeaturePlan, event(0, START_MICROS));
    for (let number = 1; number < 2000; number += 1) {
      got = ask(trial, defaultFeaturePlan, event(number, START_MICROS + number * 60_000_000));
      if (number % 100 === 0) await trial.commit();
    }
    expect(got.get('merchant_count_1h')).toEqual({ value: 60, code: undefined });
    expect(got.get('merchant_sum_1h')).toEqual({ value: 6000, code: undefined });
    expect(got.get('merchant_count_24h')).toEqual({ value: null, code: 'WINDOW_TRUNCATED' });
    expect(got.get('merchant_mean_7d')).toEqual({ value: null, code: 'WINDOW_TRUNCATED' });
    expect(got.get('account_count_7d')).toEqual({ value: 1, code: undefined });
    const sizes = trial.state.sizes();
    // One head for each of 2000 accounts, instruments, devices, ips, and the merchant's.
    expect(sizes.keys[0]).toBe(4 * 2000 + 1);
    expect(sizes.keys[1]).toBeLessThanOrEqual(Math.ceil(1000 / 32) + 1);
  });
});

describe('a feature set that comes to a run under way', () => {
  it('is warming until its windows are full, and then exact; the old one goes on', async () => {
    const rows: MemoryRows = new Map();
    const mine = { account: 'a', merchant: 'm' };
    const before = await openTrial([defaultFeaturePlan], { rows });
    ask(before, defaultFeaturePlan, event(1, START_MICROS, mine));
    await before.commit();

    const both = [defaultFeaturePlan, handbookFeaturePlan];
    const after = await openTrial(both, { rows });
    const soon = event(2, START_MICROS + HOUR, mine);
    for (const request of requestsOf({ ...soon, featureSet: handbookFeaturePlan.id })) {
      if (request.entity !== 'account') continue;
      const found = after.windows.step(RUN, request, Math.floor(soon.tsMicros / 1000));
      expect(found?.values).toEqual([null, null, null, null, null, null]);
      expect(found?.gaps.map(({ code }) => code)).toEqual(Array(6).fill('FEATURE_WARMING'));
    }
    const old = ask(after, defaultFeaturePlan, event(3, START_MICROS + 2 * HOUR, mine));
    expect(old.get('account_count_7d')?.value).toBe(3);

    const later = event(4, START_MICROS + 2 * DAY, mine);
    const got = ask(after, handbookFeaturePlan, later);
    expect(got.get('CUSTOMER_ID_NB_TX_1DAY_WINDOW')).toEqual({ value: 1, code: undefined });
    expect(got.get('CUSTOMER_ID_NB_TX_7DAY_WINDOW')).toEqual({
      value: null,
      code: 'FEATURE_WARMING',
    });
    const full = ask(after, handbookFeaturePlan, event(5, START_MICROS + 8 * DAY, mine));
    expect(full.get('CUSTOMER_ID_NB_TX_7DAY_WINDOW')).toEqual({ value: 2, code: undefined });
  });

  it('is complete at once for a run that begins with it', async () => {
    const trial = await openTrial([handbookFeaturePlan]);
    const got = ask(trial, handbookFeaturePlan, event(1, START_MICROS));
    expect(got.get('CUSTOMER_ID_NB_TX_30DAY_WINDOW')).toEqual({ value: 1, code: undefined });
  });
});

describe('a set that is gone', () => {
  it('T1: leaves rows that are carried as bytes and digest alike', async () => {
    const rows: MemoryRows = new Map();
    const both = await openTrial([defaultFeaturePlan, handbookFeaturePlan], { rows });
    ask(both, defaultFeaturePlan, event(1, START_MICROS));
    await both.commit();
    const digest = await both.state.digest();
    const one = await openTrial([defaultFeaturePlan], { rows });
    expect(await one.state.digest()).toBe(digest);
    const got = ask(one, defaultFeaturePlan, event(2, START_MICROS + HOUR));
    expect(got.get('merchant_count_24h')?.value).toBe(2);
  });
});

describe('labels at an entity', () => {
  it('F5: wait for their event up to a bound, each with its own fate', async () => {
    const trial = await openTrial([handbookFeaturePlan]);
    const stepMs = START_MICROS / 1000;
    trial.state.mark();
    for (let number = 0; number < EARLY_MAX; number += 1) {
      expect(trial.windows.label(RUN, label(number, START_MICROS), stepMs)).toBe('label_early');
    }
    const beyond = label(EARLY_MAX, START_MICROS);
    expect(trial.windows.label(RUN, beyond, stepMs)).toBe('early_label_pushed_out');
    trial.state.release();
    for (let number = 0; number < 10; number += 1) {
      // The label of event 0 was pushed out.
      ask(trial, handbookFeaturePlan, event(number, START_MICROS));
    }
    trial.state.mark();
    expect(trial.windows.label(RUN, label(3, START_MICROS), stepMs)).toBe('label_not_earlier');
    const other = { ...label(3, START_MICROS), labelValue: 'LEGIT_CONFIRMED' };
    expect(trial.windows.label(RUN, other, stepMs)).toBe('no_label_feature');
    trial.state.release();
    ask(trial, handbookFeaturePlan, event(900, START_MICROS + 1));
    trial.state.mark();
    expect(trial.windows.label(RUN, label(900, START_MICROS + 1), stepMs)).toBe('label_counted');
    trial.state.release();
    const week = event(91, START_MICROS + 7 * DAY + 1);
    const got = ask(trial, handbookFeaturePlan, week);
    // Nine early ones and the one that came after its event, of eleven events 7 days before.
    expect(got.get('TERMINAL_ID_NB_TX_1DAY_WINDOW')?.value).toBe(11);
    expect(got.get('TERMINAL_ID_RISK_1DAY_WINDOW')?.value).toBe(10 / 11);
  });

  it('come too late when their event is no longer kept', async () => {
    const trial = await openTrial([handbookFeaturePlan]);
    ask(trial, handbookFeaturePlan, event(1, START_MICROS));
    for (let number = 2; number < 200; number += 1) {
      ask(trial, handbookFeaturePlan, event(number, START_MICROS + number * DAY));
    }
    trial.state.mark();
    const fate = trial.windows.label(RUN, label(1, START_MICROS), START_MICROS / 1000);
    expect(fate).toBe('label_too_old');
    trial.state.release();
  });
});

describe('a number that windows cannot hold', () => {
  it('is refused for the record, not for the task', async () => {
    const trial = await openTrial([defaultFeaturePlan]);
    const huge = event(1, START_MICROS, { amountMinor: 2 ** 52 });
    trial.state.mark();
    expect(() => {
      for (const request of requestsOf({ ...huge, featureSet: defaultFeaturePlan.id })) {
        trial.windows.step(RUN, request, START_MICROS / 1000);
      }
    }).toThrow(expect.objectContaining({ code: 'SUM_OVERFLOW', disposition: 'divert' }));
    trial.state.rollback();
  });
});
