/**
 * The parsed form of a policy record's content, remembered by digest: reading is a pure function, and
 * the same few revisions are asked for with every decision.
 *
 * bound: POLICIES_MAX; the one asked for first goes. fails: POLICY_INVALID when the text does not read,
 * or does not hash to what its record says.
 */
import { DivertError } from '../../schemas/errors.js';
import { readPolicy, type Policy } from '../policy/policy.js';

const POLICIES_MAX = 64;
/** With its text: a record that lies about its digest must not find the policy it claims to be. */
const parsed = new Map<string, { readonly content: string; readonly policy: Policy }>();

export function policyOf(record: {
  readonly content_digest: string;
  readonly content: string;
}): Policy {
  const known = parsed.get(record.content_digest);
  if (known?.content === record.content) return known.policy;
  let value: unknown;
  try {
    value = JSON.parse(record.content);
  } catch (cause) {
    throw new DivertError('POLICY_INVALID', 'policy: the content is no JSON', { cause });
  }
  const policy = readPolicy(value);
  if (policy.rev.content_digest !== record.content_digest) {
    throw new DivertError(
      'POLICY_INVALID',
      `policy: the content hashes to ${policy.rev.content_digest}, not to ${record.content_digest}; publish it again`,
    );
  }
  const oldest = parsed.size >= POLICIES_MAX ? parsed.keys().next() : undefined;
  if (oldest && !oldest.done) parsed.delete(oldest.value);
  parsed.set(record.content_digest, { content: record.content, policy });
  return policy;
}
