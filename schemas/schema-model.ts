/**
 * Avro schemas as a tree with their names resolved: what compatibility rules walk. A recursive type
 * is a cycle in the tree. Nothing here decodes; codecs use avsc.
 *
 * source: Avro 1.11 specification, "Schema Declaration", "Names", "Aliases".
 */
import { UsageError } from './errors.js';

export type SchemaJson = unknown;

export const PRIMITIVES = [
  'null',
  'boolean',
  'int',
  'long',
  'float',
  'double',
  'bytes',
  'string',
] as const;
export type Primitive = (typeof PRIMITIVES)[number];

export interface FieldModel {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly hasDefault: boolean;
  readonly type: SchemaModel;
}
interface Named {
  /** With its namespace. */
  readonly fullName: string;
  /** With their namespaces. */
  readonly aliases: readonly string[];
}
export interface RecordModel extends Named {
  readonly kind: 'record';
  readonly fields: readonly FieldModel[];
}
export interface EnumModel extends Named {
  readonly kind: 'enum';
  readonly symbols: readonly string[];
  readonly hasDefault: boolean;
}
export interface FixedModel extends Named {
  readonly kind: 'fixed';
  readonly size: number;
}
export type SchemaModel =
  | { readonly kind: Primitive }
  | { readonly kind: 'array'; readonly items: SchemaModel }
  | { readonly kind: 'map'; readonly values: SchemaModel }
  | { readonly kind: 'union'; readonly branches: readonly SchemaModel[] }
  | RecordModel
  | EnumModel
  | FixedModel;

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
const PRIMITIVE_NAMES: ReadonlySet<string> = new Set(PRIMITIVES);
const isPrimitive = (name: string): name is Primitive => PRIMITIVE_NAMES.has(name);

/** The name without its namespace. */
export const unqualified = (fullName: string): string =>
  fullName.slice(fullName.lastIndexOf('.') + 1);

const bad = (reason: string): UsageError => new UsageError(`not an Avro schema: ${reason}`);

type JsonNode = Readonly<Record<string, unknown>>;
const isNode = (value: unknown): value is JsonNode =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const listOf = (value: unknown, what: string): readonly unknown[] => {
  if (!Array.isArray(value)) throw bad(`${what} must be a list`);
  return value as readonly unknown[];
};
const textsOf = (value: unknown, what: string): readonly string[] =>
  value === undefined
    ? []
    : listOf(value, what).map((item) => {
        if (typeof item !== 'string') throw bad(`${what} must be a list of names`);
        return item;
      });

class Reader {
  readonly #named = new Map<string, SchemaModel>();

  model(schema: SchemaJson, namespace: string): SchemaModel {
    if (typeof schema === 'string') return this.#reference(schema, namespace);
    if (Array.isArray(schema)) return this.#union(schema, namespace);
    if (!isNode(schema))
      throw bad(`${JSON.stringify(schema)} is neither a name, a list nor an object`);
    const { type } = schema;
    switch (type) {
      case 'record':
      case 'error':
        return this.#record(schema, namespace);
      case 'enum':
        return this.#enum(schema, namespace);
      case 'fixed':
        return this.#fixed(schema, namespace);
      case 'array':
        return { kind: 'array', items: this.model(schema['items'], namespace) };
      case 'map':
        return { kind: 'map', values: this.model(schema['values'], namespace) };
      default:
        return this.model(type, namespace);
    }
  }

  #reference(name: string, namespace: string): SchemaModel {
    if (isPrimitive(name)) return { kind: name };
    const found = this.#named.get(qualify(name, namespace)) ?? this.#named.get(name);
    if (found === undefined) throw bad(`${name} is not defined before it is used`);
    return found;
  }

  #union(branches: readonly unknown[], namespace: string): SchemaModel {
    const models = branches.map((branch) => this.model(branch, namespace));
    const keys = models.map((model) => ('fullName' in model ? model.fullName : model.kind));
    if (keys.includes('union')) throw bad('a union directly inside a union');
    const twice = keys.find((key, index) => keys.indexOf(key) !== index);
    if (twice !== undefined) throw bad(`${twice} twice in one union`);
    return { kind: 'union', branches: models };
  }

  #names(schema: JsonNode, namespace: string): Named & { readonly namespace: string } {
    const { name, namespace: own } = schema;
    if (typeof name !== 'string' || !name.split('.').every((part) => NAME.test(part))) {
      throw bad(`${JSON.stringify(name)} is not a name`);
    }
    const fullName = qualify(name, typeof own === 'string' ? own : namespace);
    if (this.#named.has(fullName) || isPrimitive(fullName))
      throw bad(`${fullName} is defined twice`);
    const inside = fullName.slice(0, Math.max(0, fullName.lastIndexOf('.')));
    const aliases = textsOf(schema['aliases'], 'aliases').map((alias) => qualify(alias, inside));
    return { fullName, aliases, namespace: inside };
  }

  #record(schema: JsonNode, outer: string): SchemaModel {
    const { fullName, aliases, namespace } = this.#names(schema, outer);
    const fields: FieldModel[] = [];
    const record: RecordModel = { kind: 'record', fullName, aliases, fields };
    // Known before its fields are read, so that a field may be of this very type.
    this.#named.set(fullName, record);
    for (const field of listOf(schema['fields'], `fields of ${fullName}`)) {
      if (!isNode(field) || typeof field['name'] !== 'string' || !NAME.test(field['name'])) {
        throw bad(`a field of ${fullName} has no name`);
      }
      const { name } = field;
      if (fields.some((known) => known.name === name))
        throw bad(`${fullName}.${name} is there twice`);
      fields.push({
        name,
        aliases: textsOf(field['aliases'], 'aliases'),
        hasDefault: field['default'] !== undefined,
        type: this.model(field['type'], namespace),
      });
    }
    return record;
  }

  #enum(schema: JsonNode, outer: string): SchemaModel {
    const { fullName, aliases } = this.#names(schema, outer);
    const symbols = textsOf(schema['symbols'] ?? null, `symbols of ${fullName}`);
    if (new Set(symbols).size !== symbols.length) throw bad(`${fullName} has a symbol twice`);
    const preset = schema['default'];
    if (preset !== undefined && !symbols.some((symbol) => symbol === preset)) {
      throw bad(`the default of ${fullName} is not one of its symbols`);
    }
    const model: EnumModel = {
      kind: 'enum',
      fullName,
      aliases,
      symbols,
      hasDefault: preset !== undefined,
    };
    this.#named.set(fullName, model);
    return model;
  }

  #fixed(schema: JsonNode, outer: string): SchemaModel {
    const { fullName, aliases } = this.#names(schema, outer);
    const { size } = schema;
    if (typeof size !== 'number' || !Number.isInteger(size) || size < 0)
      throw bad(`${fullName} has no size`);
    const model: FixedModel = { kind: 'fixed', fullName, aliases, size };
    this.#named.set(fullName, model);
    return model;
  }
}

const qualify = (name: string, namespace: string): string =>
  name.includes('.') || namespace === '' ? name : `${namespace}.${name}`;

/** The tree of a schema given as parsed JSON. Throws UsageError when it is none. */
export const schemaModel = (schema: SchemaJson): SchemaModel => new Reader().model(schema, '');
