/**
 * What a step threw, as an error with a code: ours as it is, anything else STEP_FAILED.
 */
import { DivertError, WeirError } from '../../schemas/errors.js';
import type { WiredNode } from '../../operators/wiring.js';

export function asWeirError(error: unknown, node: WiredNode): WeirError {
  if (error instanceof WeirError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new DivertError('STEP_FAILED', `Operator "${node.name}" failed: ${message}`, {
    cause: error,
  });
}
