/** The records a decision becomes: on the decision topic, and on the audit topic. */
import type { RtdlRecord } from '../../schemas/generated/rtdl-record.js';
import { DECISION_BRANCH, INTENT_BRANCH } from '../../schemas/topics.js';
import type { Decided } from './compose.js';

/** The response, then its intent when there is one. */
export function rtdlRecords({ response, intent }: Decided): readonly RtdlRecord[] {
  const decision: RtdlRecord = { [DECISION_BRANCH]: response };
  return intent ? [decision, { [INTENT_BRANCH]: intent }] : [decision];
}
