/**
 * What is in force when an event leaves the join: policy, bundle, posture.
 *
 * in: records of the control topics, in position order. out: a `Stamped` for an event. state: five rows
 * per task (policy, registry, posture, mode, load) in one store. time: positions. fails:
 * POLICY_INVALID; the policy before stays in force. crash: none.
 * source: DESIGN section 8; spec/platform.md 12, 13; rulings 6; scenarios 67, 68, 71 to 73.
 *
 * K1. An event is stamped once, at its position; later stages use the stamp, whatever changes meanwhile.
 * K2. No policy yet, or no bundle yet: FAIL_CLOSED.
 * K3. Posture silence over POSTURE_SILENCE_MS is judged in live rounds only, from when the task went
 *     live or last heard, whichever is later.
 */
import type { Policy as PolicyRecord } from '../../schemas/generated/policy.js';
import type { Posture as PostureRecord } from '../../schemas/generated/posture.js';
import type { RegistryRecord } from '../../schemas/generated/registry-record.js';
import { CAPABILITY_MASKS } from '../degrade/capability-mask.js';
import { POSTURE_SILENCE_MS, type PolicyRev, type Posture } from '../degrade/ladder.js';
import type { FeaturePlan } from '../features/plan.js';
import { loadedBundles } from '../model/loaded-bundles.js';
import type { Policy } from '../policy/policy.js';
import { EMPTY_REGISTRY, registryStep } from '../registry/registry-view.js';
import { resolveBundle, type Resolution } from '../registry/resolve.js';
import type { Keyed } from '../wiring.js';
import type { ControlRow } from './control-row.js';
import { policyOf } from './policy-text.js';
import type { DecisionScope } from './decision-scope.js';

type RowOf<K extends ControlRow['kind']> = Extract<ControlRow, { readonly kind: K }>;

/** What a decision is bound to. */
export interface Stamped {
  readonly policyRev: PolicyRev;
  readonly posture: Posture;
  readonly resolution: Resolution;
}

export const NO_POLICY: PolicyRev = {
  policy_id: 'none',
  revision: '0',
  content_digest: '0'.repeat(64),
};

/** A registry record, with what the runner learned when it tried to load the bundle. */
export type AnnotatedRegistryRecord = RegistryRecord & { readonly loaded?: boolean };

export interface Moment {
  readonly timeMs: number;
  readonly live: boolean;
}

export class Control {
  readonly #rows: Keyed<ControlRow>['rows'];
  readonly #plan: FeaturePlan;
  readonly #scope: DecisionScope;
  readonly #groups: ReadonlyMap<string, string>;
  readonly #tenants: ReadonlyMap<string, string>;
  /** Resolutions under one view and posture; a pure function remembered, never a state. */
  #resolved = new Map<string, Resolution>();
  #resolvedFor: { readonly registry: unknown; readonly posture: unknown } | undefined;
  #madeUp:
    | { readonly from: Posture | undefined; readonly reason: string; readonly posture: Posture }
    | undefined;

  constructor(store: Keyed<ControlRow>, plan: FeaturePlan, scope: DecisionScope) {
    this.#rows = store.rows;
    this.#plan = plan;
    this.#scope = scope;
    this.#tenants = new Map(Object.entries(scope.tenants));
    this.#groups = new Map(plan.groups.map(({ name, version }) => [name, String(version)]));
  }

  #row<K extends ControlRow['kind']>(kind: K): RowOf<K> | undefined {
    return this.#rows.get(kind) as RowOf<K> | undefined;
  }

  /** A policy record takes force; one that does not read is diverted and changes nothing. */
  takePolicy(record: PolicyRecord): 'applied' | 'other_policy' {
    if (record.policy_id !== this.#scope.policyId) return 'other_policy';
    const { rev } = policyOf(record);
    this.#rows.put('policy', { kind: 'policy', rev, content: record.content });
    return 'applied';
  }

  /** Answers what became of the record: applied, known, or refused and why. */
  takeRegistry(record: AnnotatedRegistryRecord): string {
    const before = this.#row('registry') ?? {
      kind: 'registry',
      view: EMPTY_REGISTRY,
      unloaded: [],
    };
    const { view, outcome } = registryStep(before.view, record);
    const { sha256 } = record.bundle;
    const loaded = record.loaded ?? loadedBundles.get(sha256) !== undefined;
    const others = before.unloaded.filter((one) => one !== sha256);
    const unloaded = loaded ? others : [...others, sha256];
    this.#rows.put('registry', { kind: 'registry', view, unloaded });
    return outcome.kind === 'refused' ? outcome.reason : outcome.kind;
  }

  takePosture(record: PostureRecord, at: Moment): void {
    if (record.scope !== this.#scope.postureScope) return;
    const held = this.#row('posture');
    const same =
      held?.posture.posture_seq === record.posture_seq && held.posture.mode === record.mode;
    // A heartbeat keeps the object, and with it what was resolved under it.
    const posture: Posture = same
      ? held.posture
      : {
          scope: record.scope,
          posture_seq: record.posture_seq,
          mode: record.mode,
          capabilities_mask: record.capabilities_mask,
          policy_rev: record.policy_rev,
          reason: record.reason,
          decided_at_ms: record.decided_at_ms,
        };
    this.#rows.put('posture', { kind: 'posture', posture, heardAtMs: at.timeMs });
  }

  get policy(): Policy | undefined {
    const row = this.#row('policy');
    return row && policyOf({ content_digest: row.rev.content_digest, content: row.content });
  }

  /** K3: notes when the task goes live or starts catching up. */
  enter(at: Moment): void {
    const mode = this.#row('mode');
    if ((mode?.live ?? false) === at.live) return;
    this.#rows.put('mode', { kind: 'mode', live: at.live, sinceMs: at.timeMs });
  }

  /** Events waiting in this task. */
  get waiting(): number {
    return this.#row('load')?.waiting ?? 0;
  }

  addWaiting(change: number): void {
    this.#rows.put('load', { kind: 'load', waiting: this.waiting + change });
  }

  /** K1. */
  stamp(at: Moment, merchantId: string | undefined): Stamped {
    const policy = this.#row('policy');
    const posture = this.#posture(at, policy === undefined);
    const tenant = merchantId === undefined ? null : (this.#tenants.get(merchantId) ?? null);
    return {
      policyRev: policy?.rev ?? NO_POLICY,
      posture,
      resolution: this.#resolve(posture, tenant),
    };
  }

  #posture(at: Moment, noPolicy: boolean): Posture {
    const row = this.#row('posture');
    // K2.
    if (noPolicy) return this.#makeUp(row?.posture, 'FAIL_CLOSED', 'policy_missing');
    const sinceMs = this.#row('mode')?.sinceMs ?? at.timeMs;
    const heardAtMs = Math.max(row?.heardAtMs ?? 0, sinceMs);
    if (at.live && at.timeMs - heardAtMs > POSTURE_SILENCE_MS) {
      return this.#makeUp(row?.posture, 'FAIL_CLOSED', 'required_signal_gap:posture_store_health');
    }
    return row?.posture ?? this.#makeUp(undefined, 'NORMAL', 'no_posture_published');
  }

  /** A posture nobody published; equal inputs give the same object. */
  #makeUp(from: Posture | undefined, mode: 'NORMAL' | 'FAIL_CLOSED', reason: string): Posture {
    const last = this.#madeUp;
    if (last !== undefined && last.from === from && last.reason === reason) return last.posture;
    const posture: Posture = {
      scope: this.#scope.postureScope,
      posture_seq: from?.posture_seq ?? 0,
      mode,
      capabilities_mask: CAPABILITY_MASKS[mode],
      policy_rev: from?.policy_rev ?? NO_POLICY,
      reason,
      decided_at_ms: from?.decided_at_ms ?? 0,
    };
    this.#madeUp = { from, reason, posture };
    return posture;
  }

  #resolve(posture: Posture, tenant: string | null): Resolution {
    const registry = this.#row('registry');
    if (this.#resolvedFor?.registry !== registry || this.#resolvedFor?.posture !== posture) {
      this.#resolvedFor = { registry, posture };
      this.#resolved = new Map();
    }
    const name = tenant ?? '';
    const known = this.#resolved.get(name);
    if (known !== undefined) return known;
    const { environment, mode, slot } = this.#scope;
    const resolution = resolveBundle(
      registry?.view ?? EMPTY_REGISTRY,
      { environment, mode, bundle_slot: slot, tenant_id: tenant },
      {
        mask: posture.capabilities_mask,
        featureGroups: this.#groups,
        featureDefinitionHash: this.#plan.hash,
        inputContractVersion: this.#scope.inputContractVersion,
        isLoaded: (sha256) => !(registry?.unloaded.includes(sha256) ?? true),
      },
    );
    this.#resolved.set(name, resolution);
    return resolution;
  }
}
