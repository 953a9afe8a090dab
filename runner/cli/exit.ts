/**
 * Exit codes, and the one place where an error becomes a line for a person.
 *
 * 0 done; 1 ran and found a difference; 2 wrong use; 3 halted.
 */
import { UsageError, WeirError } from '../../schemas/errors.js';

export const EXIT = { done: 0, difference: 1, usage: 2, halted: 3 } as const;

/** The line to print and the code to exit with. */
export function explain(error: unknown): { readonly line: string; readonly code: number } {
  if (error instanceof UsageError) return { line: error.message, code: EXIT.usage };
  if (error instanceof WeirError) {
    const origin = error.origin === undefined ? '' : ` [${error.origin}]`;
    return { line: `${error.code}${origin}: ${error.message}`, code: EXIT.halted };
  }
  // Not one of ours: a defect, so the stack is worth more than a short line.
  const line = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { line: `unexpected: ${line}`, code: EXIT.halted };
}
