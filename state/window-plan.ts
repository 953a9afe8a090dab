/**
 * What a window store is asked to answer, and the layout that follows from it.
 *
 * Times are whole numbers in the plan's unit (ms or us since 1970). A window of width w and delay d,
 * read by an event at t, is (t-d-w, t-d]: left open, right closed.
 *
 * `last` and `since_last` speak of the entry before the current one (with the current one they would
 * always say "now"); every other aggregate includes the current event when the window does.
 */

export type AggregateKind =
  | 'count'
  | 'sum'
  | 'mean'
  | 'min'
  | 'max'
  | 'distinct'
  | 'last'
  | 'since_last'
  | 'label_count'
  | 'label_rate';

export interface WindowAggregate {
  readonly aggregate: AggregateKind;
  readonly width: number;
  /** 0 by default. */
  readonly delay?: number;
  /** Which of the entry's values (sum, mean, min, max, last); 0 by default. */
  readonly value?: number;
  /** Which of the entry's ids (distinct); 0 by default. */
  readonly id?: number;
  /** Which of the entry's labels (label_count, label_rate); 0 by default. */
  readonly label?: number;
  /** Bits an entry's flags must all have to be counted; 0, every entry, by default. */
  readonly where?: number;
}

export interface WindowPlan {
  readonly unit: 'ms' | 'us';
  readonly aggregates: readonly WindowAggregate[];
  /** How late an event may come and still be answered exactly, in units; 2 minutes by default. */
  readonly lateness?: number;
  /** Most chunks one late event or label may walk; 2048 by default. */
  readonly scanChunksMax?: number;
  /** Most bytes of entries kept per entity, as held in memory; 64 MiB by default. */
  readonly entityBytesMax?: number;
  /**
   * Forget an entity that had no event for window + delay + lateness + idleMs of record time. Absent:
   * kept until the store is full.
   */
  readonly idleMs?: number;
}
