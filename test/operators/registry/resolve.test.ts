import { describe, expect, it } from 'vitest';
import { CAPABILITY_MASKS } from '../../../operators/degrade/capability-mask.js';
import {
  BUNDLES_MAX,
  EMPTY_REGISTRY,
  EVENTS_REMEMBERED,
  registryStep,
  type BundleCompatibility,
  type RegistryRecord,
  type RegistryView,
} from '../../../operators/registry/registry-view.js';
import {
  NO_BUNDLE,
  resolveBundle,
  type ResolveContext,
} from '../../../operators/registry/resolve.js';
import { scopeText, type ScopeKey } from '../../../operators/registry/scope.js';

const GLOBAL: ScopeKey = {
  environment: 'local',
  mode: 'live',
  bundle_slot: 'fraud',
  tenant_id: null,
};
const TENANT: ScopeKey = { ...GLOBAL, tenant_id: 'acme' };

const NEEDS: BundleCompatibility = {
  required_feature_groups: [{ name: 'core_features', version: '1' }],
  feature_definition_hash: '',
  input_contract_version: 'v1',
  require_ieg: false,
  require_model_primary: true,
  require_model_stage2: false,
  require_fallback_heuristics: false,
  required_action_posture: 'STEP_UP_ONLY',
};

let eventNumber = 0;
const record = (
  event_type: RegistryRecord['event_type'],
  name: string,
  changes: Partial<RegistryRecord> = {},
): RegistryRecord => ({
  registry_event_id: `event-${(eventNumber += 1)}`,
  event_type,
  scope: GLOBAL,
  bundle_ref: {
    bundle_id: name.repeat(64),
    bundle_version: 'v1',
    registry_ref: `registry/${name}`,
  },
  bundle: { sha256: name.repeat(64), location: `bundles/${name}` },
  compatibility: NEEDS,
  safe_fallback: false,
  actor: { actor_id: 'ops:ann', source_type: 'HUMAN' },
  evidence_refs: [{ ref_type: 'eval_report', ref_id: 'r1' }],
  ...changes,
});

const apply = (
  records: readonly RegistryRecord[],
  view: RegistryView = EMPTY_REGISTRY,
): RegistryView =>
  records.reduce((at, next) => {
    const step = registryStep(at, next);
    expect(step.outcome).toEqual({ kind: 'applied' });
    return step.view;
  }, view);

const live = (name: string, changes: Partial<RegistryRecord> = {}): readonly RegistryRecord[] => [
  record('BUNDLE_PUBLISHED', name, changes),
  record('BUNDLE_APPROVED', name, changes),
  record('BUNDLE_PROMOTED_ACTIVE', name, changes),
];

const CONTEXT: ResolveContext = {
  mask: CAPABILITY_MASKS.NORMAL,
  featureGroups: new Map([
    ['core_features', '1'],
    ['velocity', '1'],
    ['entity_graph', '2'],
  ]),
  featureDefinitionHash: 'f'.repeat(64),
  inputContractVersion: 'v1',
  isLoaded: () => true,
};

const T = live('a', { scope: TENANT });
const G = live('b');
const TF = live('c', { scope: TENANT, safe_fallback: true });
const GF = live('d', { safe_fallback: true });

describe('scenario 71: resolution order, each step shown by removing the one before', () => {
  it.each([
    [
      'tenant ACTIVE',
      [...T, ...G, ...TF, ...GF],
      'RESOLVED',
      'a',
      ['ACTIVE_BUNDLE_RESOLVED:tenant'],
    ],
    [
      'global ACTIVE',
      [...G, ...TF, ...GF],
      'RESOLVED',
      'b',
      ['SCOPE_NOT_FOUND:tenant', 'ACTIVE_BUNDLE_RESOLVED:global'],
    ],
    [
      'the tenant fallback',
      [...TF, ...GF],
      'SAFE_FALLBACK',
      'c',
      ['SCOPE_NOT_FOUND:tenant', 'SCOPE_NOT_FOUND:global', 'FALLBACK_EXPLICIT'],
    ],
    [
      'BR3. the global fallback',
      [...GF],
      'SAFE_FALLBACK',
      'd',
      [
        'SCOPE_NOT_FOUND:tenant',
        'SCOPE_NOT_FOUND:global',
        'NO_EXPLICIT_FALLBACK:tenant',
        'FALLBACK_EXPLICIT',
      ],
    ],
  ] as const)('%s', (_name, records, outcome, name, reasons) => {
    const found = resolveBundle(apply(records), TENANT, CONTEXT);
    expect(found).toMatchObject({ outcome, sha256: name.repeat(64), reasons });
    expect(found.ref.bundle_id).toBe(name.repeat(64));
    expect(found.scope).toBe(scopeText('ac'.includes(name) ? TENANT : GLOBAL));
  });

  it('nothing left: FAIL_CLOSED', () => {
    expect(resolveBundle(EMPTY_REGISTRY, TENANT, CONTEXT)).toEqual({
      outcome: 'FAIL_CLOSED',
      scope: '',
      ref: NO_BUNDLE,
      sha256: null,
      reasons: [
        'SCOPE_NOT_FOUND:tenant',
        'SCOPE_NOT_FOUND:global',
        'NO_EXPLICIT_FALLBACK:tenant',
        'NO_EXPLICIT_FALLBACK:global',
        'FAIL_CLOSED_NO_COMPATIBLE_BUNDLE',
      ],
    });
  });
});

describe('scenario 72: what is incompatible is not used, and named', () => {
  const { mask } = CONTEXT;
  it.each([
    [
      'a feature group of another version',
      { required_feature_groups: [{ name: 'velocity', version: '2' }] },
      {},
      'FEATURE_GROUP_VERSION_MISMATCH:velocity',
    ],
    [
      'a feature group that does not exist',
      { required_feature_groups: [{ name: 'x', version: '1' }] },
      {},
      'FEATURE_GROUP_VERSION_MISMATCH:x',
    ],
    [
      'a masked feature group',
      { required_feature_groups: [{ name: 'velocity', version: '1' }] },
      { mask: CAPABILITY_MASKS.DEGRADED_2 },
      'CAPABILITY_MISMATCH:feature_group:velocity',
    ],
    [
      'another definition',
      { feature_definition_hash: '0'.repeat(64) },
      {},
      'FEATURE_DEFINITION_MISMATCH',
    ],
    ['another input contract', { input_contract_version: 'v2' }, {}, 'INPUT_CONTRACT_MISMATCH'],
    [
      'no graph',
      { require_ieg: true },
      { mask: { ...mask, ieg: false } },
      'CAPABILITY_MISMATCH:ieg',
    ],
    ['no primary', {}, { mask: { ...mask, primary: false } }, 'CAPABILITY_MISMATCH:primary'],
    [
      'no second stage',
      { require_model_stage2: true },
      { mask: { ...mask, stage2: false } },
      'CAPABILITY_MISMATCH:stage2',
    ],
    [
      'no heuristics',
      { require_fallback_heuristics: true },
      { mask: { ...mask, heuristics: false } },
      'CAPABILITY_MISMATCH:heuristics',
    ],
    [
      'a posture that is not NORMAL',
      { required_action_posture: 'NORMAL' },
      { mask: { ...mask, action_posture: 'STEP_UP_ONLY' } },
      'CAPABILITY_MISMATCH:action_posture',
    ],
    [
      'bytes that could not be loaded',
      {},
      { isLoaded: (sha: string) => sha !== 'a'.repeat(64) },
      'BUNDLE_NOT_LOADED',
    ],
  ] as const)('BR2. %s', (_name, needs, context, reason) => {
    const picky = live('a', { scope: TENANT, compatibility: { ...NEEDS, ...needs } });
    const alone = resolveBundle(apply(picky), TENANT, { ...CONTEXT, ...context });
    expect(alone.outcome).toBe('FAIL_CLOSED');
    expect(alone.reasons.slice(0, 2)).toEqual(['ACTIVE_BUNDLE_INCOMPATIBLE:tenant', reason]);
    // The same bundle without the fault is used: the reason is the fault's.
    expect(resolveBundle(apply(live('a', { scope: TENANT })), TENANT, CONTEXT).outcome).toBe(
      'RESOLVED',
    );
  });

  it('BR1. an incompatible tenant bundle gives way to the global one, and says so', () => {
    const view = apply([
      ...live('a', { scope: TENANT, compatibility: { ...NEEDS, input_contract_version: 'v2' } }),
      ...G,
    ]);
    expect(resolveBundle(view, TENANT, CONTEXT)).toMatchObject({
      outcome: 'RESOLVED',
      sha256: 'b'.repeat(64),
      reasons: [
        'ACTIVE_BUNDLE_INCOMPATIBLE:tenant',
        'INPUT_CONTRACT_MISMATCH',
        'ACTIVE_BUNDLE_RESOLVED:global',
      ],
    });
  });

  it('BR1. the fallback is checked as well', () => {
    const view = apply(
      live('d', { safe_fallback: true, compatibility: { ...NEEDS, require_ieg: true } }),
    );
    const found = resolveBundle(view, GLOBAL, { ...CONTEXT, mask: { ...mask, ieg: false } });
    expect(found.reasons).toEqual([
      'SCOPE_NOT_FOUND:global',
      'FALLBACK_INCOMPATIBLE:global',
      'CAPABILITY_MISMATCH:ieg',
      'FAIL_CLOSED_NO_COMPATIBLE_BUNDLE',
    ]);
  });
});

describe('registry view', () => {
  const refusalOf = (view: RegistryView, next: RegistryRecord): unknown => {
    const step = registryStep(view, next);
    expect(step.view.scopes).toBe(view.scopes);
    return step.outcome;
  };
  const refused = (reason: string) => ({ kind: 'refused', reason });
  const published = apply([record('BUNDLE_PUBLISHED', 'a')]);
  const approved = apply([record('BUNDLE_APPROVED', 'a')], published);
  const active = apply([record('BUNDLE_PROMOTED_ACTIVE', 'a')], approved);
  const second = apply(live('b'), active);
  const statusOf = (view: RegistryView, name: string) =>
    view.scopes.get(scopeText(GLOBAL))?.bundles.get(`${name.repeat(64)}@v1`)?.status;

  it('M1. a promotion supersedes the bundle before', () => {
    expect([statusOf(second, 'a'), statusOf(second, 'b')]).toEqual(['SUPERSEDED', 'ACTIVE']);
    expect(resolveBundle(second, GLOBAL, CONTEXT).sha256).toBe('b'.repeat(64));
  });

  it('M3. a rollback brings a former ACTIVE back', () => {
    const back = apply([record('BUNDLE_ROLLED_BACK', 'a')], second);
    expect([statusOf(back, 'a'), statusOf(back, 'b')]).toEqual(['ACTIVE', 'ROLLED_BACK']);
    expect(resolveBundle(back, GLOBAL, CONTEXT).sha256).toBe('a'.repeat(64));
  });

  it('M1. a superseded bundle can be retired and then never rolled back to', () => {
    const retired = apply([record('BUNDLE_RETIRED', 'a')], second);
    expect(statusOf(retired, 'a')).toBe('RETIRED');
    expect(refusalOf(retired, record('BUNDLE_ROLLED_BACK', 'a'))).toEqual(
      refused('ROLLBACK_TARGET_NEVER_ACTIVE'),
    );
  });

  it.each([
    [
      'M1. promotion of what is only published',
      published,
      record('BUNDLE_PROMOTED_ACTIVE', 'a'),
      'PROMOTE_FROM_PUBLISHED',
    ],
    [
      'M1. promotion of what was superseded',
      second,
      record('BUNDLE_PROMOTED_ACTIVE', 'a'),
      'PROMOTE_FROM_SUPERSEDED',
    ],
    [
      'M2. promotion without evidence',
      approved,
      record('BUNDLE_PROMOTED_ACTIVE', 'a', { evidence_refs: [] }),
      'EVIDENCE_MISSING',
    ],
    [
      'M2. promotion by nobody',
      approved,
      record('BUNDLE_PROMOTED_ACTIVE', 'a', { actor: { actor_id: '', source_type: 'HUMAN' } }),
      'ACTOR_MISSING',
    ],
    [
      'M2. a fallback that was not approved',
      published,
      record('BUNDLE_PROMOTED_ACTIVE', 'a', { safe_fallback: true }),
      'PROMOTE_FROM_PUBLISHED',
    ],
    [
      'M3. rollback to what never was active',
      apply([record('BUNDLE_PUBLISHED', 'c')], active),
      record('BUNDLE_ROLLED_BACK', 'c'),
      'ROLLBACK_TARGET_NEVER_ACTIVE',
    ],
    ['M4. retiring what is active', active, record('BUNDLE_RETIRED', 'a'), 'RETIRE_OF_ACTIVE'],
    ['M4. retiring the fallback', apply(GF), record('BUNDLE_RETIRED', 'd'), 'RETIRE_OF_FALLBACK'],
    [
      'approval of what was not published',
      EMPTY_REGISTRY,
      record('BUNDLE_APPROVED', 'a'),
      'BUNDLE_NOT_PUBLISHED',
    ],
    [
      'other bytes under a known name',
      published,
      record('BUNDLE_PUBLISHED', 'a', { bundle: { sha256: 'e'.repeat(64), location: 'x' } }),
      'PUBLISH_CONFLICT',
    ],
    [
      'approval of other bytes',
      published,
      record('BUNDLE_APPROVED', 'a', { bundle: { sha256: 'e'.repeat(64), location: 'x' } }),
      'BUNDLE_BYTES_DIFFER',
    ],
  ])('%s is refused', (_name, view, next, reason) => {
    expect(refusalOf(view, next)).toEqual(refused(reason));
  });

  it('M5. the same event again changes nothing', () => {
    const event = record('BUNDLE_PUBLISHED', 'a');
    const view = apply([event]);
    const again = registryStep(view, event);
    expect(again.outcome).toEqual({ kind: 'known' });
    expect(again.view).toBe(view);
  });

  it('R6. a scope holds at most BUNDLES_MAX bundles', () => {
    let view: RegistryView = EMPTY_REGISTRY;
    const numbered = (at: number) =>
      record('BUNDLE_PUBLISHED', 'a', {
        bundle_ref: { bundle_id: 'a'.repeat(64), bundle_version: `v${at}`, registry_ref: '' },
      });
    for (let at = 0; at < BUNDLES_MAX; at++) view = registryStep(view, numbered(at)).view;
    expect(refusalOf(view, numbered(BUNDLES_MAX))).toEqual(refused('REGISTRY_SCOPE_FULL'));
  });

  it('R6. remembers the last EVENTS_REMEMBERED event ids', () => {
    const seen = new Set(Array.from({ length: EVENTS_REMEMBERED }, (_, at) => `old-${at}`));
    const { view } = registryStep({ scopes: new Map(), seen }, record('BUNDLE_PUBLISHED', 'a'));
    expect(view.seen.size).toBe(EVENTS_REMEMBERED);
    expect([view.seen.has('old-0'), view.seen.has('old-1')]).toEqual([false, true]);
  });

  it('a separator inside a name cannot make two scopes one', () => {
    expect(scopeText({ ...GLOBAL, mode: 'live|fraud', bundle_slot: 'x' })).not.toBe(
      scopeText({ ...GLOBAL, mode: 'live', bundle_slot: 'fraud|x' }),
    );
  });
});
