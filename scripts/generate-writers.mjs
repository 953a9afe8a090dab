/**
 * Writers of the hottest schemas as TypeScript: schemas/generated/<name>-writer.ts, straight-line code
 * that writes a value's Avro bytes to an AvroOut (schemas/avro-out.ts). Called by generate-types.mjs.
 */

/** Schemas written once or more per decision. */
export const HOT = ['rtdl-record', 'audit-record', 'snapshot'];

/** Records and lists of records whose values recur as the same object. */
const SHARED = new Set([
  'Pins',
  'PolicyRev',
  'BundleRef',
  'BundleResolution',
  'DecisionPosture',
  'FeatureSetRef',
  'GraphVersion',
]);
const SHARED_LISTS = new Set(['AppliedOffset']);

const PRIMITIVES = {
  string: 'text',
  int: 'long',
  long: 'long',
  double: 'double',
  boolean: 'flag',
  bytes: 'sized',
};
const lower = (name) => name.replace(/^./, (letter) => letter.toLowerCase());
const pascal = (name) => name.replace(/(^|-)([a-z])/g, (_, _dash, letter) => letter.toUpperCase());

class Writers {
  constructor() {
    this.named = new Map();
    this.functions = [];
    this.types = new Set();
    this.constants = new Set();
    this.shared = new Set();
  }

  /** An expression statement that writes `value` of a schema. */
  statement(schema, value) {
    if (Array.isArray(schema)) return this.union(schema, value);
    const name = typeof schema === 'string' ? schema : schema.type;
    if (typeof schema === 'object' && ['record', 'enum', 'fixed'].includes(name)) {
      this.declare(schema);
      return this.reference(schema.name, value);
    }
    if (name === 'array') return this.array(schema, value);
    if (PRIMITIVES[name]) return `out.${PRIMITIVES[name]}(${value});`;
    if (typeof name === 'string') return this.reference(name.split('.').at(-1), value);
    return this.statement(name, value);
  }

  reference(name, value) {
    const schema = this.named.get(name);
    if (!schema) throw new Error(`no writer for ${name}`);
    if (schema.type === 'enum') {
      const symbols = `${lower(name)}Symbols`;
      this.constants.add(symbols);
      return `out.symbol(${symbols}, ${value});`;
    }
    if (schema.type === 'fixed') return `out.fixed(${value}, ${schema.size});`;
    if (!SHARED.has(name)) return `write${name}(out, ${value});`;
    this.shared.add(name);
    return `out.shared(shared${name}, ${value}, write${name});`;
  }

  union(branches, value) {
    const [first, second] = branches;
    if (first !== 'null' || branches.length !== 2)
      throw new Error(`no writer for a union of ${branches.length}`);
    return `out.maybe(${value}, (out, value) => { ${this.statement(second, 'value')} });`;
  }

  array(schema, value) {
    if (JSON.stringify(schema.items) === '["null","double"]') return `out.maybeDoubles(${value});`;
    const item = this.statement(schema.items, 'item');
    const list = `out.list(${value}, (out, item) => { ${item} });`;
    const name = typeof schema.items === 'object' ? schema.items.name : undefined;
    if (!SHARED_LISTS.has(name)) return list;
    this.shared.add(`${name}s`);
    this.types.add(name);
    this.functions.push(
      `function write${name}s(out: AvroOut, value: readonly ${name}[]): void {\n  ${list.replace(value, 'value')}\n}\n`,
    );
    return `out.shared(shared${name}s, ${value}, write${name}s);`;
  }

  declare(schema) {
    if (this.named.has(schema.name)) return;
    this.named.set(schema.name, schema);
    if (schema.type !== 'record') return;
    this.types.add(schema.name);
    const lines = schema.fields.map((field) => this.statement(field.type, `value.${field.name}`));
    this.functions.push(
      `export function write${schema.name}(out: AvroOut, value: ${schema.name}): void {\n  ${lines.join('\n  ')}\n}\n`,
    );
  }

  /** Several records on one topic: wrapped by full name. */
  wrapped(name, branches) {
    this.types.add(name);
    const cases = branches.map((branch, index) => {
      this.declare(branch);
      const key = `'${branch.namespace}.${branch.name}'`;
      const body = `out.long(${index});\n    ${this.reference(branch.name, `value[${key}]`)}`;
      return index < branches.length - 1
        ? `if (${key} in value) {\n    ${body}\n  }`
        : `{\n    ${body}\n  }`;
    });
    this.functions.push(
      `export function write${name}(out: AvroOut, value: ${name}): void {\n  ${cases.join(' else ')}\n}\n`,
    );
  }
}

/** The text of a writer file, not yet formatted. */
export function writersOf(name, schema) {
  const writers = new Writers();
  if (Array.isArray(schema)) writers.wrapped(pascal(name), schema);
  else writers.declare(schema);
  const shared = [...writers.shared].map(
    (one) => `const shared${one}: SharedBytes = new WeakMap();\n`,
  );
  const types = [...writers.types].map((one) => `type ${one}`);
  const imported = [...writers.constants, ...types].join(', ');
  const out = writers.shared.size > 0 ? 'AvroOut, SharedBytes' : 'AvroOut';
  return (
    `// Generated from schemas/avro/${name}.avsc by scripts/generate-writers.mjs; edit that file instead.\n` +
    `import type { ${out} } from '../avro-out.js';\n` +
    `import { ${imported} } from './${name}.js';\n\n` +
    `${shared.join('')}\n${writers.functions.join('\n')}`
  );
}
