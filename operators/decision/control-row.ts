/**
 * The rows a joining task keeps of its control topics, and their bytes.
 */
import { packCodec } from '../../state/codec.js';
import type { Codec, KeyedStoreSpec } from '../../state/port.js';
import { keyedStore } from '../../state/store.js';
import type { PolicyRev, Posture } from '../degrade/ladder.js';
import type { RegisteredBundle, RegistryView, ScopeState } from '../registry/registry-view.js';

export type ControlRow =
  | { readonly kind: 'policy'; readonly rev: PolicyRev; readonly content: string }
  | {
      readonly kind: 'registry';
      readonly view: RegistryView;
      /** Bundles whose bytes could not be loaded when a record last named them. */
      readonly unloaded: readonly string[];
    }
  | { readonly kind: 'posture'; readonly posture: Posture; readonly heardAtMs: number }
  | { readonly kind: 'mode'; readonly live: boolean; readonly sinceMs: number }
  | { readonly kind: 'load'; readonly waiting: number };

type RegistryRow = Extract<ControlRow, { readonly kind: 'registry' }>;

/** A registry view as lists: stored values hold no Maps. */
interface PackedRegistry {
  readonly kind: 'registry';
  readonly scopes: readonly (readonly [
    name: string,
    state: Omit<ScopeState, 'bundles'>,
    bundles: readonly (readonly [key: string, bundle: RegisteredBundle])[],
  ])[];
  readonly seen: readonly string[];
  readonly unloaded: readonly string[];
}

type Packed = Exclude<ControlRow, RegistryRow> | PackedRegistry;

const packed = packCodec<Packed>();

const pack = ({ view, unloaded }: RegistryRow): PackedRegistry => ({
  kind: 'registry',
  scopes: [...view.scopes].map(([name, { scope, active, fallback, bundles }]) => [
    name,
    { scope, active, fallback },
    [...bundles],
  ]),
  seen: [...view.seen],
  unloaded,
});

const unpack = ({ scopes, seen, unloaded }: PackedRegistry): RegistryRow => ({
  kind: 'registry',
  view: {
    scopes: new Map(
      scopes.map(([name, state, bundles]) => [name, { ...state, bundles: new Map(bundles) }]),
    ),
    seen: new Set(seen),
  },
  unloaded,
});

export const controlCodec: Codec<ControlRow> = {
  encode: (row) => packed.encode(row.kind === 'registry' ? pack(row) : row),
  decode: (bytes, version) => {
    const row = packed.decode(bytes, version);
    return row.kind === 'registry' ? unpack(row) : row;
  },
};

export const controlStore = (): KeyedStoreSpec<ControlRow> =>
  keyedStore<ControlRow>({ keysMax: 16, codec: controlCodec });
