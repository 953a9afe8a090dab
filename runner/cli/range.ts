/**
 * `--range`: offsets of source records whose rounds or decisions are asked about.
 */
import { UsageError } from '../../schemas/errors.js';
import type { OffsetRange } from '../verify.js';

const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value];
export const RANGE_OPTION = [
  '--range <topic/partition:from-to>',
  'compare only rounds that took these offsets (may be repeated)',
  collect,
  [] as readonly string[],
] as const;

/** topic/partition:from-to, both offsets inclusive. */
export function parseRange(text: string): OffsetRange {
  const match = /^(.+)\/(\d+):(\d+)-(\d+)$/.exec(text);
  const [, topic, partition, from, to] = match ?? [];
  if (!topic || !partition || !from || !to || BigInt(to) < BigInt(from)) {
    throw new UsageError(
      `--range is "${text}"; give topic/partition:from-to, such as fp.bus.traffic.fraud.v1/0:0-199.`,
    );
  }
  return { topic, partition: Number(partition), from: BigInt(from), to: BigInt(to) + 1n };
}
