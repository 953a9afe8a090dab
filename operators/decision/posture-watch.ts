/**
 * postureWatch: one task that turns health into the posture everybody decides under.
 *
 * in: health records (main) and the policy. out: a posture record when it changes, and a heartbeat each
 * second of a live clock. state: the last reading of each signal, the ladder, the policy's content: two
 * rows. time: positions and a timer of 1 s; readings age in live rounds only. fails: POLICY_INVALID.
 * crash: none; ladder and timer are rows.
 * source: DESIGN section 8; spec/platform.md 12; ruling 6; scenario 67.
 *
 * W1. Nothing is published before a policy maps signals to modes.
 * W2. After going live the first evaluation waits until every signal was heard, or GRACE_MS: a task that
 *     was down heard nothing and must not call that an outage.
 * W3. Heartbeats end with live rounds; the first live record starts them again. So catching up fires one
 *     timer, not one per second of the past.
 */
import type { OperatorFunction } from 'rxjs';
import type { Health } from '../../schemas/generated/health.js';
import type { Policy as PolicyRecord } from '../../schemas/generated/policy.js';
import type { Posture as PostureRecord } from '../../schemas/generated/posture.js';
import type { KeyedStoreSpec } from '../../state/port.js';
import { keyedStore } from '../../state/store.js';
import { ladderStep, type LadderState } from '../degrade/ladder.js';
import {
  HEALTH_SIGNALS,
  signalStates,
  type HealthSignal,
  type SignalReading,
} from '../degrade/signals.js';
import { also, lift, type Tools } from '../lift.js';
import type { Signal } from '../signal.js';
import type { Keyed, Stream } from '../wiring.js';
import type { DecisionScope } from './decision-scope.js';
import { policyOf } from './policy-text.js';

export const HEARTBEAT_MS = 1000;
/** W2. Below the silence after which deciders give the posture store up. */
export const GRACE_MS = 2500;

type Readings = Readonly<Partial<Record<HealthSignal, SignalReading>>>;

export type PostureRow =
  | { readonly kind: 'policy'; readonly digest: string; readonly content: string }
  | {
      readonly kind: 'watch';
      readonly readings: Readings;
      readonly ladder: LadderState | null;
      /** When live rounds began; null while catching up. */
      readonly liveSinceMs: number | null;
      readonly armed: boolean;
    };
type WatchRow = Extract<PostureRow, { readonly kind: 'watch' }>;

export interface PostureWatchOptions {
  readonly policy: Stream<PolicyRecord>;
  readonly in: Keyed<PostureRow>;
  readonly scope: DecisionScope;
}

export const postureStore = (): KeyedStoreSpec<PostureRow> =>
  keyedStore<PostureRow>({ keysMax: 2 });

const TIMER = 'heartbeat';
const EMPTY: WatchRow = {
  kind: 'watch',
  readings: {},
  ladder: null,
  liveSinceMs: null,
  armed: false,
};

const isSignal = (name: string): name is HealthSignal =>
  HEALTH_SIGNALS.some((signal) => signal === name);

class PostureWatch {
  readonly #rows: Keyed<PostureRow>['rows'];
  readonly #scope: DecisionScope;

  constructor(options: PostureWatchOptions) {
    this.#rows = options.in.rows;
    this.#scope = options.scope;
  }

  health(record: Health, tools: Tools<PostureRecord>): void {
    if (!isSignal(record.signal)) {
      tools.absorb('unknown_signal');
      return;
    }
    tools.absorb('health');
    const row = this.#entered(tools);
    const reading = { state: record.state, observedAtMs: tools.at.timeMs };
    const readings = { ...row.readings, [record.signal]: reading };
    this.#evaluate({ ...row, readings }, tools, false);
  }

  policy(record: PolicyRecord, tools: Tools<PostureRecord>): void {
    if (record.policy_id !== this.#scope.policyId) {
      tools.absorb('other_policy');
      return;
    }
    policyOf(record);
    tools.absorb('policy');
    const { content, content_digest: digest } = record;
    this.#rows.put('policy', { kind: 'policy', digest, content });
    this.#evaluate(this.#entered(tools), tools, false);
  }

  timer(tools: Tools<PostureRecord>): void {
    const row = { ...this.#watch(), armed: false };
    // W3.
    if (!tools.live) this.#rows.put('watch', { ...row, liveSinceMs: null });
    else this.#evaluate(this.#armed(row, tools), tools, true);
  }

  #watch(): WatchRow {
    const row = this.#rows.get('watch');
    return row?.kind === 'watch' ? row : EMPTY;
  }

  /** The row, knowing whether the task is live, and with its heartbeat under way if it is. */
  #entered(tools: Tools<PostureRecord>): WatchRow {
    const row = this.#watch();
    if (!tools.live) return row.liveSinceMs === null ? row : { ...row, liveSinceMs: null };
    const live = row.liveSinceMs === null ? { ...row, liveSinceMs: tools.at.timeMs } : row;
    return live.armed ? live : this.#armed(live, tools);
  }

  #armed(row: WatchRow, tools: Tools<PostureRecord>): WatchRow {
    tools.timer(TIMER, tools.at.timeMs + HEARTBEAT_MS);
    return { ...row, armed: true };
  }

  /** Steps the ladder, keeps the row, tells of a change or (on the timer) that it still holds. */
  #evaluate(row: WatchRow, tools: Tools<PostureRecord>, heartbeat: boolean): void {
    const content = this.#rows.get('policy');
    if (content?.kind !== 'policy' || !this.#mayJudge(row, tools)) {
      this.#rows.put('watch', row);
      return;
    }
    const policy = policyOf({ content_digest: content.digest, content: content.content });
    const { mapping, quietMs, maxAgeMs } = policy.degrade;
    const nowMs = tools.at.timeMs;
    const ladder = ladderStep(
      row.ladder ?? undefined,
      {
        scope: this.#scope.postureScope,
        states: signalStates(row.readings, { nowMs, maxAgeMs, ages: tools.live }),
        nowMs,
      },
      { mapping, quietMs, policyRev: policy.rev },
    );
    this.#rows.put('watch', { ...row, ladder });
    const changed = ladder.posture !== row.ladder?.posture;
    if (changed || heartbeat) tools.emit({ ...ladder.posture, heartbeat: !changed });
  }

  /** W2. Catching up, a posture follows from what was recorded, signal by signal. */
  #mayJudge(row: WatchRow, tools: Tools<PostureRecord>): boolean {
    const { liveSinceMs, readings } = row;
    if (liveSinceMs === null) return HEALTH_SIGNALS.every((signal) => readings[signal]);
    if (tools.at.timeMs - liveSinceMs > GRACE_MS) return true;
    return HEALTH_SIGNALS.every((signal) => (readings[signal]?.observedAtMs ?? -1) >= liveSinceMs);
  }
}

export const postureWatch = (
  options: PostureWatchOptions,
): OperatorFunction<Signal<Health>, Signal<PostureRecord>> => {
  const watch = new PostureWatch(options);
  return lift<Health, PostureRecord>({
    name: 'posture-watch',
    stores: [options.in],
    settings: `${JSON.stringify(options.scope)} ${PostureWatch.toString()}`,
    also: [
      also(options.policy, ({ value }, tools) => {
        watch.policy(value, tools);
      }),
    ],
    timerKey: () => TIMER,
    onRecord: ({ value }, tools) => {
      watch.health(value, tools);
    },
    onTimer: (_key, tools) => {
      watch.timer(tools);
    },
  });
};
