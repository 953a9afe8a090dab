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
const parsed = new Map<string, Policy>();

export function policyOf(record: {
  readonly content_digest: string;
  readonly content: string;
}): Policy {
  const known = parsed.get(record.content_digest);
  if (known !== undefined) return known;
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
  parsed.set(record.content_digest, policy);
  return policy;
}
