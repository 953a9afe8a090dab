/**
 * A place in a topic as a person types it: an offset in digits, or a time.
 */
import { UsageError } from '../../schemas/errors.js';
import type { TopicPlace } from '../bus/read-topic.js';

const TIME = /^\d{4}-\d{2}-\d{2}(T[\d:.]+(Z|[+-]\d{2}:\d{2})?)?$/;

export function placeOf(option: string, text: string): TopicPlace {
  if (/^\d{1,18}$/.test(text)) return BigInt(text);
  // A time without a zone is UTC here: the same command means the same everywhere.
  const zoned = /(Z|[+-]\d{2}:\d{2})$/.test(text) || !text.includes('T') ? text : `${text}Z`;
  const timeMs = TIME.test(text) ? Date.parse(zoned) : Number.NaN;
  if (!Number.isNaN(timeMs)) return { timeMs };
  throw new UsageError(
    `${option} is "${text}"; give an offset such as 120, or a time such as 2026-01-05T08:30:00Z.`,
  );
}
