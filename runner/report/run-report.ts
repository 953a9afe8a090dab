/**
 * What happened in a data directory, gathered from its topics and round headers alone: so the same
 * report comes out of a demo, an import and a live directory, and nobody has to believe a counter.
 *
 * in: a bus, read-only will do. out: a `RunReport`. Memory: about 40 bytes a traffic record.
 * The truth is the producer's (`fraud_flag`) where any is given, else what labels confirmed. It is read
 * here, offline, and nowhere in the loop.
 */
import { topicCodec } from '../../schemas/codec.js';
import type { DecisionResponse } from '../../schemas/generated/rtdl-record.js';
import type { SchemaLookup } from '../../schemas/schema-lookup.js';
import { topics } from '../../schemas/topics.js';
import type { Bus, ClockKind } from '../bus/port.js';
import { decodeHeader } from '../engine/header.js';
import { lastRound } from '../last-round.js';
import { decisionOf, degradedReason } from '../observe-rounds.js';
import { eachRecord } from './each-record.js';
import { judge, type ActionCount, type Judged, type Outcome, type Ranks } from './judge.js';
import { quantilesOf, type Quantiles } from './quantiles.js';
import { TrafficLedger, type Balance, type ReadUpTo } from './traffic-ledger.js';

export interface RunReport {
  readonly clock: ClockKind;
  /** Records by what they are, sources first. */
  readonly recordsIn: ReadonlyMap<string, number>;
  readonly decisions: number;
  readonly byAction: ReadonlyMap<string, ActionCount>;
  /** Decisions made with less than they could have had, by reason. */
  readonly degraded: ReadonlyMap<string, number>;
  /** Quarantined records by code and topic. */
  readonly quarantined: ReadonlyMap<string, number>;
  /** Append of the traffic record to append of its decision, ms; null on a clock of records. */
  readonly latency: Quantiles | null;
  /** Decided after their deadline. */
  readonly late: number;
  readonly ranks: Ranks | null;
  readonly balance: Balance;
  /** The decision with the highest score; null when there is none. */
  readonly example: string | null;
}

const SOURCES = [
  ['traffic', topics.traffic.name],
  ['arrivals', topics.arrivals.name],
  ['entities', topics.entities.name],
  ['flow anchors', topics.flowAnchors.name],
  ['labels', topics.labels.name],
] as const;

/** Labels that confirm a fraud; suspicions do not. */
const CONFIRMED: ReadonlySet<string> = new Set(['FRAUD_CONFIRMED', 'CHARGEBACK', 'ATO_CONFIRMED']);

export async function runReport(bus: Bus, lookup: SchemaLookup): Promise<RunReport> {
  const ledger = new TrafficLedger();
  const decided = await readDecisions(bus, lookup, ledger);
  const quarantined = await readQuarantine(bus, lookup, ledger);
  const { confirmed, labels } = await readLabels(bus, lookup);
  const truth = await readTraffic(bus, lookup, { ledger, decided, confirmed });
  const settled = await settledIds(bus, lookup, ledger);
  const recordsIn = new Map<string, number>([['traffic', truth.records]]);
  for (const [name, topic] of SOURCES) {
    if (name === 'traffic' || name === 'labels') continue;
    recordsIn.set(name, await countOf(bus, topic));
  }
  recordsIn.set('labels', labels);
  return {
    clock: bus.clock,
    recordsIn,
    decisions: decided.count,
    byAction: truth.byAction,
    degraded: decided.degraded,
    quarantined,
    latency: bus.clock === 'wall' ? quantilesOf(decided.latenciesMs) : null,
    late: decided.late,
    ranks: truth.ranks,
    balance: ledger.balance(settled, await readUpTo(bus)),
    example: decided.example?.id ?? null,
  };
}

interface Decided {
  count: number;
  late: number;
  example: { readonly id: string; readonly score: number } | null;
  readonly degraded: Map<string, number>;
  readonly latenciesMs: number[];
  /** By partition and offset of the traffic record. */
  readonly outcomes: Map<number, (Outcome | undefined)[]>;
}

async function readDecisions(
  bus: Bus,
  lookup: SchemaLookup,
  ledger: TrafficLedger,
): Promise<Decided> {
  const codec = topicCodec(topics.rtdl, lookup);
  const decided: Decided = {
    count: 0,
    late: 0,
    example: null,
    degraded: new Map(),
    latenciesMs: [],
    outcomes: new Map(),
  };
  await eachRecord(bus, topics.rtdl.name, ({ value, timeMs }) => {
    const decision = value === null ? undefined : decisionOf(codec.decode(value));
    if (!decision) return;
    add(decided, decision, timeMs);
    const { topic, partition, offset } = decision.source_event.origin_offset;
    if (topic !== topics.traffic.name) return;
    ledger.decision(partition, Number(offset));
    const outcomes = decided.outcomes.get(partition) ?? [];
    decided.outcomes.set(partition, outcomes);
    outcomes[Number(offset)] = { action: decision.action, score: decision.score };
  });
  return decided;
}

function add(decided: Decided, decision: DecisionResponse, timeMs: number): void {
  decided.count += 1;
  const reason = degradedReason(decision);
  if (reason !== undefined) bump(decided.degraded, reason);
  if (decision.stamps.late_ms > 0) decided.late += 1;
  decided.latenciesMs.push(Math.max(0, timeMs - decision.stamps.first_seen_ms));
  const score = decision.score ?? -1;
  if (decided.example === null || score > decided.example.score) {
    decided.example = { id: decision.decision_id, score };
  }
}

async function readQuarantine(
  bus: Bus,
  lookup: SchemaLookup,
  ledger: TrafficLedger,
): Promise<ReadonlyMap<string, number>> {
  const codec = topicCodec(topics.quarantine, lookup);
  const names = new Map<string, string>(SOURCES.map(([name, topic]) => [topic, name]));
  const found = new Map<string, number>();
  // The loop's own: another topology quarantines the same record for itself.
  await eachRecord(bus, topics.quarantine.name, ({ value }) => {
    if (value === null) return;
    const { code, topic, partition, offset, task } = codec.decode(value);
    if (!task.startsWith('rtdl/')) return;
    bump(found, `${code}, ${names.get(topic) ?? topic}`);
    if (topic === topics.traffic.name) ledger.quarantined(partition, Number(offset));
  });
  return found;
}

async function readLabels(bus: Bus, lookup: SchemaLookup) {
  const codec = topicCodec(topics.labels, lookup);
  const confirmed = new Set<string>();
  let labels = 0;
  await eachRecord(bus, topics.labels.name, ({ value }) => {
    labels += 1;
    if (value === null) return;
    const { label_value, label_subject_key } = codec.decode(value);
    if (CONFIRMED.has(label_value)) {
      confirmed.add(idOf(label_subject_key.platform_run_id, label_subject_key.event_id));
    }
  });
  return { confirmed, labels };
}

const idOf = (run: string, eventId: string): string => `${run} ${eventId}`;

async function readTraffic(
  bus: Bus,
  lookup: SchemaLookup,
  known: {
    readonly ledger: TrafficLedger;
    readonly decided: Decided;
    readonly confirmed: ReadonlySet<string>;
  },
) {
  const read = trafficReader(lookup);
  const judged: Judged[] = [];
  let records = 0;
  await eachRecord(bus, topics.traffic.name, ({ value, offset, timeMs }, partition) => {
    records += 1;
    const place = Number(offset);
    const event = read(value);
    const id = event && idOf(event.platform_run_id, event.event_id);
    known.ledger.traffic({ partition, offset: place, timeMs, id });
    const outcome = known.decided.outcomes.get(partition)?.[place];
    if (!event || !outcome || id === undefined) return;
    judged.push({
      outcome,
      amount: event.payload.amount,
      flagged: event.payload.fraud_flag === true,
      labelled: known.confirmed.has(id),
    });
  });
  return { records, ...judge(judged) };
}

/** Undecodable bytes are the quarantine's to tell; here they are no event. */
function trafficReader(lookup: SchemaLookup) {
  const codec = topicCodec(topics.traffic, lookup);
  return (value: Uint8Array | null) => {
    if (value === null) return undefined;
    try {
      return codec.decode(value);
    } catch {
      return undefined;
    }
  };
}

/** Which events without an outcome of their own have one at another offset: a second look, if any. */
async function settledIds(
  bus: Bus,
  lookup: SchemaLookup,
  ledger: TrafficLedger,
): Promise<ReadonlySet<string>> {
  const open = ledger.openIds();
  const settled = new Set<string>();
  if (open.size === 0) return settled;
  const read = trafficReader(lookup);
  await eachRecord(bus, topics.traffic.name, ({ value, offset }, partition) => {
    if (!ledger.outcomeAt(partition, Number(offset))) return;
    const event = read(value);
    const id = event && idOf(event.platform_run_id, event.event_id);
    if (id !== undefined && open.has(id)) settled.add(id);
  });
  return settled;
}

/** From the last headers of the loop's tasks. */
async function readUpTo(bus: Bus): Promise<ReadonlyMap<number, ReadUpTo>> {
  let clockMs = 0;
  const next = new Map<number, number>();
  for (const task of await bus.tasks()) {
    if (!task.startsWith('rtdl/')) continue;
    const last = await lastRound(bus, task);
    if (!last) continue;
    const header = decodeHeader(last.header);
    clockMs = Math.max(clockMs, header.clockMs);
    for (const { topic, partition, to } of header.ranges) {
      if (topic !== topics.traffic.name) continue;
      next.set(partition, Math.max(next.get(partition) ?? 0, Number(to)));
    }
  }
  return new Map([...next].map(([partition, offset]) => [partition, { offset, clockMs }]));
}

async function countOf(bus: Bus, topic: string): Promise<number> {
  let count = 0;
  await eachRecord(bus, topic, () => {
    count += 1;
  });
  return count;
}

const bump = (counts: Map<string, number>, name: string): void => {
  counts.set(name, (counts.get(name) ?? 0) + 1);
};
