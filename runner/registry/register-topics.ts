/**
 * Before a topology starts: every schema it uses is checked, then registered; or it refuses to start.
 *
 * in: a registry and topics. out: what was registered, in the order given; the lookup knows the ids.
 * All topics are checked before the first is registered, so that a refusal changes nothing.
 * Errors: UsageError (exit code 2), one line per problem naming subject, field and rule;
 * RetryError when a remote registry does not answer.
 */
import { UsageError } from '../../schemas/errors.js';
import type { ResidentLookup } from './resident-lookup.js';
import type { CompatibilityIssue, RegisteredSchema, Registry } from './registry.js';

/** What registering needs of a topic (schemas/topic.ts). */
export interface SchemaTopic {
  readonly name: string;
  readonly subject: string;
  /** JSON text of the Avro schema. */
  readonly schema: string;
}

/** One issue as a line: subject, field, rule, against which version, why. */
export const issueLine = (subject: string, issue: CompatibilityIssue): string => {
  const field = issue.field === '' ? 'the schema itself' : `field ${issue.field}`;
  return `${subject}: ${field}: ${issue.rule} (against version ${issue.version}): ${issue.message}`;
};

export const registerTopics = async (
  registry: Registry,
  topics: Iterable<SchemaTopic>,
  lookup?: ResidentLookup,
): Promise<readonly RegisteredSchema[]> => {
  const wanted = [...topics];
  const problems: string[] = [];
  for (const { subject, schema } of wanted) {
    // A schema registered before is in use already; an earlier level may have let it in.
    if ((await registry.lookup(subject, { schema })) !== undefined) continue;
    const { issues } = await registry.checkCompatibility(subject, { schema });
    problems.push(...issues.map((issue) => issueLine(subject, issue)));
  }
  if (problems.length > 0)
    throw new UsageError(
      `schemas are incompatible with what is registered; mend the schema or register it under a new ` +
        `subject:\n${problems.map((problem) => `  ${problem}`).join('\n')}`,
    );
  const registered: RegisteredSchema[] = [];
  for (const { subject, schema } of wanted) {
    const answer = await registry.register(subject, { schema });
    lookup?.registered(schema, answer);
    registered.push(answer);
  }
  return registered;
};
