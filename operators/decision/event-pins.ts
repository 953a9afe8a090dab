/**
 * The pins of an admitted event: checked by format, and one object for all events that share them.
 *
 * in: an admitted event. out: its pins; the same object as long as consecutive events have equal pins,
 * so that a run's millions of events hold one. state: none that a result depends on. time: none.
 * fails: PINS_MISSING, ENVELOPE_INVALID naming the field. crash: none.
 * source: spec/platform.md 1.6, 1.7; DESIGN section 8 (inlet).
 */
import { DivertError } from '../../schemas/errors.js';
import type { Pins } from '../../schemas/generated/rtdl-record.js';

/** All pins an event of the engine carries: the six of the contract and run_id. */
export interface EventPins extends Pins {
  readonly run_id: string;
}

const RUN_ID = /^platform_[0-9]{8}T[0-9]{6}Z$/;
const HEX32 = /^[0-9a-f]{32}$/;
const HEX64 = /^[0-9a-f]{64}$/;
const UINT64_MAX = '18446744073709551615';

const ZERO = 48;
const NINE = 57;

/** Decimal digits of a uint64, no leading zero. */
export function isUint64(text: string): boolean {
  const { length } = text;
  if (length === 0 || length > UINT64_MAX.length) return false;
  if (length > 1 && text.charCodeAt(0) === ZERO) return false;
  for (let at = 0; at < length; at += 1) {
    const char = text.charCodeAt(at);
    if (char < ZERO || char > NINE) return false;
  }
  return length < UINT64_MAX.length || text <= UINT64_MAX;
}

const samePins = (left: EventPins, right: EventPins): boolean =>
  left.platform_run_id === right.platform_run_id &&
  left.scenario_run_id === right.scenario_run_id &&
  left.run_id === right.run_id &&
  left.scenario_id === right.scenario_id &&
  left.manifest_fingerprint === right.manifest_fingerprint &&
  left.parameter_hash === right.parameter_hash &&
  left.seed === right.seed;

let last: EventPins | undefined;

/** The pins of an event; throws DivertError naming the first that is missing or malformed. */
export function pinsOf(event: EventPins): EventPins {
  if (last !== undefined && samePins(last, event)) return last;
  const found: EventPins = {
    platform_run_id: event.platform_run_id,
    scenario_run_id: event.scenario_run_id,
    scenario_id: event.scenario_id,
    manifest_fingerprint: event.manifest_fingerprint,
    parameter_hash: event.parameter_hash,
    seed: event.seed,
    run_id: event.run_id,
  };
  check(found);
  last = found;
  return found;
}

function check(pins: EventPins): void {
  for (const [name, value] of Object.entries(pins)) {
    if (value === '') throw new DivertError('PINS_MISSING', `pin ${name} is empty`);
  }
  const malformed =
    wrong('platform_run_id', RUN_ID.test(pins.platform_run_id)) ??
    wrong('scenario_run_id', HEX32.test(pins.scenario_run_id)) ??
    wrong('run_id', HEX32.test(pins.run_id)) ??
    wrong('manifest_fingerprint', HEX64.test(pins.manifest_fingerprint)) ??
    wrong('parameter_hash', HEX64.test(pins.parameter_hash)) ??
    wrong('seed', isUint64(pins.seed)) ??
    wrong('scenario_id', pins.scenario_id.length <= 256);
  if (malformed !== undefined) {
    throw new DivertError('ENVELOPE_INVALID', `pin ${malformed} is not in its format`);
  }
}

const wrong = (name: string, holds: boolean): string | undefined => (holds ? undefined : name);

/** True when two events belong to the same run by every pin. */
export const pinsAgree = (left: EventPins, right: EventPins): boolean =>
  left === right || samePins(left, right);
