/**
 * L2 and L3: a decision made again from the source events before it.
 *
 *   L2  steps only the records that can matter to it, from genesis: every flow that met one of its
 *       entities, all labels and controls. Features come out of source events alone.
 *   L3  steps every record of every round up to the deciding one, and compares all digests on the way.
 *
 * Both run the recorded rounds with the topology's own operators (R5) on fresh state.
 */
import { topicCodec } from '../../schemas/codec.js';
import type { DecisionResponse } from '../../schemas/generated/rtdl-record.js';
import type { SchemaLookup } from '../../schemas/schema-lookup.js';
import { sha256Hex } from '../../schemas/sha256.js';
import { topics } from '../../schemas/topics.js';
import { isProgressMarker } from '../bus/marker.js';
import type { Bus } from '../bus/port.js';
import { readTopic, type TopicRecord } from '../bus/read-topic.js';
import { buildId } from '../build-id.js';
import { decodeHeader } from '../engine/header.js';
import type { Planned } from '../engine/plan.js';
import { openAgain } from '../execute-again.js';
import { decisionOf } from '../observe-rounds.js';
import { verifyReplay } from '../verify.js';
import { differences } from './content-difference.js';

export interface HistoryOptions {
  readonly dataDir: string;
  readonly decision: DecisionResponse;
  /** Name of the feature set that served it. */
  readonly features: string;
  readonly onRound?: (round: number) => void;
}

export interface HistoryAgain {
  /** Rounds executed and records stepped. */
  readonly rounds: number;
  readonly records: number;
  readonly differences: readonly string[];
}

/** The number of the round that decided; undefined when its header is gone. */
export async function decidingRound(
  bus: Bus,
  decision: DecisionResponse,
): Promise<number | undefined> {
  const [at] = decision.stamps.tasks;
  if (!at) return undefined;
  for await (const entry of bus.rounds(at.task, at.seq, at.seq)) {
    return decodeHeader(entry.header).round;
  }
  return undefined;
}

export const topologyOf = ({ stamps }: DecisionResponse): string =>
  stamps.tasks[0]?.task.split('/')[0] ?? 'rtdl';

/** L2. */
export async function ownHistory(
  options: HistoryOptions & { readonly throughRound: number; readonly keep: Keep },
): Promise<HistoryAgain> {
  const { decision } = options;
  const again = await openAgain(options.dataDir, topologyOf(decision), options);
  try {
    let rounds = 0;
    let records = 0;
    let found: DecisionResponse | undefined;
    for await (const round of again.replay.rounds()) {
      rounds += 1;
      records += round.records.length;
      for (const { value } of round.outputs) found = sameEvent(decision, value) ?? found;
      options.onRound?.(round.round);
    }
    return { rounds, records, differences: compared(decision, found) };
  } finally {
    await again.close();
  }
}

/** L3. */
export async function wholeHistory(
  options: HistoryOptions & { readonly throughRound: number },
): Promise<HistoryAgain> {
  const { decision } = options;
  const again = await openAgain(options.dataDir, topologyOf(decision), options);
  try {
    let found: DecisionResponse | undefined;
    const verified = await verifyReplay({
      bus: again.bus,
      replay: again.replay,
      build: buildId(),
      onRound: (round) => {
        for (const { value } of round.outputs) found = sameEvent(decision, value) ?? found;
        options.onRound?.(round.round);
      },
    });
    return {
      rounds: verified.rounds,
      records: verified.records,
      differences: [...compared(decision, found), ...verified.differences],
    };
  } finally {
    await again.close();
  }
}

function sameEvent(decision: DecisionResponse, value: unknown): DecisionResponse | undefined {
  const made = decisionOf(value);
  return made?.source_event.event_id === decision.source_event.event_id &&
    made.pins.platform_run_id === decision.pins.platform_run_id
    ? made
    : undefined;
}

function compared(then: DecisionResponse, now: DecisionResponse | undefined): readonly string[] {
  if (!now) return ['no decision about this event came out when executed again'];
  return differences(then, { ...now, stamps: then.stamps });
}

export type Keep = (planned: Planned) => boolean;

const CONTEXT = [topics.arrivals, topics.entities, topics.flowAnchors] as const;
const CONTEXT_NAMES: ReadonlySet<string> = new Set(CONTEXT.map(({ name }) => name));

/** Which records can matter to a decision; reads the context topics up to its time. */
export async function keepForDecision(
  bus: Bus,
  lookup: SchemaLookup,
  decision: DecisionResponse,
): Promise<Keep> {
  const wanted = new Map((decision.snapshot?.keys ?? []).map(({ entity, id }) => [entity, id]));
  const flows = new Set([decision.subject.flow_id]);
  const frames = new Set<string>();
  for await (const { event } of contextBefore(bus, lookup, decision)) {
    const { payload } = event;
    const flowId = 'flow_id' in payload ? payload.flow_id : undefined;
    const own = flowId !== undefined && flows.has(flowId);
    if (!own && !meets(payload, wanted)) continue;
    frames.add(frameKey(event));
    if (flowId !== undefined) flows.add(flowId);
  }
  const places = new Set<string>();
  for await (const { event, place } of contextBefore(bus, lookup, decision)) {
    if (frames.has(frameKey(event))) places.add(place);
  }
  const flowKeys = new Set([...flows].map((flow) => sha256Hex(flow)));
  return ({ reader, queued: { record, marker } }) => {
    if (marker) return true;
    if (CONTEXT_NAMES.has(reader.topic)) {
      return places.has(`${reader.topic}/${reader.partition}/${record.offset}`);
    }
    if (reader.topic !== topics.traffic.name) return true;
    return record.key !== null && flowKeys.has(Buffer.from(record.key).toString('latin1'));
  };
}

interface Context {
  readonly place: string;
  readonly event: {
    readonly platform_run_id: string;
    readonly payload: {
      readonly merchant_id: string;
      readonly arrival_seq: number;
      readonly flow_id?: string;
    };
  };
}

async function* contextBefore(
  bus: Bus,
  lookup: SchemaLookup,
  { stamps }: DecisionResponse,
): AsyncGenerator<Context> {
  for (const topic of CONTEXT) {
    const codec = topicCodec(topic as typeof topics.flowAnchors, lookup);
    const stream = readTopic(bus, {
      topic: topic.name,
      to: { timeMs: stamps.decided_at_ms + 1 },
    });
    for await (const record of stream as AsyncIterable<TopicRecord>) {
      if (record.value === null || isProgressMarker(record)) continue;
      const place = `${record.topic}/${record.partition}/${record.offset}`;
      yield { event: codec.decode(record.value), place };
    }
  }
}

const frameKey = ({ platform_run_id, payload }: Context['event']): string =>
  `${platform_run_id}|${payload.merchant_id}|${payload.arrival_seq}`;

/** True when the record names one of the entities, in the field of its kind. */
function meets(payload: object, wanted: ReadonlyMap<string, string>): boolean {
  for (const [entity, id] of wanted) {
    const field = `${entity}_id`;
    if (field in payload && (payload as Readonly<Record<string, unknown>>)[field] === id)
      return true;
  }
  return false;
}
