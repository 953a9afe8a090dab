/**
 * Reader schemas that keep only the fields a consumer needs: what is not named is skipped in the
 * bytes and never becomes an object. Works through records, not through unions, arrays or maps.
 */
import { UsageError } from './errors.js';

/** Which fields to keep: true for a whole field, or a selection inside a nested record. */
export type Selection<T> = { readonly [K in keyof T]?: true | Inside<T[K]> };
type Inside<V> = V extends readonly unknown[] | Uint8Array
  ? never
  : V extends object
    ? Selection<V>
    : never;

/** What a selection leaves of a type. */
export type Projected<T, S> = {
  readonly [K in keyof S & keyof T]: S[K] extends true ? T[K] : Projected<T[K], S[K]>;
};

interface SchemaNode {
  readonly type: unknown;
  readonly name?: string;
  readonly fields?: readonly FieldNode[];
}
interface FieldNode {
  readonly name: string;
  readonly type: unknown;
}
const isNode = (value: unknown): value is SchemaNode =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && 'type' in value;

function pick(schema: unknown, selection: object, path: string): object {
  if (!isNode(schema) || schema.type !== 'record' || schema.fields === undefined) {
    throw new UsageError(`projection: ${path} is not a record`);
  }
  const wanted = new Map<string, unknown>(Object.entries(selection));
  const fields = schema.fields
    .filter((field) => wanted.has(field.name))
    .map((field) => {
      const inner = wanted.get(field.name);
      wanted.delete(field.name);
      if (inner === true) return field;
      if (typeof inner !== 'object' || inner === null) {
        throw new UsageError(`projection: ${path}.${field.name} must be true or a selection`);
      }
      return { ...field, type: pick(field.type, inner, `${path}.${field.name}`) };
    });
  for (const name of wanted.keys())
    throw new UsageError(`projection: ${path} has no field ${name}`);
  return { ...schema, fields };
}

/** JSON text of the reader schema that keeps only what `selection` names, in the order of the schema. */
export function projectSchema(schemaJson: string, selection: object): string {
  const schema: unknown = JSON.parse(schemaJson);
  return JSON.stringify(
    pick(schema, selection, isNode(schema) ? (schema.name ?? 'value') : 'value'),
  );
}
