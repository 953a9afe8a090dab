/**
 * Any record's value for people: decoded by the schema its bytes name, which is the one it was written
 * with, so that nothing a later schema dropped is hidden.
 */
import { avroType, WIRE_HEADER_BYTES } from '../../schemas/codec.js';
import { WeirError } from '../../schemas/errors.js';
import type { SchemaLookup } from '../../schemas/schema-lookup.js';

export interface ReadValue {
  /** The decoded value, or the bytes themselves when they cannot be decoded. */
  readonly value: unknown;
  /** Why they could not; undefined when they could. */
  readonly problem?: string;
}

export function readValue(lookup: SchemaLookup, bytes: Uint8Array | null): ReadValue {
  if (bytes === null) return { value: null };
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (buffer.length < WIRE_HEADER_BYTES || buffer[0] !== 0) {
    return { value: buffer, problem: 'not in the wire format of a registry' };
  }
  const id = buffer.readUInt32BE(1);
  const schema = lookup.byId(id);
  if (schema === undefined) return { value: buffer, problem: `the registry has no schema ${id}` };
  try {
    return { value: avroType(schema).fromBuffer(buffer.subarray(WIRE_HEADER_BYTES)) as unknown };
  } catch (cause) {
    if (cause instanceof WeirError) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    return { value: buffer, problem: `does not decode with schema ${id}: ${why}` };
  }
}
