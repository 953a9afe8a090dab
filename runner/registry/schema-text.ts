/**
 * What makes two schema texts the same schema, and how a text with references becomes self-contained.
 *
 * canonical: attribute order and white space do not matter, everything else does (doc, aliases,
 * defaults, logical types). normalized: besides, type names are full, `namespace` attributes are
 * folded into them, and `{"type":"string"}` without more is `"string"`. A long default beyond 2^53 is
 * refused by the Avro parser, so JSON numbers lose nothing here.
 *
 * Errors: 42201. Source: Avro 1.11 specification, names and schema resolution; Confluent's `normalize`.
 */
import avro from 'avsc';
import { schemaModel } from '../../schemas/schema-model.js';
import { refuse } from './registry-error.js';

type Json = null | boolean | number | string | readonly Json[] | JsonObject;
interface JsonObject {
  readonly [key: string]: Json;
}

const PRIMITIVES = new Set([
  'null',
  'boolean',
  'int',
  'long',
  'float',
  'double',
  'bytes',
  'string',
]);
const NAMED = new Set(['record', 'error', 'enum', 'fixed']);

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isList = (value: Json | undefined): value is readonly Json[] => Array.isArray(value);

const parse = (text: string): Json => {
  try {
    return JSON.parse(text) as Json;
  } catch (cause) {
    // A bare primitive name is a schema too, and not JSON.
    if (PRIMITIVES.has(text.trim())) return text.trim();
    throw refuse.invalidSchema('the text is not JSON', cause);
  }
};

const sorted = (value: Json): Json => {
  if (isList(value)) return value.map(sorted);
  if (!isObject(value)) return value;
  const keys = Object.keys(value).sort();
  return Object.fromEntries(keys.map((key) => [key, sorted(value[key] ?? null)]));
};

const namespaceOf = (fullName: string): string =>
  fullName.includes('.') ? fullName.slice(0, fullName.lastIndexOf('.')) : '';

const qualify = (name: string, namespace: string): string =>
  name.includes('.') || namespace === '' || PRIMITIVES.has(name) ? name : `${namespace}.${name}`;

/** Full name of a named definition inside `namespace`. */
const definedName = (schema: JsonObject, namespace: string): string => {
  const own = typeof schema['namespace'] === 'string' ? schema['namespace'] : namespace;
  return qualify(typeof schema['name'] === 'string' ? schema['name'] : '', own);
};

const isNamed = (schema: JsonObject): boolean =>
  typeof schema['type'] === 'string' && NAMED.has(schema['type']);

type Visit = (name: string) => Json;

/** Rewrites every type position of a schema; `visit` answers for type names, already full. */
const rewriteTypes = (schema: Json, namespace: string, visit: Visit): Json => {
  if (typeof schema === 'string') return visit(qualify(schema, namespace));
  if (isList(schema)) return schema.map((branch) => rewriteTypes(branch, namespace, visit));
  if (!isObject(schema)) throw refuse.invalidSchema('a type is neither name, list nor object');
  if (isNamed(schema)) return rewriteNamed(schema, namespace, visit);
  const inner: Record<string, Json> = {};
  for (const [key, value] of Object.entries(schema)) {
    const isType =
      (key === 'items' && schema['type'] === 'array') ||
      (key === 'values' && schema['type'] === 'map') ||
      (key === 'type' && (typeof value !== 'string' || (value !== 'array' && value !== 'map')));
    inner[key] = isType ? rewriteTypes(value, namespace, visit) : value;
  }
  const keys = Object.keys(inner);
  return keys.length === 1 && keys[0] === 'type' ? (inner['type'] ?? null) : inner;
};

const rewriteNamed = (schema: JsonObject, namespace: string, visit: Visit): Json => {
  const name = definedName(schema, namespace);
  const rest = Object.fromEntries(Object.entries(schema).filter(([key]) => key !== 'namespace'));
  const fields = schema['fields'];
  if (!isList(fields)) return { ...rest, name };
  const inner = namespaceOf(name);
  const rewritten = fields.map((field) => {
    if (!isObject(field)) throw refuse.invalidSchema(`a field of ${name} is not an object`);
    if (field['type'] === undefined) throw refuse.invalidSchema(`a field of ${name} has no type`);
    return { ...field, type: rewriteTypes(field['type'], inner, visit) };
  });
  return { ...rest, name, fields: rewritten };
};

/** The identity of a schema text: equal for texts that differ only in spacing and attribute order. */
export const canonicalText = (text: string): string => JSON.stringify(sorted(parse(text)));

/** The text as stored and given back: the author's attribute order without the white space. */
export const compactText = (text: string): string => JSON.stringify(parse(text));

/** The normalized form; two texts with equal ones mean the same to every Avro reader. */
export const normalizedText = (text: string): string =>
  JSON.stringify(sorted(rewriteTypes(parse(text), '', (name) => name)));

/**
 * One JSON schema that needs no other: the first use of each referenced type becomes its definition.
 * `referenced` maps full names to self-contained texts. Errors: 42201 when the result is no schema.
 */
export const selfContained = (text: string, referenced: ReadonlyMap<string, string>): Json => {
  const defined = new Set<string>();
  // A text defining a name itself wins over a reference of that name.
  const visit = (name: string): Json => {
    const definition = referenced.get(name);
    if (definition === undefined || defined.has(name)) return name;
    defined.add(name);
    return withoutRepeats(parse(definition), defined, name);
  };
  return referenced.size === 0 ? parse(text) : rewriteTypes(parse(text), '', visit);
};

/** A definition whose nested named types, where already defined before, are named only. */
const withoutRepeats = (schema: Json, defined: Set<string>, root: string): Json => {
  const walk = (at: Json, namespace: string): Json => {
    if (isList(at)) return at.map((branch) => walk(branch, namespace));
    if (!isObject(at)) return at;
    let inner = namespace;
    if (isNamed(at)) {
      const name = definedName(at, namespace);
      if (name !== root && defined.has(name)) return name;
      defined.add(name);
      inner = namespaceOf(name);
    }
    const copy = Object.entries(at).map(([key, value]) =>
      key === 'fields' && isList(value)
        ? [key, value.map((field) => walkField(field, inner))]
        : [key, key === 'items' || key === 'values' || key === 'type' ? walk(value, inner) : value],
    );
    return Object.fromEntries(copy) as JsonObject;
  };
  const walkField = (field: Json, namespace: string): Json =>
    isObject(field) ? { ...field, type: walk(field['type'] ?? null, namespace) } : field;
  return walk(schema, '');
};

/**
 * Parses with the Avro library and with our own model, so that what cannot be read, or not be compared
 * later, is never registered. Errors: 42201.
 */
export const assertSchema = (schema: Json): void => {
  try {
    avro.Type.forSchema(schema as avro.Schema);
    schemaModel(schema);
  } catch (cause) {
    throw refuse.invalidSchema(cause instanceof Error ? cause.message : String(cause), cause);
  }
};

export type { Json };
