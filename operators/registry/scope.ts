/**
 * Where a bundle is in force. Field names are those of the registry record on the wire.
 *
 * source: spec platform section 13 (ScopeKey).
 */
export interface ScopeKey {
  readonly environment: string;
  readonly mode: string;
  readonly bundle_slot: string;
  /** Null is the global scope. */
  readonly tenant_id: string | null;
}

const escaped = (part: string): string => part.replaceAll('%', '%25').replaceAll('|', '%7C');

/** environment|mode|bundle_slot|tenant; the global scope ends in an empty part. */
export const scopeText = (scope: ScopeKey): string =>
  [scope.environment, scope.mode, scope.bundle_slot, scope.tenant_id ?? ''].map(escaped).join('|');

export const globalScope = (scope: ScopeKey): ScopeKey => ({ ...scope, tenant_id: null });
