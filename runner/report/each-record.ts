/**
 * Every record kept on a topic, partition after partition, without a stream in between.
 *
 * Up to the ends as they were at the call; markers are passed over. A topic that is not there has none.
 */
import { isProgressMarker } from '../bus/marker.js';
import type { Bus, StoredRecord } from '../bus/port.js';

const PULL_BYTES = 1 << 20;

export async function eachRecord(
  bus: Bus,
  topic: string,
  visit: (record: StoredRecord, partition: number) => void,
): Promise<void> {
  if (!(await bus.topics()).some(({ name }) => name === topic)) return;
  for (const { partition, start, end } of await bus.bounds(topic)) {
    for (let from = start; from < end;) {
      const { records, next } = await bus.pull(topic, partition, from, PULL_BYTES);
      for (const record of records) {
        if (record.offset < end && !isProgressMarker(record)) visit(record, partition);
      }
      from = next;
    }
  }
}
