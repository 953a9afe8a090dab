/**
 * What flows through a topology: signals, each at a position.
 *
 * A position is a record's place in the order of execution (DESIGN section 3). Results are a function
 * of positions only, never of where a batch happened to end.
 */

/** Place of a public record, or of what it caused, in the order of execution. */
export interface Position {
  /** Stepping time, ms: the record's own time, raised to what its partition and task already reached. */
  readonly timeMs: number;
  /** Order of declaration of its source in the topology: control, labels, context, traffic. */
  readonly rank: number;
  /** Bus-wide append sequence on the embedded bus, 0 elsewhere. */
  readonly sequence: number;
  readonly partition: number;
  readonly offset: bigint;
  /** Topic of the public record; with partition and offset it is the evidence of whatever follows. */
  readonly topic: string;
}

export interface Signal<T> {
  /** platform_run_id, or '' for topologies without runs. Runs never see each other's state. */
  readonly run: string;
  /** Record key as text; after `rekey` the new one. */
  readonly key: string;
  readonly value: T;
  readonly at: Position;
}

/** Orders positions: time, rank, sequence, partition, offset. */
export function comparePositions(left: Position, right: Position): number {
  if (left.timeMs !== right.timeMs) return left.timeMs - right.timeMs;
  if (left.rank !== right.rank) return left.rank - right.rank;
  if (left.sequence !== right.sequence) return left.sequence - right.sequence;
  if (left.partition !== right.partition) return left.partition - right.partition;
  if (left.offset === right.offset) return 0;
  return left.offset < right.offset ? -1 : 1;
}

const scratch = Buffer.alloc(24);

/**
 * A position as 24 byte-chars plus its topic, so that string order is position order. Timers keep
 * the position of the record that set them in this form.
 */
export function encodePosition(at: Position): string {
  scratch.writeUIntBE(at.timeMs, 0, 6);
  scratch.writeUInt16BE(at.rank, 6);
  scratch.writeUIntBE(at.sequence, 8, 6);
  scratch.writeUInt16BE(at.partition, 14);
  scratch.writeBigUInt64BE(at.offset, 16);
  return scratch.toString('latin1', 0, 24) + at.topic;
}

/** Inverse of `encodePosition`, moved to the due time of the timer it belongs to. */
export function decodePosition(setter: string, timeMs: number): Position {
  const bytes = Buffer.from(setter.slice(0, 24), 'latin1');
  return {
    timeMs,
    rank: bytes.readUInt16BE(6),
    sequence: bytes.readUIntBE(8, 6),
    partition: bytes.readUInt16BE(14),
    offset: bytes.readBigUInt64BE(16),
    topic: setter.slice(24),
  };
}
