/**
 * How a diverted record looks on the quarantine topic: its bytes, origin, code (R7).
 *
 * The id is a function of what was diverted and why (ruling 16), so that executing again gives the same
 * record; a timer, which has no bytes, goes by the place of the record that set it.
 */
import { quarantineId } from '../../schemas/ids.js';
import { sha256Hex } from '../../schemas/sha256.js';
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
      quarantine_id: quarantineId({
        subject: error.subject?.dedupeKey ?? (payload || origin),
        payloadHash: error.subject?.payloadHash ?? payload,
        reason: error.code,
      }),
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
