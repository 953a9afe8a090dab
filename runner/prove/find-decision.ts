/**
 * A decision by its id, among millions, without an index.
 *
 * The audit record of a decision is keyed by its id, so its partition is known and its bytes are looked
 * for there; it names the traffic event, whose id is the key of the decision, and its time is where to
 * look. Without an audit topic every partition of the decisions is searched.
 */
import { topicCodec } from '../../schemas/codec.js';
import type { AuditRecord } from '../../schemas/generated/audit-record.js';
import type { DecisionResponse } from '../../schemas/generated/rtdl-record.js';
import type { SchemaLookup } from '../../schemas/schema-lookup.js';
import { sha256Hex } from '../../schemas/sha256.js';
import { topics } from '../../schemas/topics.js';
import type { Bus } from '../bus/port.js';
import { readTopic, type TopicRecord } from '../bus/read-topic.js';
import { partitionOf } from '../engine/assembly.js';
import { decisionOf } from '../observe-rounds.js';
import type { PartitionSearch } from '../search-partition.js';

export interface FoundDecision {
  readonly decision: DecisionResponse;
  /** topic/partition/offset. */
  readonly place: string;
  readonly audit: AuditRecord | undefined;
  readonly auditPlace: string | undefined;
  /** More than one record bears the id: which a correct log never has. */
  readonly copies: number;
}

export interface Finder {
  readonly bus: Bus;
  readonly lookup: SchemaLookup;
  /** Where the bytes are: here, or in the owner's process. */
  readonly search: (search: PartitionSearch) => Promise<readonly bigint[]>;
}

/** Record times of a decision and its audit record differ by at most a commit. */
const AROUND_MS = 5000;

export async function findDecision(finder: Finder, id: string): Promise<FoundDecision | undefined> {
  const audits = await auditsOf(finder, id);
  const [first] = audits;
  if (!first) {
    const found = await everywhere(finder, id);
    return found && { ...found, audit: undefined, auditPlace: undefined };
  }
  const near = (await nearAudit(finder, id, first)) ?? (await everywhere(finder, id));
  return (
    near && {
      ...near,
      audit: first.audit,
      auditPlace: first.place,
      copies: Math.max(near.copies, audits.length),
    }
  );
}

interface FoundAudit {
  readonly audit: AuditRecord;
  readonly place: string;
  readonly timeMs: number;
}

async function auditsOf(
  { bus, lookup, search }: Finder,
  id: string,
): Promise<readonly FoundAudit[]> {
  const topic = topics.audit.name;
  const count = await partitionsOf(bus, topic);
  if (count === 0) return [];
  const partition = partitionOf(sha256Hex(id), count);
  const codec = topicCodec(topics.audit, lookup);
  const found: FoundAudit[] = [];
  for (const offset of await search({ topic, partition, text: id })) {
    const [record] = (await bus.pull(topic, partition, offset, 1)).records;
    if (!record?.value) continue;
    const audit = codec.decode(record.value);
    if (audit.decision_id !== id) continue;
    found.push({ audit, place: `${topic}/${partition}/${offset}`, timeMs: record.timeMs });
  }
  return found;
}

type Found = Pick<FoundDecision, 'decision' | 'place' | 'copies'>;

async function nearAudit(
  { bus, lookup }: Finder,
  id: string,
  { audit, timeMs }: FoundAudit,
): Promise<Found | undefined> {
  const topic = topics.rtdl.name;
  const source = audit.evidence.find(({ role }) => role === 'traffic')?.event_id;
  const count = await partitionsOf(bus, topic);
  if (source === undefined || count === 0) return undefined;
  const partition = partitionOf(sha256Hex(source), count);
  const codec = topicCodec(topics.rtdl, lookup);
  const stream = readTopic(bus, {
    topic,
    partition,
    from: { timeMs: timeMs - AROUND_MS },
    to: { timeMs: timeMs + AROUND_MS },
  });
  const needle = Buffer.from(id, 'latin1');
  let found: Found | undefined;
  for await (const { value, offset } of stream as AsyncIterable<TopicRecord>) {
    if (value === null || !Buffer.from(value).includes(needle)) continue;
    const decision = decisionOf(codec.decode(value));
    if (decision?.decision_id !== id) continue;
    if (found) found = { ...found, copies: found.copies + 1 };
    else found = { decision, place: `${topic}/${partition}/${offset}`, copies: 1 };
  }
  return found;
}

async function everywhere({ bus, lookup, search }: Finder, id: string): Promise<Found | undefined> {
  const topic = topics.rtdl.name;
  const codec = topicCodec(topics.rtdl, lookup);
  let found: Found | undefined;
  for (let partition = 0; partition < (await partitionsOf(bus, topic)); partition += 1) {
    for (const offset of await search({ topic, partition, text: id })) {
      const [record] = (await bus.pull(topic, partition, offset, 1)).records;
      const decision = record?.value ? decisionOf(codec.decode(record.value)) : undefined;
      if (decision?.decision_id !== id) continue;
      if (found) found = { ...found, copies: found.copies + 1 };
      else found = { decision, place: `${topic}/${partition}/${offset}`, copies: 1 };
    }
  }
  return found;
}

/** 0 when the bus has no such topic. */
async function partitionsOf(bus: Bus, topic: string): Promise<number> {
  return (await bus.topics()).find(({ name }) => name === topic)?.partitions ?? 0;
}
