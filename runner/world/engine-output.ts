/**
 * The four engine outputs as canonical JSON text, their event ids and payload hashes.
 *
 * Text is put together from pieces with the keys already in code-point order; nothing is parsed or
 * sorted on the way, which is what makes an import of millions of rows affordable.
 * O1. The text equals the platform's canonical JSON of the same values, so its sha256 inside
 *     {event_type, payload, schema_version} is payload_hash v1.
 * O2. Ids, fingerprints, zone and campaign need no escaping: ids are digits, the others are checked
 *     once when the writer is made or when the world or map names them.
 * Source: platform contract report, sections 1.1, 1.2 (numbers), 3 (fields, primary keys), 5 (event_id).
 */
import { doubleText } from '../../schemas/json-text.js';
import type { Pins } from '../../schemas/generated/label-assertion.js';
import { sha256Bytes, sha256Hex } from '../../schemas/sha256.js';
import { microsFormatter } from './utc-micros.js';

export type OutputId =
  | 'arrival_events_5B'
  | 's1_arrival_entities_6B'
  | 's3_flow_anchor_with_fraud_6B'
  | 's3_event_stream_with_fraud_6B';

export const OUTPUT_IDS: readonly OutputId[] = [
  'arrival_events_5B',
  's1_arrival_entities_6B',
  's3_flow_anchor_with_fraud_6B',
  's3_event_stream_with_fraud_6B',
];

export const SCHEMA_VERSION = 'v1';

/** Where an arrival happened. */
export interface Place {
  /** uint64 in decimal digits, from 1. */
  readonly merchantId: string;
  readonly zone: string;
  readonly offsetMinutes: number;
  readonly virtual: boolean;
  readonly channel: string | null;
  readonly siteId: string | null;
  readonly edgeId: string | null;
}

/** All that the outputs of one flow say. Ids are decimal digits, times microseconds since 1970. */
export interface FlowFacts {
  readonly flowId: string;
  readonly arrivalSeq: number;
  readonly place: Place;
  readonly partyId: string;
  readonly accountId: string;
  readonly instrumentId: string;
  readonly deviceId: string;
  readonly ipId: string;
  readonly sessionId: string;
  readonly atMicros: number;
  /** Hour of the world or file, from 0. */
  readonly bucketIndex: number;
  /** Major units, as the wire has it. */
  readonly amount: number;
  readonly fraud: boolean;
  readonly campaignId: string | null;
}

export interface TrafficFacts {
  readonly seq: number;
  readonly type: string;
  readonly atMicros: number;
}

const PLAIN = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;

/** The text itself when JSON needs no escape in it; throws RangeError otherwise. */
export function plainText(name: string, text: string): string {
  if (!PLAIN.test(text))
    throw new RangeError(`${name} must be printable ASCII without quotes: ${text}`);
  return text;
}

export class EngineOutputs {
  /** `"manifest_fingerprint":"..."`: pieces every payload repeats. */
  private readonly manifest: string;
  private readonly parameters: string;
  private readonly scenarioAndSeed: string;
  private readonly keyHead: Readonly<Record<OutputId, string>>;
  private readonly keyTail: string;
  private readonly formatUtc = microsFormatter();
  private readonly formatLocal = microsFormatter();
  private utcMicros = Number.NaN;
  private utc = '';

  constructor(pins: Pins) {
    const { manifest_fingerprint, parameter_hash, scenario_id, seed } = pins;
    plainText('manifest_fingerprint', manifest_fingerprint);
    plainText('parameter_hash', parameter_hash);
    plainText('scenario_id', scenario_id);
    this.manifest = `"manifest_fingerprint":"${manifest_fingerprint}"`;
    this.parameters = `"parameter_hash":"${parameter_hash}"`;
    this.scenarioAndSeed = `"scenario_id":"${scenario_id}","seed":${seed}`;
    const head = (output: OutputId): string =>
      `${output}|${seed}|${manifest_fingerprint}|${scenario_id}|`;
    this.keyHead = {
      arrival_events_5B: head('arrival_events_5B'),
      s1_arrival_entities_6B: head('s1_arrival_entities_6B'),
      s3_flow_anchor_with_fraud_6B: head('s3_flow_anchor_with_fraud_6B'),
      s3_event_stream_with_fraud_6B: head('s3_event_stream_with_fraud_6B'),
    };
    this.keyTail = `|${manifest_fingerprint}|${parameter_hash}|${seed}|${scenario_id}`;
  }

  arrival(flow: FlowFacts): string {
    const { place } = flow;
    const channel = place.channel === null ? '' : `"channel_group":"${place.channel}",`;
    const edge = place.edgeId === null ? '' : `"edge_id":${place.edgeId},`;
    const site = place.siteId === null ? '' : `,"site_id":${place.siteId}`;
    return (
      `{"arrival_seq":${flow.arrivalSeq},"bucket_index":${flow.bucketIndex},${channel}${edge}` +
      `"is_virtual":${place.virtual},${this.manifest},"merchant_id":${place.merchantId},${this.parameters},` +
      `${this.scenarioAndSeed}${site},"ts_local_primary":"${this.localText(flow)}",` +
      `"ts_utc":"${this.utcText(flow.atMicros)}","tzid_primary":"${place.zone}","zone_representation":"${place.zone}"}`
    );
  }

  entities(flow: FlowFacts): string {
    return (
      `{"account_id":${flow.accountId},"arrival_seq":${flow.arrivalSeq},"device_id":${flow.deviceId},` +
      `"instrument_id":${flow.instrumentId},"ip_id":${flow.ipId},${this.manifest},` +
      `"merchant_id":${flow.place.merchantId},${this.parameters},"party_id":${flow.partyId},` +
      `${this.scenarioAndSeed},"session_id":${flow.sessionId},"ts_utc":"${this.utcText(flow.atMicros)}"}`
    );
  }

  anchor(flow: FlowFacts): string {
    return (
      `{"account_id":${flow.accountId},"amount":${doubleText(flow.amount)},"arrival_seq":${flow.arrivalSeq},` +
      `"campaign_id":${campaignText(flow)},"device_id":${flow.deviceId},"flow_id":${flow.flowId},` +
      `"fraud_flag":${flow.fraud},"instrument_id":${flow.instrumentId},"ip_id":${flow.ipId},${this.manifest},` +
      `"merchant_id":${flow.place.merchantId},${this.parameters},"party_id":${flow.partyId},` +
      `${this.scenarioAndSeed},"ts_utc":"${this.utcText(flow.atMicros)}"}`
    );
  }

  traffic(flow: FlowFacts, event: TrafficFacts): string {
    return (
      `{"amount":${doubleText(flow.amount)},"campaign_id":${campaignText(flow)},"event_seq":${event.seq},` +
      `"event_type":"${event.type}","flow_id":${flow.flowId},"fraud_flag":${flow.fraud},${this.manifest},` +
      `${this.parameters},${this.scenarioAndSeed},"ts_utc":"${this.utcText(event.atMicros)}"}`
    );
  }

  /** Local time of the arrival: six fraction digits, no zone. */
  localText(flow: FlowFacts): string {
    return this.formatLocal(flow.atMicros + flow.place.offsetMinutes * 60_000_000);
  }

  utcText(micros: number): string {
    if (micros !== this.utcMicros) {
      this.utcMicros = micros;
      this.utc = `${this.formatUtc(micros)}Z`;
    }
    return this.utc;
  }

  /** sha256 hex over the primary key and the pins; the same in every run of the same world. */
  eventId(output: OutputId, keyLeft: string, keyRight?: number): string {
    const key = keyRight === undefined ? keyLeft : `${keyLeft}|${keyRight}`;
    return sha256Hex(this.keyHead[output] + key + this.keyTail);
  }
}

const campaignText = (flow: FlowFacts): string =>
  flow.campaignId === null ? 'null' : `"${flow.campaignId}"`;

/** payload_hash v1, 32 bytes, of a payload's canonical text. */
export function payloadHash(output: OutputId, payload: string): Buffer {
  return sha256Bytes(
    `{"event_type":"${output}","payload":${payload},"schema_version":"${SCHEMA_VERSION}"}`,
  );
}
