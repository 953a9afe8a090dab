/**
 * JSON as `runner read` prints it, back into the value an Avro type encodes: bytes from hex, fields
 * checked by name, everything else as it stands.
 *
 * Numbers beyond 2^53 are refused by Avro's long; 64-bit ids are text on weir's topics, so no digit is
 * ever rounded. fails: MisfitError naming the path.
 */
import avro from 'avsc';

export class MisfitError extends Error {}

const { types } = avro;
const HEX = /^([0-9a-f]{2})*$/i;

/** The value to encode with `type`; throws MisfitError where `json` does not fit. */
export function avroFromJson(type: avro.Type, json: unknown): unknown {
  const value = convert(type, json, []);
  type.isValid(value, {
    noUndeclaredFields: true,
    errorHook: (path: readonly string[], part: unknown, expected: avro.Type) => {
      throw misfit(path, part, expected.branchName ?? expected.typeName);
    },
  });
  return value;
}

function convert(type: avro.Type, json: unknown, path: readonly string[]): unknown {
  if (type instanceof types.RecordType) return record(type, json, path);
  if (type instanceof types.ArrayType && Array.isArray(json)) {
    return json.map((item, at) => convert(type.itemsType, item, [...path, String(at)]));
  }
  if (type instanceof types.MapType && isObject(json)) {
    const values = type.valuesType as avro.Type;
    return Object.fromEntries(
      Object.entries(json).map(([name, item]) => [name, convert(values, item, [...path, name])]),
    );
  }
  if (type instanceof types.BytesType || type instanceof types.FixedType) {
    if (typeof json !== 'string' || !HEX.test(json)) throw misfit(path, json, 'bytes in hex');
    return Buffer.from(json, 'hex');
  }
  if (type instanceof types.WrappedUnionType) return wrapped(type, json, path);
  if (type instanceof types.UnwrappedUnionType) return unwrapped(type, json, path);
  return json;
}

function record(type: avro.types.RecordType, json: unknown, path: readonly string[]): unknown {
  if (!isObject(json)) throw misfit(path, json, type.name ?? 'record');
  const known = new Set(type.fields.map(({ name }) => name));
  const strange = Object.keys(json).find((name) => !known.has(name));
  if (strange !== undefined) {
    throw new MisfitError(
      `${[...path, strange].join('.')} is no field of ${type.name ?? 'the record'}`,
    );
  }
  const value: Record<string, unknown> = {};
  for (const { name, type: inner } of type.fields) {
    // Absent: Avro puts in the default, or names the field.
    if (name in json) value[name] = convert(inner, json[name], [...path, name]);
  }
  return value;
}

function wrapped(
  type: avro.types.WrappedUnionType,
  json: unknown,
  path: readonly string[],
): unknown {
  if (json === null) return null;
  const branches = type.types.map((one) => one.branchName ?? one.typeName);
  const [name, ...more] = isObject(json) ? Object.keys(json) : [];
  const branch = type.types.find((one) => (one.branchName ?? one.typeName) === name);
  if (!isObject(json) || name === undefined || more.length > 0 || !branch) {
    throw misfit(path, json, `an object with one of ${branches.join(', ')}`);
  }
  return { [name]: convert(branch, json[name], [...path, name]) };
}

function unwrapped(
  type: avro.types.UnwrappedUnionType,
  json: unknown,
  path: readonly string[],
): unknown {
  let reason: unknown;
  for (const branch of type.types) {
    try {
      const value = convert(branch, json, path);
      if (branch.isValid(value)) return value;
    } catch (error) {
      if (!(error instanceof MisfitError)) throw error;
      reason ??= error;
    }
  }
  const names = type.types.map((one) => one.branchName ?? one.typeName);
  throw reason instanceof MisfitError && isObject(json)
    ? reason
    : misfit(path, json, names.join(' or '));
}

const isObject = (json: unknown): json is Readonly<Record<string, unknown>> =>
  typeof json === 'object' && json !== null && !Array.isArray(json);

function misfit(path: readonly string[], found: unknown, expected: string): MisfitError {
  const shown = found === undefined ? 'missing' : JSON.stringify(found).slice(0, 60);
  return new MisfitError(`${path.join('.') || 'the value'} is ${shown}, expected ${expected}`);
}
