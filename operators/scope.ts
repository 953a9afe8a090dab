/**
 * The scope of a key: its run first, so that runs never see each other's state (DESIGN section 6).
 * Byte layout: `state/keys.ts`.
 */
import { keyParts, scopedKey } from '../state/keys.js';

export const joinScope = (run: string, key: string): string => scopedKey(run, key);

export function splitScope(scope: string): { readonly run: string; readonly key: string } {
  const [run, key] = keyParts(scope) ?? [];
  return { run: typeof run === 'string' ? run : '', key: typeof key === 'string' ? key : '' };
}
