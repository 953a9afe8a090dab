/**
 * gather: puts a decision's head and its feature parts together, waiting a bounded time.
 *
 * in: heads (main) and feature parts, by flow and event. out: one `Gathered` per head, when all parts
 * are there or its time is up. state: a row per event while it is incomplete; none in a fused round
 * that answers at once. time: a head waits until its own record's time plus GATHER_MS. fails: never.
 * crash: none; what waits is a row of the round.
 * source: DESIGN section 8.
 *
 * G1. Each head leaves exactly once. A part that comes after its head left is absorbed.
 */
import type { OperatorFunction } from 'rxjs';
import { keyParts } from '../../state/keys.js';
import type { KeyedStoreSpec } from '../../state/port.js';
import { keyedStore } from '../../state/store.js';
import type { FeaturePart } from '../features/feature-request.js';
import { also, lift, type Tools } from '../lift.js';
import type { Signal } from '../signal.js';
import type { Keyed, Stream } from '../wiring.js';
import type { DecisionHead } from './decision-head.js';
import { lastKey } from './last-key.js';

/** 900 of waiting for context, 250 for features; deciding fits into the rest of 1500. */
export const GATHER_MS = 1150;

export interface Gathering {
  readonly head: DecisionHead | null;
  readonly parts: readonly FeaturePart[];
}

export interface Gathered {
  readonly head: DecisionHead;
  readonly parts: readonly FeaturePart[];
}

export interface GatherOptions {
  readonly parts: Stream<FeaturePart>;
  readonly in: Keyed<Gathering>;
}

export const gatherStore = (keysMax: number): KeyedStoreSpec<Gathering> =>
  keyedStore<Gathering>({ keysMax });

const NO_PARTS: readonly FeaturePart[] = [];

class Gather {
  readonly #rows: Keyed<Gathering>['rows'];

  constructor(options: GatherOptions) {
    this.#rows = options.in.rows;
  }

  head(key: string, head: DecisionHead, tools: Tools<Gathered>): void {
    const parts = this.#rows.get(key)?.parts ?? NO_PARTS;
    if (parts.length >= head.parts) {
      tools.pass();
      if (parts.length > 0) this.#forget(key, tools);
      tools.emit({ head, parts });
      return;
    }
    tools.hold();
    this.#rows.put(key, { head, parts });
    tools.timer(key, head.firstSeenMs + GATHER_MS);
  }

  part(key: string, part: FeaturePart, tools: Tools<Gathered>): void {
    tools.absorb('part');
    const row = this.#rows.get(key);
    const parts = [...(row?.parts ?? NO_PARTS), part];
    const head = row?.head ?? null;
    if (head !== null && parts.length >= head.parts) {
      this.#forget(key, tools);
      tools.release(1);
      tools.emit({ head, parts });
      return;
    }
    this.#rows.put(key, { head, parts });
    // Ahead of its head, or after it left: either way not for ever.
    if (row === undefined) tools.timer(key, tools.at.timeMs + GATHER_MS);
  }

  timer(key: string, run: string, tools: Tools<Gathered>): void {
    const row = this.#rows.get(key);
    if (row === undefined) return;
    this.#rows.delete(key);
    if (row.head === null) {
      tools.note('part_without_head');
      return;
    }
    tools.release(1);
    tools.emit({ head: row.head, parts: row.parts }, row.head.event.flowId, run);
  }

  #forget(key: string, tools: Tools<Gathered>): void {
    this.#rows.delete(key);
    tools.timer(key, null);
  }
}

export const gather = (
  options: GatherOptions,
): OperatorFunction<Signal<DecisionHead>, Signal<Gathered>> => {
  const step = new Gather(options);
  const keyOf = lastKey();
  const keyOfPart = ({ run, value }: Signal<FeaturePart>): string =>
    keyOf(run, value.flowId, value.eventId);
  const keyOfHead = ({ run, value }: Signal<DecisionHead>): string =>
    keyOf(run, value.event.flowId, value.event.eventId);
  return lift<DecisionHead, Gathered>({
    name: 'gather',
    stores: [options.in],
    also: [
      also(
        options.parts,
        (signal, tools) => {
          step.part(keyOfPart(signal), signal.value, tools);
        },
        keyOfPart,
      ),
    ],
    settings: `${GATHER_MS} ${Gather.toString()}`,
    timerKey: keyOfHead,
    onRecord: (signal, tools) => {
      step.head(keyOfHead(signal), signal.value, tools);
    },
    onTimer: (key, tools) => {
      step.timer(key, runOf(key), tools);
    },
  });
};

const runOf = (key: string): string => {
  const [run] = keyParts(key) ?? [];
  return typeof run === 'string' ? run : '';
};
