/**
 * A world as records ready to append, in order of time, with the pins of its run.
 *
 * The manifest fingerprint stands for the world's options, the parameter hash for this generator's
 * own version: another seed, size or generator is another world and other event ids.
 */
import type { Pins } from '../../schemas/generated/label-assertion.js';
import { sha256Hex, sha256Hex32 } from '../../schemas/sha256.js';
import type { ProducedRecord } from '../bus/port.js';
import type { EnvelopeWriter } from './envelope.js';
import { worldSteps, type WorldStep } from './feed.js';
import { utcText } from './utc-micros.js';
import type { World } from './world.js';

/** Raised whenever the generator makes other bytes of the same options. */
export const GENERATOR_VERSION = 'weir.world.v1';

/** The options as canonical JSON text. */
export function worldText(world: World): string {
  const { days, flows, fraudShare, merchants, parties, seed, startMs } = world.options;
  return (
    `{"days":${days},"flows":${flows},"fraud_share":${fraudShare},"merchants":${merchants},` +
    `"parties":${parties},"seed":${seed},"start_ms":${startMs}}`
  );
}

/**
 * The pins of a run over a world. `platformRunId` is `platform_YYYYMMDDTHHMMSSZ`; by default the
 * world's first second, so that the same world is the same run.
 */
export function worldPins(world: World, platformRunId?: string): Pins {
  const stamp = utcText(world.startMicros).slice(0, 19).replaceAll('-', '').replaceAll(':', '');
  const platform_run_id = platformRunId ?? `platform_${stamp}Z`;
  const fingerprint = sha256Hex(worldText(world));
  return {
    platform_run_id,
    scenario_run_id: sha256Hex32(`sr_run|${platform_run_id}|${fingerprint}`),
    scenario_id: 'weir_world',
    manifest_fingerprint: fingerprint,
    parameter_hash: sha256Hex(GENERATOR_VERSION),
    seed: String(world.options.seed),
  };
}

export function* worldRecords(
  world: World,
  writer: EnvelopeWriter,
): Generator<ProducedRecord, void, undefined> {
  for (const step of worldSteps(world)) yield* stepRecords(step, writer);
}

/** The records of one step, in the order in which they are to be appended. */
export function stepRecords(step: WorldStep, writer: EnvelopeWriter): readonly ProducedRecord[] {
  const { flow } = step;
  switch (step.kind) {
    case 'label':
      return [writer.label({ ...step.label, eventId: writer.trafficEventId(flow.flowId, 0) })];
    case 'context':
      return [writer.arrival(flow), writer.entities(flow), writer.anchor(flow)];
    case 'traffic':
      return [writer.traffic(flow, step.event)];
  }
}
