/** What is derived from the .avsc files and from codes.ts is up to date, and names mean one thing. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { CODES } from '../../schemas/codes.js';
import { canonicalText, type Canonical } from '../../schemas/canonical.js';
import { avroType } from '../../schemas/codec.js';
import { topics } from '../../schemas/topics.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const avroFolder = `${root}schemas/avro/`;
const files = readdirSync(avroFolder);
const read = (file: string): unknown => JSON.parse(readFileSync(avroFolder + file, 'utf8'));

describe('generated files', () => {
  it('are what scripts/generate-types.mjs would write now (else: npm run generate)', () => {
    const said = execFileSync(process.execPath, [`${root}scripts/generate-types.mjs`, '--check'], {
      encoding: 'utf8',
    });
    expect(said).toBe('');
  });

  it('hold the schema of their file, and each topic has one of them', () => {
    const texts = new Set(files.map((file) => JSON.stringify(read(file))));
    for (const topic of Object.values(topics)) expect(texts).toContain(topic.schema);
  });
});

describe('codes', () => {
  const codes = Object.keys(CODES);
  it('are the list in the quarantine schema', () => {
    const quarantine = read('quarantine.avsc') as {
      fields: readonly { name: string; codes?: readonly string[] }[];
    };
    expect(quarantine.fields.find((field) => field.name === 'code')?.codes).toEqual(codes);
  });

  it('are each documented once in docs/codes.md, under what happens to the record', () => {
    const page = readFileSync(`${root}docs/codes.md`, 'utf8');
    const documented = page.split('\n## ').flatMap((section) => {
      const [disposition = ''] = section.split('\n');
      return [...section.matchAll(/^- `([A-Z0-9_]+)`: (.+)$/gm)].map(
        ([, code = '', meaning = '']) => `${code} ${disposition} ${meaning}`,
      );
    });
    const expected = Object.entries(CODES).map(
      ([code, { disposition, meaning }]) => `${code} ${disposition} ${meaning}`,
    );
    expect(documented.sort()).toEqual(expected.sort());
  });
});

/** Every definition of a named type in a schema. */
function* definitions(schema: unknown): Generator<[string, unknown]> {
  if (Array.isArray(schema)) {
    for (const item of schema as readonly unknown[]) yield* definitions(item);
  } else if (typeof schema === 'object' && schema !== null) {
    if ('name' in schema && 'namespace' in schema) yield [String(schema.name), schema];
    for (const value of Object.values(schema) as readonly unknown[]) yield* definitions(value);
  }
}

/** A definition with inner definitions as names, so that where they stand does not matter. */
const flat = (schema: unknown, top = true): Canonical => {
  if (Array.isArray(schema)) return schema.map((item: unknown) => flat(item, false));
  if (typeof schema !== 'object' || schema === null) return schema as Canonical;
  if (!top && 'name' in schema && 'namespace' in schema) return `weir.${String(schema.name)}`;
  return Object.fromEntries(
    Object.entries(schema).map(([key, value]: [string, unknown]) => [key, flat(value, false)]),
  );
};

describe('schemas', () => {
  it.each(files)('%s is an Avro schema', (file) => {
    expect(() => avroType(JSON.stringify(read(file)))).not.toThrow();
  });

  it('give a name one meaning in all files', () => {
    const known = new Map<string, string>();
    let repeated = 0;
    for (const file of files) {
      for (const [name, schema] of definitions(read(file))) {
        const text = canonicalText(flat(schema));
        const before = known.get(name);
        if (before !== undefined) {
          repeated += 1;
          expect(`${file} ${name} ${text}`).toBe(`${file} ${name} ${before}`);
        }
        known.set(name, text);
      }
    }
    expect(repeated).toBeGreaterThan(10);
  });

  it('keep payload_hash out of decisions and inside audit records (ruling 7)', () => {
    expect(topics.rtdl.schema).not.toContain('payload_hash');
    expect(topics.audit.schema).toContain('payload_hash');
  });

  it('keep truth fields out of all that is decided from or published', () => {
    const withTruth = Object.values(topics)
      .filter((topic) => /fraud_flag|campaign_id/.test(topic.schema))
      .map((topic) => topic.name);
    expect(withTruth.sort()).toEqual([
      'fp.bus.context.flow_anchor.baseline.v1',
      'fp.bus.context.flow_anchor.fraud.v1',
      'fp.bus.traffic.baseline.v1',
      'fp.bus.traffic.fraud.v1',
    ]);
  });
});
