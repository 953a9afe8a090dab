/** Gathering parts that come late, early, or not at all: what a fused round never shows. */
import { afterEach, describe, expect, it } from 'vitest';
import type { DecisionHead } from '../../../operators/decision/decision-head.js';
import { gather, gatherStore } from '../../../operators/decision/gather.js';
import { Server } from '../../../operators/decision/serve.js';
import { flatMap } from '../../../operators/flat-map.js';
import { trafficFact } from '../../../operators/decision/inlet.js';
import type { FeaturePart } from '../../../operators/features/feature-request.js';
import { CAPABILITY_MASKS } from '../../../operators/degrade/capability-mask.js';
import { NO_BUNDLE } from '../../../operators/registry/resolve.js';
import { map } from '../../../operators/map.js';
import { to } from '../../../operators/to.js';
import { asStream } from '../../../operators/wiring.js';
import { drive, type Driver } from '../../../runner/driver.js';
import { topic } from '../../../schemas/topic.js';
import { defaultFeaturePlan } from '../../../topologies/features/feature-sets.js';
import { topology } from '../../../topologies/topology.js';
import { BASE_MS, traffic } from '../../support/loop-events.js';

const RUN = 'platform_20260101T000000Z';
const textTopic = (name: string) =>
  topic<{ readonly flow: string; readonly part: string }>({
    name,
    schema: JSON.stringify({
      type: 'record',
      name: 'Cue',
      fields: [
        { name: 'flow', type: 'string' },
        { name: 'part', type: 'string' },
      ],
    }),
    key: ({ flow }) => flow,
    runOf: () => RUN,
  });
const cues = { heads: textTopic('test.heads'), parts: textTopic('test.parts') };
const gathered = textTopic('test.gathered');

const headOf = (flowId: string, timeMs: number): DecisionHead => ({
  event: trafficFact(traffic({ flowId }), {
    timeMs,
    rank: 0,
    sequence: 0,
    partition: 0,
    offset: 0n,
    topic: 't',
  }),
  firstSeenMs: timeMs,
  contextStatus: 'CONTEXT_READY',
  contextReasons: [],
  frame: null,
  flowValues: [1, 1250, 0],
  parts: 2,
  stamped: {
    policyRev: { policy_id: 'none', revision: '0', content_digest: '0'.repeat(64) },
    posture: {
      scope: 'scope=GLOBAL',
      posture_seq: 0,
      mode: 'NORMAL',
      capabilities_mask: CAPABILITY_MASKS.NORMAL,
      policy_rev: { policy_id: 'none', revision: '0', content_digest: '0'.repeat(64) },
      reason: '',
      decided_at_ms: 0,
    },
    resolution: { outcome: 'FAIL_CLOSED', scope: '', ref: NO_BUNDLE, sha256: null, reasons: [] },
  },
});
const partOf = (flowId: string, entity: string): FeaturePart => ({
  eventId: traffic({ flowId }).event_id,
  flowId,
  entity: entity === 'device' ? 'device' : 'account',
  id: '1',
  values: [],
  gaps: [],
});

const gathering = topology({
  name: 'gathering',
  sources: { heads: cues.heads, parts: cues.parts },
  stores: { rows: gatherStore(100) },
  sinks: { gathered },
  wire: ({ heads, parts }, { rows }, sinks) =>
    heads.pipe(
      map((cue, { at }) => headOf(cue.flow, at.timeMs)),
      gather({
        parts: asStream(parts.pipe(map((cue) => partOf(cue.flow, cue.part))), 'parts'),
        in: rows,
      }),
      flatMap(({ head, parts: found }) => [
        { flow: head.event.flowId, part: found.map(({ entity }) => entity).join() },
      ]),
      to(sinks.gathered),
    ),
});

let driver: Driver | undefined;
afterEach(async () => {
  await driver?.close();
  driver = undefined;
});

const T = BASE_MS + 1000;
const head = (flow: string, atMs: number) => ({
  source: 'heads',
  value: { flow, part: '' },
  atMs,
});
const part = (flow: string, entity: string, atMs: number) => ({
  source: 'parts',
  value: { flow, part: entity },
  atMs,
});

async function outcome(inputs: Parameters<Driver['run']>[0]) {
  driver = await drive(gathering, { clock: 'records', startMs: BASE_MS });
  await driver.run(inputs);
  await driver.endAt(T + 10_000);
  const emitted = await driver.emitted(gathered);
  return emitted.map(({ value, timeMs }) => [value.flow, value.part, timeMs - T]);
}

describe('gather', () => {
  it('G1. leaves when the last part is there, in whatever order head and parts came', async () => {
    expect(
      await outcome([
        head('1', T),
        part('1', 'account', T + 10),
        part('2', 'device', T + 20),
        part('1', 'device', T + 30),
        part('2', 'account', T + 40),
        head('2', T + 50),
      ]),
    ).toEqual([
      ['1', 'account,device', 30],
      ['2', 'device,account', 50],
    ]);
  });

  it('G1. leaves with what is there when its time is up; a part after that makes no second decision', async () => {
    expect(
      await outcome([head('1', T), part('1', 'account', T + 10), part('1', 'device', T + 1500)]),
    ).toEqual([['1', 'account', 1150]]);
    const rows = await driver?.opened.group.tasks[0]?.state.scan(0, '', 10);
    expect(rows).toEqual([]);
  });

  it('G1. a crash while it waits neither restarts its time nor loses it', async () => {
    expect(
      await outcome([
        head('1', T),
        { source: 'parts', value: { flow: '9', part: 'device' }, atMs: T + 500 },
        { crash: 'now' },
        part('1', 'account', T + 600),
      ]),
    ).toEqual([['1', 'account', 1150]]);
  });

  it('what did not come is served as null with FEATURES_MISSING, and named', () => {
    const served = new Server(defaultFeaturePlan).serve({ head: headOf('1', T), parts: [] });
    expect(served.missing).toEqual(['account', 'instrument', 'device', 'ip', 'merchant']);
    expect(served.values.slice(0, 3)).toEqual([1, 1250, 0]);
    expect(served.values.slice(3).every((value) => value === null)).toBe(true);
    expect(served.snapshot.gaps.every(({ code }) => code === 'FEATURES_MISSING')).toBe(true);
  });
});
