/**
 * The evidence of a decision, fetched from where it says it stands and checked: the record is there, is
 * the event it is said to be, and its payload still hashes to what was recorded.
 */
import { topicCodec } from '../../schemas/codec.js';
import { WeirError } from '../../schemas/errors.js';
import type { AuditRecord } from '../../schemas/generated/audit-record.js';
import type { ContextRef, DecisionResponse } from '../../schemas/generated/rtdl-record.js';
import { payloadHashOf, type AdmittedEvent } from '../../schemas/payload-hash.js';
import type { SchemaLookup } from '../../schemas/schema-lookup.js';
import type { Topic } from '../../schemas/topic.js';
import { topics } from '../../schemas/topics.js';
import type { Bus, StoredRecord } from '../bus/port.js';

export interface Evidence {
  readonly ref: ContextRef;
  /** topic/partition/offset. */
  readonly place: string;
  /** undefined when the record is no longer kept, or cannot be read. */
  readonly event: AdmittedEvent | undefined;
  readonly timeMs: number;
  /** True when retention removed the record: not a fault. */
  readonly gone: boolean;
  /** What is wrong, in sentences; empty when nothing is. */
  readonly faults: readonly string[];
}

const TOPICS: ReadonlyMap<string, Topic<AdmittedEvent>> = new Map(
  [
    topics.traffic,
    topics.trafficBaseline,
    topics.arrivals,
    topics.entities,
    topics.flowAnchors,
    topics.flowAnchorsBaseline,
  ].map((topic) => [topic.name, topic as Topic<never> as Topic<AdmittedEvent>]),
);

export async function fetchEvidence(
  bus: Bus,
  lookup: SchemaLookup,
  about: { readonly decision: DecisionResponse; readonly audit: AuditRecord | undefined },
): Promise<readonly Evidence[]> {
  const found: Evidence[] = [];
  for (const ref of about.decision.context_refs) {
    const recorded = about.audit?.evidence.find(({ role }) => role === ref.role)?.payload_hash;
    found.push(await fetchOne(bus, lookup, { ref, recorded }));
  }
  return found;
}

async function fetchOne(
  bus: Bus,
  lookup: SchemaLookup,
  about: { readonly ref: ContextRef; readonly recorded: Buffer | undefined },
): Promise<Evidence> {
  const { ref } = about;
  const { topic: name, partition, offset } = ref.origin_offset;
  const place = `${name}/${partition}/${offset}`;
  const nothing = { ref, place, event: undefined, timeMs: 0, gone: false };
  const topic = TOPICS.get(name);
  if (!topic) return { ...nothing, faults: [`${place}: no topic of admitted events`] };
  const stored = await recordAt(bus, name, partition, BigInt(offset));
  if (stored === 'gone') return { ...nothing, gone: true, faults: [] };
  if (!stored?.value) return { ...nothing, faults: [`${place}: there is no such record`] };
  try {
    const event = topicCodec(topic, lookup).decode(stored.value);
    const faults = faultsOf(event, about).map((fault) => `${place}: ${fault}`);
    return { ref, place, event, timeMs: stored.timeMs, gone: false, faults };
  } catch (error) {
    if (!(error instanceof WeirError)) throw error;
    return { ...nothing, timeMs: stored.timeMs, faults: [`${place}: ${error.message}`] };
  }
}

async function recordAt(
  bus: Bus,
  topic: string,
  partition: number,
  offset: bigint,
): Promise<StoredRecord | 'gone' | undefined> {
  const there = (await bus.topics()).some(({ name }) => name === topic);
  if (!there) return undefined;
  const bound = (await bus.bounds(topic)).find((one) => one.partition === partition);
  if (!bound || offset >= bound.end) return undefined;
  if (offset < bound.start) return 'gone';
  return (await bus.pull(topic, partition, offset, 1)).records[0];
}

function faultsOf(
  event: AdmittedEvent,
  { ref, recorded }: { readonly ref: ContextRef; readonly recorded: Buffer | undefined },
): readonly string[] {
  const faults: string[] = [];
  if (event.event_id !== ref.event_id) {
    faults.push(`holds event ${event.event_id}, the decision says ${ref.event_id}`);
  }
  if (event.event_type !== ref.event_type) {
    faults.push(`is a ${event.event_type}, the decision says ${ref.event_type}`);
  }
  const computed = payloadHashOf(event);
  if (recorded && !computed.equals(recorded)) {
    faults.push(
      `its payload hashes to ${computed.toString('hex')}, the audit record says ${recorded.toString('hex')}`,
    );
  }
  const carried = event.payload_hash;
  if (carried.some((byte) => byte !== 0) && !computed.equals(carried)) {
    faults.push(
      `its payload hashes to ${computed.toString('hex')}, it carries ${carried.toString('hex')}`,
    );
  }
  return faults;
}
