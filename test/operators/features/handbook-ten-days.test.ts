/**
 * Every feature of all ten days of the public stream, against brute force. The stream states no licence
 * and is not part of this project: name the folder that holds it in WEIR_HANDBOOK to run this.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { handbookFeaturePlan as plan } from '../../../topologies/features/feature-sets.js';
import { History, type TrialEvent } from './brute-force.js';
import { RUN } from './feature-trial.js';
import { ask, openTrial } from './open-trial.js';

const folder = process.env['WEIR_HANDBOOK'] ?? '';
const WEEK_MICROS = 7 * 86_400_000_000;

interface Labelled extends TrialEvent {
  readonly isFraud: boolean;
}

function transactions(): readonly Labelled[] {
  const text = gunzipSync(readFileSync(join(folder, 'tx_10d.csv.gz'))).toString('utf8');
  const [head = '', ...lines] = text.trim().split(/\r?\n/);
  const column = (name: string) => head.split(',').indexOf(name);
  const at = {
    id: column('TRANSACTION_ID'),
    time: column('TX_DATETIME'),
    customer: column('CUSTOMER_ID'),
    terminal: column('TERMINAL_ID'),
    amount: column('TX_AMOUNT'),
    fraud: column('TX_FRAUD'),
  };
  return lines.map((line) => {
    const fields = line.split(',');
    const field = (place: number) => fields[place] ?? '';
    const time = field(at.time).replace(' ', 'T').replace(/Z?$/, 'Z');
    const customer = field(at.customer);
    return {
      eventId: `tx-${field(at.id)}`,
      flowId: field(at.id),
      tsMicros: Date.parse(time) * 1000,
      amountMinor: Math.round(Number(field(at.amount)) * 100),
      account: customer,
      instrument: customer,
      device: customer,
      ip: customer,
      party: customer,
      merchant: field(at.terminal),
      counts: true,
      isFraud: field(at.fraud) === '1',
    };
  });
}

describe.skipIf(!existsSync(join(folder, 'tx_10d.csv.gz')))('the public stream', () => {
  it('equals brute force in every feature of all ten days', { timeout: 600_000 }, async () => {
    const all = transactions();
    expect(all.length).toBe(95_815);
    const trial = await openTrial([plan], { cacheBytes: 1 << 28 });
    const brute = new History();
    let labelled = 0;
    let equal = 0;
    for (const [number, one] of all.entries()) {
      if (number % 1000 === 999) await trial.commit();
      for (; labelled < number; labelled += 1) {
        const about = all[labelled];
        if (about === undefined || about.tsMicros + WEEK_MICROS > one.tsMicros) break;
        const observedMicros = about.tsMicros + WEEK_MICROS;
        brute.label({ eventId: about.eventId, observedMicros, isFraud: about.isFraud });
        if (!about.isFraud) continue;
        trial.state.mark();
        const fate = trial.windows.label(
          RUN,
          {
            eventId: about.eventId,
            entity: 'merchant',
            id: about.merchant,
            tsMicros: about.tsMicros,
            labelType: 'fraud_disposition',
            labelValue: 'FRAUD_CONFIRMED',
            observedMicros,
          },
          one.tsMicros / 1000,
        );
        trial.state.release();
        expect(fate).toBe('label_counted');
      }
      brute.count(one);
      const want = brute.handbook(one);
      for (const [name, { value }] of ask(trial, plan, one)) {
        if (!Object.is(value, want.get(name))) {
          throw new Error(`${one.eventId}: ${name} is ${value}, by brute force ${want.get(name)}`);
        }
        equal += 1;
      }
    }
    expect(equal).toBe(95_815 * 12);
  });
});
