/**
 * Writes what is derived from the .avsc files and the code table, so that nobody keeps it by hand:
 * schemas/generated/<name>.ts (one interface per record, and the schema's JSON text as a const, so
 * that compiled code reads no files), docs/codes.md, and the list of codes in quarantine.avsc.
 * `--check` writes nothing and exits 1 when something is stale; test/schemas runs it.
 */
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { HOT, writersOf } from './generate-writers.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const avroFolder = join(root, 'schemas/avro');
const outFolder = join(root, 'schemas/generated');
const check = process.argv.includes('--check');
const stale = [];

function put(path, text) {
  let before = null;
  try {
    before = readFileSync(path, 'utf8');
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
  if (before === text) return;
  stale.push(path.slice(root.length + 1));
  if (!check) writeFileSync(path, text);
}

const PRIMITIVES = {
  null: 'null',
  boolean: 'boolean',
  int: 'number',
  long: 'number',
  float: 'number',
  double: 'number',
  string: 'string',
  bytes: 'Buffer',
};
const shortName = (name) => name.split('.').at(-1);
const pascal = (name) => name.replace(/(^|-)([a-z])/g, (_, _dash, letter) => letter.toUpperCase());
const camel = (name) => pascal(name).replace(/^./, (letter) => letter.toLowerCase());
const comment = (text, indent) =>
  text ? `${indent}/** ${text.replaceAll('*/', '*\\/')} */\n` : '';

const fixedNames = new Set();

/** The TypeScript type of an Avro type; declarations of named types are pushed to `into`, once each. */
function typeOf(schema, into) {
  if (typeof schema === 'string') {
    return PRIMITIVES[schema] ?? (fixedNames.has(shortName(schema)) ? 'Buffer' : shortName(schema));
  }
  if (Array.isArray(schema)) return unionOf(schema, into);
  switch (schema.type) {
    case 'record':
      into.push(recordOf(schema, into));
      return schema.name;
    case 'enum': {
      const list = schema.symbols.map((symbol) => `'${symbol}'`);
      const constant = `${schema.name.replace(/^./, (letter) => letter.toLowerCase())}Symbols`;
      into.push(
        `${comment(schema.doc, '')}export const ${constant} = [${list.join(', ')}] as const;\n` +
          `export type ${schema.name} = (typeof ${constant})[number];\n`,
      );
      return schema.name;
    }
    case 'fixed':
      fixedNames.add(schema.name);
      return 'Buffer';
    case 'array': {
      const item = typeOf(schema.items, into);
      return `readonly ${item.includes('|') ? `(${item})` : item}[]`;
    }
    case 'map':
      return `Readonly<Record<string, ${typeOf(schema.values, into)}>>`;
    default:
      return typeOf(schema.type, into);
  }
}

/** Branches of several records are wrapped by full name, as in Avro's own JSON encoding. */
function unionOf(branches, into) {
  const records = branches.filter((branch) => branch.type === 'record');
  if (records.length < 2) return branches.map((branch) => typeOf(branch, into)).join(' | ');
  return branches
    .map((branch) => {
      const type = typeOf(branch, into);
      return `{ readonly '${branch.namespace}.${branch.name}': ${type} }`;
    })
    .join(' | ');
}

function recordOf(schema, into) {
  const lines = schema.fields.map(
    (field) =>
      `${comment(field.doc, '  ')}  readonly ${field.name}: ${typeOf(field.type, into)};\n`,
  );
  return `${comment(schema.doc, '')}export interface ${schema.name} {\n${lines.join('')}}\n`;
}

function generate(file) {
  const name = basename(file, '.avsc');
  const schema = JSON.parse(readFileSync(join(avroFolder, file), 'utf8'));
  const into = [];
  const type = typeOf(schema, into);
  if (Array.isArray(schema)) into.push(`export type ${pascal(name)} = ${type};\n`);
  const text = JSON.stringify(schema).replaceAll('\\', '\\\\').replaceAll("'", "\\'");
  return (
    `// Generated from schemas/avro/${file} by scripts/generate-types.mjs; edit that file instead.\n` +
    `${into.join('')}export const ${camel(name)}Schema =\n  '${text}';\n`
  );
}

/** The code table, read from its source text: Node 20 cannot import TypeScript. */
function readCodes() {
  const source = readFileSync(join(root, 'schemas/codes.ts'), 'utf8');
  const entry =
    /^ {2}([A-Z][A-Z0-9_]*): code\(\s*'(divert|retry|halt)',\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"),?\s*\)/gm;
  const rows = [...source.matchAll(entry)].map(([, code, disposition, single, double]) => ({
    code,
    disposition,
    meaning: (single ?? double).replace(/\\(.)/g, '$1'),
  }));
  const declared = [...source.matchAll(/^ {2}([A-Z][A-Z0-9_]*):/gm)].length;
  if (rows.length !== declared)
    throw new Error(`codes.ts: ${declared} codes, ${rows.length} readable`);
  return rows;
}

function codesPage(rows) {
  const sections = [
    [
      'divert',
      'The record goes to the quarantine topic with its bytes and origin; the partition goes on.',
    ],
    ['retry', 'A border tries again later; nothing is lost.'],
    [
      'halt',
      'An invariant or a declaration is broken: the task stops before committing anything further.',
    ],
  ];
  const body = sections.map(([disposition, text]) => {
    const list = rows
      .filter((row) => row.disposition === disposition)
      .map((row) => `- \`${row.code}\`: ${row.meaning}`);
    return `## ${disposition}\n\n${text}\n\n${list.join('\n')}\n`;
  });
  return `# Codes\n\nGenerated from schemas/codes.ts by \`npm run generate\`. A code is wire format and is never renamed.\n\n${body.join('\n')}`;
}

const codes = readCodes();
put(join(root, 'docs/codes.md'), codesPage(codes));
const quarantinePath = join(avroFolder, 'quarantine.avsc');
const quarantine = JSON.parse(readFileSync(quarantinePath, 'utf8'));
quarantine.fields.find((field) => field.name === 'code').codes = codes.map((row) => row.code);
put(quarantinePath, JSON.stringify(quarantine, null, 2) + '\n');

mkdirSync(outFolder, { recursive: true });
const files = readdirSync(avroFolder).filter((file) => file.endsWith('.avsc'));
for (const file of files) put(join(outFolder, `${basename(file, '.avsc')}.ts`), generate(file));
for (const name of HOT) {
  const schema = JSON.parse(readFileSync(join(avroFolder, `${name}.avsc`), 'utf8'));
  put(join(outFolder, `${name}-writer.ts`), writersOf(name, schema));
}
const known = new Set([
  ...files.map((file) => `${basename(file, '.avsc')}.ts`),
  ...HOT.map((name) => `${name}-writer.ts`),
]);
for (const file of readdirSync(outFolder)) {
  if (known.has(file)) continue;
  stale.push(`schemas/generated/${file}`);
  if (!check) rmSync(join(outFolder, file));
}
if (stale.length > 0) {
  console.log(`${check ? 'stale (run npm run generate)' : 'written'}: ${stale.join(', ')}`);
  if (check) process.exitCode = 1;
}
