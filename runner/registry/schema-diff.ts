/**
 * What changed between two Avro schemas, in words, field by field. For people: `runner schemas diff`.
 *
 * in: two self-contained schemas. out: one line per change, in the order of the newer schema, removed
 * fields last within their record; empty when nothing a reader or writer could notice changed.
 * A named type is compared once, at its first use.
 */
import type { Json } from './schema-text.js';

export interface SchemaChange {
  /** Dotted path of field names; `[]` for items, `{}` for map values; empty at the root. */
  readonly path: string;
  readonly words: string;
}

type Attributes = Readonly<Record<string, Json>>;

const isList = (value: Json | undefined): value is readonly Json[] => Array.isArray(value);
const isObject = (value: Json | undefined): value is Attributes =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A type in a few words: `string`, `list of long`, `weir.Pins or null`. */
const named = (type: Json | undefined): string => {
  if (typeof type === 'string') return type;
  if (isList(type)) {
    const branches = type.map(named);
    return [
      ...branches.filter((name) => name !== 'null'),
      ...branches.filter((n) => n === 'null'),
    ].join(' or ');
  }
  if (!isObject(type)) return 'nothing';
  if (type['type'] === 'array') return `list of ${named(type['items'])}`;
  if (type['type'] === 'map') return `map of ${named(type['values'])}`;
  const name = typeof type['name'] === 'string' ? type['name'] : named(type['type']);
  const space = typeof type['namespace'] === 'string' ? `${type['namespace']}.` : '';
  const logical = typeof type['logicalType'] === 'string' ? ` (${type['logicalType']})` : '';
  return `${name.includes('.') ? '' : space}${name}${logical}`;
};

const kindOf = (type: Json | undefined): string => {
  if (isList(type)) return 'union';
  if (isObject(type)) return typeof type['type'] === 'string' ? type['type'] : kindOf(type['type']);
  return typeof type === 'string' ? type : 'nothing';
};

const fieldName = (field: Attributes): string =>
  typeof field['name'] === 'string' ? field['name'] : '';
const text = (value: Json | undefined): string => JSON.stringify(value ?? null);

class Comparison {
  readonly changes: SchemaChange[] = [];
  readonly #seen = new Set<string>();

  compare(path: string, before: Json | undefined, after: Json | undefined): void {
    if (isList(before) && isList(after)) this.#union(path, before, after);
    else if (isObject(before) && isObject(after) && kindOf(before) === kindOf(after))
      this.#sameKind(path, before, after);
    // A name alone stands for a definition compared where it is given.
    else if (named(before) !== named(after))
      this.#say(path, `was ${named(before)}, is ${named(after)}`);
    else if (isObject(before) && isObject(after))
      this.#say(
        path,
        `was ${kindOf(before)} ${named(before)}, is ${kindOf(after)} ${named(after)}`,
      );
  }

  #sameKind(path: string, before: Attributes, after: Attributes): void {
    if (text(before['logicalType']) !== text(after['logicalType']))
      this.#say(path, `was ${named(before)}, is ${named(after)}`);
    switch (kindOf(after)) {
      case 'array':
        this.compare(`${path}[]`, before['items'], after['items']);
        break;
      case 'map':
        this.compare(`${path}{}`, before['values'], after['values']);
        break;
      case 'record':
      case 'error':
        this.#record(path, before, after);
        break;
      case 'enum':
        this.#enum(path, before, after);
        break;
      case 'fixed':
        if (before['size'] !== after['size'])
          this.#say(path, `was ${text(before['size'])} bytes, is ${text(after['size'])}`);
        break;
      default:
    }
  }

  #say(path: string, words: string): void {
    this.changes.push({ path, words });
  }

  #renamed(path: string, before: Attributes, after: Attributes): void {
    if (named(before) !== named(after))
      this.#say(path, `the type was called ${named(before)}, is called ${named(after)}`);
    this.#listed(path, 'alias', before['aliases'], after['aliases']);
  }

  #listed(path: string, what: string, before: Json | undefined, after: Json | undefined): void {
    const from = isList(before) ? before.map(String) : [];
    const to = isList(after) ? after.map(String) : [];
    for (const item of to.filter((name) => !from.includes(name)))
      this.#say(path, `${what} ${item} added`);
    for (const item of from.filter((name) => !to.includes(name)))
      this.#say(path, `${what} ${item} removed`);
  }

  #enum(path: string, before: Attributes, after: Attributes): void {
    this.#renamed(path, before, after);
    this.#listed(path, 'symbol', before['symbols'], after['symbols']);
    this.#default(path, before, after);
  }

  #default(path: string, before: Attributes, after: Attributes): void {
    const [from, to] = [before['default'], after['default']];
    if (text(from) === text(to) && (from === undefined) === (to === undefined)) return;
    if (to === undefined) this.#say(path, `default ${text(from)} removed`);
    else if (from === undefined) this.#say(path, `default ${text(to)} added`);
    else this.#say(path, `default was ${text(from)}, is ${text(to)}`);
  }

  #union(path: string, before: readonly Json[], after: readonly Json[]): void {
    const from = new Map(before.map((branch) => [named(branch), branch]));
    const to = new Map(after.map((branch) => [named(branch), branch]));
    for (const [name, branch] of to) {
      const earlier = from.get(name);
      if (earlier === undefined) this.#say(path, `may now also be ${name}`);
      else this.compare(path, earlier, branch);
    }
    for (const name of from.keys()) if (!to.has(name)) this.#say(path, `may no longer be ${name}`);
  }

  #record(path: string, before: Attributes, after: Attributes): void {
    const name = named(after);
    if (this.#seen.has(name)) return;
    this.#seen.add(name);
    this.#renamed(path, before, after);
    const fieldsOf = (record: Attributes): ReadonlyMap<string, Attributes> => {
      const fields = isList(record['fields']) ? record['fields'].filter(isObject) : [];
      return new Map(fields.map((field) => [fieldName(field), field]));
    };
    const [from, to] = [fieldsOf(before), fieldsOf(after)];
    for (const [field, now] of to)
      this.#field(path === '' ? field : `${path}.${field}`, from.get(field), now);
    for (const [field, was] of from)
      if (!to.has(field))
        this.#say(path === '' ? field : `${path}.${field}`, `removed; was ${named(was['type'])}`);
  }

  #field(path: string, was: Attributes | undefined, now: Attributes): void {
    if (was === undefined) {
      const value = now['default'];
      const otherwise = value === undefined ? 'without a default' : `default ${text(value)}`;
      this.#say(path, `added: ${named(now['type'])}, ${otherwise}`);
      return;
    }
    this.compare(path, was['type'], now['type']);
    this.#default(path, was, now);
    this.#listed(path, 'alias', was['aliases'], now['aliases']);
    if (text(was['doc']) !== text(now['doc'])) this.#say(path, 'described differently');
  }
}

/** Every change from `before` to `after`. */
export const schemaDiff = (before: Json, after: Json): readonly SchemaChange[] => {
  const comparison = new Comparison();
  comparison.compare('', before, after);
  return comparison.changes;
};
