/**
 * Options that several commands share.
 */
import { resolve } from 'node:path';

/** Where everything of one bus lies; `WEIR_DATA` names another default. */
export const DATA_OPTION = [
  '--data <dir>',
  'data directory',
  process.env['WEIR_DATA'] ?? 'data',
] as const;

export const dataDirOf = (data: string): string => resolve(data);
