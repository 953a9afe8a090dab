/**
 * The policy and the bundle a decision names, from the control topics: found by content, not by time.
 */
import { topicCodec } from '../../schemas/codec.js';
import type { Policy } from '../../schemas/generated/policy.js';
import type { RegistryRecord } from '../../schemas/generated/registry-record.js';
import type { DecisionResponse } from '../../schemas/generated/rtdl-record.js';
import type { SchemaLookup } from '../../schemas/schema-lookup.js';
import { scopeText, topics } from '../../schemas/topics.js';
import type { Topic } from '../../schemas/topic.js';
import { isProgressMarker } from '../bus/marker.js';
import type { Bus } from '../bus/port.js';
import { readTopic, type TopicRecord } from '../bus/read-topic.js';

export interface ControlsInForce {
  /** undefined when the decision was made without one, or the record is gone. */
  readonly policy: Policy | undefined;
  readonly registered: RegistryRecord | undefined;
}

export async function controlsInForce(
  bus: Bus,
  lookup: SchemaLookup,
  decision: DecisionResponse,
): Promise<ControlsInForce> {
  const { policy_rev, bundle_ref, resolution } = decision;
  let policy: Policy | undefined;
  for await (const one of valuesOf(bus, lookup, topics.policy)) {
    if (one.content_digest === policy_rev.content_digest) policy = one;
  }
  let registered: RegistryRecord | undefined;
  for await (const one of valuesOf(bus, lookup, topics.registry)) {
    const { bundle_id, bundle_version } = one.bundle_ref;
    if (bundle_id !== bundle_ref.bundle_id || bundle_version !== bundle_ref.bundle_version)
      continue;
    if (scopeText(one.scope) === resolution.scope) registered = one;
  }
  return { policy, registered };
}

async function* valuesOf<T>(bus: Bus, lookup: SchemaLookup, topic: Topic<T>): AsyncGenerator<T> {
  if (!(await bus.topics()).some(({ name }) => name === topic.name)) return;
  const codec = topicCodec(topic, lookup);
  for await (const record of readTopic(bus, { topic: topic.name }) as AsyncIterable<TopicRecord>) {
    if (record.value !== null && !isProgressMarker(record)) yield codec.decode(record.value);
  }
}
