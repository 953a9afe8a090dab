/** F1 to F5 against brute force that shares no code with the operators. */
import { describe, expect, it } from 'vitest';
import type { WindowBounds } from '../../../operators/features/part-windows.js';
import type { FeaturePlan } from '../../../operators/features/plan.js';
import {
  defaultFeaturePlan,
  handbookFeaturePlan,
} from '../../../topologies/features/feature-sets.js';
import { History, type Features, type TrialEvent, type TrialLabel } from './brute-force.js';
import { RUN, type named } from './feature-trial.js';
import { ask, openTrial, type Trial } from './open-trial.js';
import { randomStream, type Happening } from './random-stream.js';

const NATURAL = ['NO_PREVIOUS_EVENT', 'EMPTY_WINDOW'];
const MINUTE_MICROS = 60_000_000;

function tell(trial: Trial, label: TrialLabel, event: TrialEvent): void {
  trial.state.mark();
  for (const entity of ['merchant', 'account'] as const) {
    trial.windows.label(
      RUN,
      {
        eventId: label.eventId,
        entity,
        id: event[entity],
        tsMicros: event.tsMicros,
        labelType: 'fraud_disposition',
        labelValue: label.isFraud ? 'FRAUD_CONFIRMED' : 'LEGIT_CONFIRMED',
        observedMicros: label.observedMicros,
      },
      Math.floor(event.tsMicros / 1000),
    );
  }
  trial.state.release();
}

interface Compared {
  exact: number;
  unknown: number;
}

/** Compares what was answered with brute force; a null with a code may stand where `mayLack` says so. */
function compare(
  got: ReturnType<typeof named>,
  want: Features,
  judge: { readonly what: string; readonly mayLack: boolean; readonly tally: Compared },
): void {
  for (const [name, { value, code }] of got) {
    const expected = want.get(name);
    if (code !== undefined && !NATURAL.includes(code)) {
      if (!judge.mayLack) throw new Error(`${judge.what}: ${name} is missing, ${code}`);
      expect(value).toBeNull();
      judge.tally.unknown += 1;
      continue;
    }
    if (!Object.is(value, expected)) {
      throw new Error(`${judge.what}: ${name} is ${value}, by brute force ${expected}`);
    }
    expect(value === null).toBe(code !== undefined);
    judge.tally.exact += 1;
  }
}

async function live(
  plan: FeaturePlan,
  stream: readonly Happening[],
  options: { readonly mayLack?: boolean; readonly bounds?: WindowBounds } = {},
): Promise<Compared> {
  const trial = await openTrial([defaultFeaturePlan, handbookFeaturePlan], {
    bounds: options.bounds ?? {},
  });
  const brute = new History();
  const tally: Compared = { exact: 0, unknown: 0 };
  const all = new Map<string, TrialEvent>();
  for (const one of stream) if (one.kind === 'event') all.set(one.event.eventId, one.event);
  let at = 0;
  for (const one of stream) {
    at += 1;
    if (at % 37 === 0) await trial.commit();
    if (one.kind === 'label') {
      const subject = all.get(one.label.eventId);
      if (!subject) continue;
      brute.label(one.label);
      tell(trial, one.label, subject);
      continue;
    }
    const { event } = one;
    if (event.counts) brute.count(event);
    const want = plan === defaultFeaturePlan ? brute.defaults(event) : brute.handbook(event);
    compare(ask(trial, plan, event), want, {
      what: `step ${at}, ${event.eventId}`,
      mayLack: options.mayLack ?? false,
      tally,
    });
  }
  return tally;
}

const HOUR_MICROS = 3_600_000_000;

describe('entity features equal brute force', () => {
  for (const [name, plan] of [
    ['default', defaultFeaturePlan],
    ['handbook', handbookFeaturePlan],
  ] as const) {
    for (const seed of [1, 2, 3]) {
      it(`F1, F3, F4: ${name}, ties, looks and labels, seed ${seed}`, async () => {
        const stream = randomStream({
          seed,
          events: 500,
          disorderMicros: 0,
          stepMicros: name === 'default' ? 4 * HOUR_MICROS : 8 * HOUR_MICROS,
        });
        const { exact, unknown } = await live(plan, stream);
        expect(unknown).toBe(0);
        expect(exact).toBeGreaterThan(5000);
      });

      it(`F1: ${name}, late within the two minutes always exact, seed ${seed}`, async () => {
        const stream = randomStream({
          seed: seed + 100,
          events: 500,
          disorderMicros: 2 * MINUTE_MICROS,
          stepMicros: 20 * MINUTE_MICROS,
        });
        const { exact, unknown } = await live(plan, stream);
        expect(unknown).toBe(0);
        expect(exact).toBeGreaterThan(5000);
      });

      it(`F1: ${name}, days late: exact, or null with a code, seed ${seed}`, async () => {
        const stream = randomStream({
          seed: seed + 200,
          events: 500,
          disorderMicros: 12 * 24 * HOUR_MICROS,
          stepMicros: 12 * HOUR_MICROS,
        });
        const bounds = { scanChunksMax: 1 };
        const { exact, unknown } = await live(plan, stream, { mayLack: true, bounds });
        expect(exact).toBeGreaterThan(3000);
        expect(unknown).toBeGreaterThan(0);
      });
    }
  }
});
