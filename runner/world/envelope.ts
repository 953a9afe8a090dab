/**
 * Engine outputs and labels as records ready to append: pins, event id, payload hash, key, Avro.
 *
 * Owns: the bytes of one producer's records. Shared by the world and by imports.
 * E1. event_id and payload_hash follow the platform's recipes (engine-output.ts), so a restreamed
 *     world is a stream of duplicates, not of new events.
 * E2. The key is the topic's own (sha256 hex of merchant or flow), computed once per merchant.
 * E3. A record's timeMs is its event's time on a `records` bus and absent on a `wall` one.
 * fails: RangeError for amounts and texts the canonical form cannot take; DivertError ENCODE_FAILED.
 */
import { topicCodec } from '../../schemas/codec.js';
import type { AdmissionOrigin } from '../../schemas/generated/admitted-arrival.js';
import type { Pins } from '../../schemas/generated/label-assertion.js';
import type { SchemaLookup } from '../../schemas/schema-lookup.js';
import { sha256Hex } from '../../schemas/sha256.js';
import { topics } from '../../schemas/topics.js';
import type { ClockKind, ProducedRecord } from '../bus/port.js';
import { EngineOutputs, payloadHash, SCHEMA_VERSION } from './engine-output.js';
import type { FlowFacts, OutputId, TrafficFacts } from './engine-output.js';
import { labelAssertion, type LabelFacts } from './label.js';

export interface EnvelopeOptions {
  readonly pins: Pins;
  readonly lookup: SchemaLookup;
  readonly clock: ClockKind;
  /** At most 128 characters, e.g. `weir:world`. */
  readonly producer: string;
  /** `source` is world or import; `reference` a digest of what it was made from. */
  readonly origin: { readonly source: string; readonly reference: string };
}

/** Topics an envelope writer appends to, in the order of their meaning. */
export const PRODUCED_TOPICS = [
  topics.labels,
  topics.arrivals,
  topics.entities,
  topics.flowAnchors,
  topics.traffic,
];

const MERCHANT_KEYS_MAX = 100_000;

export class EnvelopeWriter {
  readonly outputs: EngineOutputs;
  private readonly options: EnvelopeOptions;
  private readonly codecs;
  private readonly plainOrigin: AdmissionOrigin;
  private readonly merchantKeys = new Map<string, Buffer>();

  constructor(options: EnvelopeOptions) {
    const { pins, lookup, origin } = options;
    this.options = options;
    this.outputs = new EngineOutputs(pins);
    this.codecs = {
      arrivals: topicCodec(topics.arrivals, lookup),
      entities: topicCodec(topics.entities, lookup),
      flowAnchors: topicCodec(topics.flowAnchors, lookup),
      traffic: topicCodec(topics.traffic, lookup),
      labels: topicCodec(topics.labels, lookup),
    };
    this.plainOrigin = { source: origin.source, reference: origin.reference, row: null };
  }

  /** `row` is the line of an imported file, from 1; null for a world. */
  arrival(flow: FlowFacts, row: number | null = null): ProducedRecord {
    const { pins } = this.options;
    const { place, arrivalSeq, atMicros } = flow;
    const output: OutputId = 'arrival_events_5B';
    const value = this.codecs.arrivals.encode({
      event_id: this.outputs.eventId(output, place.merchantId, arrivalSeq),
      event_class: 'context_arrival',
      event_type: output,
      schema_version: SCHEMA_VERSION,
      ts_utc_micros: atMicros,
      platform_run_id: pins.platform_run_id,
      scenario_run_id: pins.scenario_run_id,
      run_id: pins.scenario_run_id,
      manifest_fingerprint: pins.manifest_fingerprint,
      parameter_hash: pins.parameter_hash,
      scenario_id: pins.scenario_id,
      scenario_id_integer: false,
      seed: pins.seed,
      payload_hash: payloadHash(output, this.outputs.arrival(flow)),
      payload: {
        merchant_id: place.merchantId,
        arrival_seq: arrivalSeq,
        ts_utc_micros: atMicros,
        zone_representation: place.zone,
        bucket_index: flow.bucketIndex,
        tzid_primary: place.zone,
        ts_local_primary: this.outputs.localText(flow),
        is_virtual: place.virtual,
        channel_group: place.channel,
        tzid_settlement: null,
        ts_local_settlement: null,
        tzid_operational: null,
        ts_local_operational: null,
        site_id: place.siteId,
        edge_id: place.edgeId,
        routing_universe_hash: null,
        lambda_realised: null,
        s4_spec_version: null,
        extra: {},
      },
      parent_event_id: null,
      emitted_at_utc_micros: null,
      trace_id: null,
      span_id: null,
      producer: this.options.producer,
      origin: this.origin(row),
    });
    return this.record(topics.arrivals.name, this.merchantKey(place.merchantId), value, atMicros);
  }

  entities(flow: FlowFacts, row: number | null = null): ProducedRecord {
    const { pins } = this.options;
    const { place, arrivalSeq, atMicros } = flow;
    const output: OutputId = 's1_arrival_entities_6B';
    const value = this.codecs.entities.encode({
      event_id: this.outputs.eventId(output, place.merchantId, arrivalSeq),
      event_class: 'context_arrival_entities',
      event_type: output,
      schema_version: SCHEMA_VERSION,
      ts_utc_micros: atMicros,
      platform_run_id: pins.platform_run_id,
      scenario_run_id: pins.scenario_run_id,
      run_id: pins.scenario_run_id,
      manifest_fingerprint: pins.manifest_fingerprint,
      parameter_hash: pins.parameter_hash,
      scenario_id: pins.scenario_id,
      scenario_id_integer: false,
      seed: pins.seed,
      payload_hash: payloadHash(output, this.outputs.entities(flow)),
      payload: {
        merchant_id: place.merchantId,
        arrival_seq: arrivalSeq,
        ts_utc_micros: atMicros,
        party_id: flow.partyId,
        account_id: flow.accountId,
        instrument_id: flow.instrumentId,
        device_id: flow.deviceId,
        ip_id: flow.ipId,
        session_id: flow.sessionId,
        extra: {},
      },
      parent_event_id: null,
      emitted_at_utc_micros: null,
      trace_id: null,
      span_id: null,
      producer: this.options.producer,
      origin: this.origin(row),
    });
    return this.record(topics.entities.name, this.merchantKey(place.merchantId), value, atMicros);
  }

  anchor(flow: FlowFacts, row: number | null = null): ProducedRecord {
    const { pins } = this.options;
    const { place, arrivalSeq, atMicros, flowId } = flow;
    const output: OutputId = 's3_flow_anchor_with_fraud_6B';
    const value = this.codecs.flowAnchors.encode({
      event_id: this.outputs.eventId(output, flowId),
      event_class: 'context_flow_fraud',
      event_type: output,
      schema_version: SCHEMA_VERSION,
      ts_utc_micros: atMicros,
      platform_run_id: pins.platform_run_id,
      scenario_run_id: pins.scenario_run_id,
      run_id: pins.scenario_run_id,
      manifest_fingerprint: pins.manifest_fingerprint,
      parameter_hash: pins.parameter_hash,
      scenario_id: pins.scenario_id,
      scenario_id_integer: false,
      seed: pins.seed,
      payload_hash: payloadHash(output, this.outputs.anchor(flow)),
      payload: {
        flow_id: flowId,
        merchant_id: place.merchantId,
        arrival_seq: arrivalSeq,
        ts_utc_micros: atMicros,
        party_id: flow.partyId,
        account_id: flow.accountId,
        instrument_id: flow.instrumentId,
        device_id: flow.deviceId,
        ip_id: flow.ipId,
        amount: flow.amount,
        fraud_flag: flow.fraud,
        campaign_id: flow.campaignId,
      },
      parent_event_id: null,
      emitted_at_utc_micros: null,
      trace_id: null,
      span_id: null,
      producer: this.options.producer,
      origin: this.origin(row),
    });
    return this.record(
      topics.flowAnchors.name,
      this.merchantKey(place.merchantId),
      value,
      atMicros,
    );
  }

  traffic(flow: FlowFacts, event: TrafficFacts, row: number | null = null): ProducedRecord {
    const { pins } = this.options;
    const { flowId } = flow;
    const output: OutputId = 's3_event_stream_with_fraud_6B';
    const value = this.codecs.traffic.encode({
      event_id: this.trafficEventId(flowId, event.seq),
      event_class: 'traffic_fraud',
      event_type: output,
      schema_version: SCHEMA_VERSION,
      ts_utc_micros: event.atMicros,
      platform_run_id: pins.platform_run_id,
      scenario_run_id: pins.scenario_run_id,
      run_id: pins.scenario_run_id,
      manifest_fingerprint: pins.manifest_fingerprint,
      parameter_hash: pins.parameter_hash,
      scenario_id: pins.scenario_id,
      scenario_id_integer: false,
      seed: pins.seed,
      payload_hash: payloadHash(output, this.outputs.traffic(flow, event)),
      payload: {
        flow_id: flowId,
        event_seq: event.seq,
        event_type: event.type,
        ts_utc_micros: event.atMicros,
        amount: flow.amount,
        fraud_flag: flow.fraud,
        campaign_id: flow.campaignId,
      },
      parent_event_id: null,
      emitted_at_utc_micros: null,
      trace_id: null,
      span_id: null,
      producer: this.options.producer,
      origin: this.origin(row),
    });
    return this.record(
      topics.traffic.name,
      Buffer.from(sha256Hex(flowId), 'latin1'),
      value,
      event.atMicros,
    );
  }

  label(facts: LabelFacts): ProducedRecord {
    const assertion = labelAssertion(facts, this.options.pins, (micros) =>
      this.outputs.utcText(micros),
    );
    const { labels } = this.codecs;
    return this.record(
      topics.labels.name,
      labels.encodeKey(assertion),
      labels.encode(assertion),
      facts.observedMicros,
    );
  }

  trafficEventId(flowId: string, seq: number): string {
    return this.outputs.eventId('s3_event_stream_with_fraud_6B', flowId, seq);
  }

  private origin(row: number | null): AdmissionOrigin {
    if (row === null) return this.plainOrigin;
    const { source, reference } = this.options.origin;
    return { source, reference, row };
  }

  private record(topic: string, key: Buffer, value: Buffer, atMicros: number): ProducedRecord {
    return this.options.clock === 'records'
      ? { topic, key, value, timeMs: Math.floor(atMicros / 1000) }
      : { topic, key, value };
  }

  private merchantKey(merchantId: string): Buffer {
    let key = this.merchantKeys.get(merchantId);
    if (key === undefined) {
      if (this.merchantKeys.size >= MERCHANT_KEYS_MAX) this.merchantKeys.clear();
      key = Buffer.from(sha256Hex(merchantId), 'latin1');
      this.merchantKeys.set(merchantId, key);
    }
    return key;
  }
}
