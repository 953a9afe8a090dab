/**
 * Topics by the names people type: full names, and short ones for weir's own (`traffic`, `decisions`).
 */
import { UsageError } from '../../schemas/errors.js';
import type { Topic } from '../../schemas/topic.js';
import { DECISION_BRANCH, INTENT_BRANCH, topics } from '../../schemas/topics.js';
import type { Bus } from '../bus/port.js';

export interface NamedTopic {
  readonly name: string;
  /** Shows only records of this branch of the topic's union. */
  readonly branch?: string;
}

const SHORT: Readonly<Record<string, NamedTopic>> = {
  ...Object.fromEntries(
    Object.entries(topics).map(([key, { name }]) => [
      key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`),
      { name },
    ]),
  ),
  anchors: { name: topics.flowAnchors.name },
  decisions: { name: topics.rtdl.name, branch: DECISION_BRANCH },
  intents: { name: topics.rtdl.name, branch: INTENT_BRANCH },
};

/** Short names of topics, for help and completion. */
export const shortNames: readonly string[] = Object.keys(SHORT).sort();

const OWN = new Map<string, Topic<never>>(
  Object.values(topics).map((topic) => [topic.name, topic as Topic<never>]),
);

/** weir's own declaration of a topic; undefined for a user's. */
export const ownTopic = (name: string): Topic<never> | undefined => OWN.get(name);

/** The topic a person names, which must be on the bus. */
export async function namedTopic(bus: Bus, name: string): Promise<NamedTopic> {
  const there = (await bus.topics()).map((topic) => topic.name);
  const found = there.includes(name) ? { name } : SHORT[name];
  if (found && there.includes(found.name)) return found;
  const short = new Map(Object.entries(SHORT).map(([key, topic]) => [topic.name, key]));
  const known = there.map((topic) => short.get(topic) ?? topic).sort();
  throw new UsageError(
    known.length === 0
      ? `There is no topic "${name}" here, nor any other; start a topology first.`
      : `There is no topic "${name}" here; there are ${known.join(', ')}.`,
  );
}
