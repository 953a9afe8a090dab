/**
 * Options that several commands share.
 */
import { resolve } from 'node:path';
import { UsageError } from '../../schemas/errors.js';
import type { ClockKind } from '../bus/port.js';

/** Where everything of one bus lies; `WEIR_DATA` names another default. */
export const DATA_OPTION = [
  '--data <dir>',
  'data directory',
  process.env['WEIR_DATA'] ?? 'data',
] as const;

export const dataDirOf = (data: string): string => resolve(data);

export function clockOf(text: string | undefined): ClockKind | undefined {
  if (text === undefined || text === 'wall' || text === 'records') return text;
  throw new UsageError(`--clock is "${text}"; give wall or records.`);
}

export function wholeNumber(option: string, text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value)) return value;
  throw new UsageError(`${option} is "${text}"; give a whole number.`);
}
