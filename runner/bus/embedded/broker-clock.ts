/**
 * Broker time of the embedded bus: the process's monotonic clock, anchored at open.
 *
 * C1. It never falls, not across restarts either: the anchor is the later of the system's time and the
 *     last time stored. After the system clock was set back it therefore runs ahead until the bus is
 *     opened again past that time; it keeps running, because timers wait on it.
 * C2. While a write is in flight, `nowMs` runs at most IN_FLIGHT_MS past the time that write's records
 *     carry. So whoever sees the end of a partition and takes nowMs - IN_FLIGHT_MS can be sure that no
 *     record with an earlier time becomes readable later (DESIGN section 3, "broker time less 50 ms").
 */
export const IN_FLIGHT_MS = 50;

export class BrokerClock {
  readonly #source: () => number;
  #lastMs: number;
  #inFlightMs: number | null = null;

  /** `source` gives ms since 1970 and may be a test's own; by default the system's, made monotone. */
  constructor(lastStoredMs: number, source?: () => number) {
    this.#lastMs = lastStoredMs;
    this.#source = source ?? monotonicFrom(Math.max(Date.now(), lastStoredMs));
  }

  nowMs(): number {
    const raw = this.#raw();
    const now = this.#inFlightMs === null ? raw : Math.min(raw, this.#inFlightMs + IN_FLIGHT_MS);
    if (now > this.#lastMs) this.#lastMs = now;
    return this.#lastMs;
  }

  /** The time of the records about to be written; until `landed`, nowMs stays near it. */
  stamp(): number {
    const now = Math.max(this.#raw(), this.#lastMs);
    this.#lastMs = now;
    this.#inFlightMs = now;
    return now;
  }

  landed(): void {
    this.#inFlightMs = null;
  }

  #raw(): number {
    return Math.floor(this.#source());
  }
}

const monotonicFrom = (anchorMs: number): (() => number) => {
  const openedAt = performance.now();
  return () => anchorMs + performance.now() - openedAt;
};
