/**
 * How a diverted record looks on the quarantine topic: its bytes, origin, code (R7).
 *
 * The id is a function of what was diverted and why, so that executing again gives the same record:
 * sha256("QUARANTINE:{payload sha256 or origin}:{payload sha256}:{code}")[:32], ruling 16.
 */
import { sha256Hex, sha256Hex32 } from '../../schemas/sha256.js';
import type { Quarantine } from '../../schemas/generated/quarantine.js';
import { topics } from '../../schemas/topics.js';
import type { ProducedRecord } from '../bus/port.js';
import type { Diverted } from './execution.js';
import type { Serde } from './serde.js';

export function quarantineShape(
  serde: Serde,
  stampOutputs: boolean,
): (diverted: Diverted) => ProducedRecord {
  const topic = topics.quarantine;
  return ({ task, operator, error, at, record }) => {
    const origin = `${at.topic}/${at.partition}/${at.offset}`;
    const payload = record?.value ? sha256Hex(record.value) : '';
    const entry: Quarantine = {
      quarantine_id: sha256Hex32(`QUARANTINE:${origin}:${payload}:${error.code}`),
      code: error.code,
      message: error.message.slice(0, 1000),
      topic: at.topic,
      partition: at.partition,
      offset: at.offset.toString(),
      time_ms: record?.timeMs ?? at.timeMs,
      key: copyOf(record?.key),
      value: copyOf(record?.value),
      headers: Object.entries(record?.headers ?? {}).map(([name, value]) => ({
        name,
        value: Buffer.from(value),
      })),
      task: `${task} ${operator}`,
      platform_run_id: error.subject?.run ?? null,
      dedupe_key: error.subject?.dedupeKey ?? null,
      payload_hash: error.subject?.payloadHash ?? (payload || null),
      first_payload_hash: error.subject?.firstPayloadHash ?? null,
    };
    return {
      topic: topic.name,
      key: Buffer.from(topic.key(entry)),
      value: serde.encode(topic, entry),
      ...(stampOutputs ? { timeMs: at.timeMs } : {}),
    };
  };
}

const copyOf = (bytes: Uint8Array | null | undefined): Buffer | null =>
  bytes ? Buffer.from(bytes) : null;
