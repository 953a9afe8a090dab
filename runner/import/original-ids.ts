/**
 * The ids of the imported file back from the ids of the run (ruling 1: reports and exports show the
 * original ids). An id that was hashed on its way in cannot be turned back and stays as it is.
 */
import type { IdSource, ImportMap } from './import-map.js';

export type OriginalField =
  'flow' | 'account' | 'merchant' | 'party' | 'instrument' | 'device' | 'ip' | 'session';

export const isOriginalField = (name: string): name is OriginalField =>
  ['flow', 'account', 'merchant', 'party', 'instrument', 'device', 'ip', 'session'].includes(name);

/** The file's id of `field`, in decimal digits. */
export function originalId({ transactions }: ImportMap, field: OriginalField, id: string): string {
  const raisedBy = raiseOf(transactions[field], transactions);
  if (raisedBy === undefined || !/^\d+$/.test(id)) return id;
  const original = BigInt(id) - BigInt(raisedBy);
  return original < 0n ? id : original.toString();
}

/** By how much an id was raised; undefined when it was hashed. */
function raiseOf(source: IdSource, map: ImportMap['transactions']): number | undefined {
  if (!('from' in source)) return source.as === 'hashed' ? undefined : source.add;
  const below = raiseOf(map[source.from], map);
  return below === undefined ? undefined : below + source.add;
}
