import avro from 'avsc';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  compatibilityIssues,
  readingIssues,
  versionsChecked,
  COMPATIBILITY_LEVELS,
} from '../../schemas/compatibility.js';
import { UsageError } from '../../schemas/errors.js';
import { schemaModel, type SchemaJson } from '../../schemas/schema-model.js';

const record = (fields: readonly object[], rest: object = {}): SchemaJson => ({
  type: 'record',
  name: 'R',
  namespace: 'n',
  fields,
  ...rest,
});
const field = (name: string, type: SchemaJson, rest: object = {}): object => ({
  name,
  type,
  ...rest,
});
const rules = (reader: SchemaJson, writer: SchemaJson): readonly string[] =>
  readingIssues(reader, writer).map((issue) => `${issue.field}:${issue.rule}`);

describe('reading data of another schema', () => {
  it.each<[string, SchemaJson, SchemaJson, readonly string[]]>([
    ['the same', 'string', 'string', []],
    ['int as long', 'long', 'int', []],
    ['int as double', 'double', 'int', []],
    ['long as float', 'float', 'long', []],
    ['float as double', 'double', 'float', []],
    ['bytes as string', 'string', 'bytes', []],
    ['string as bytes', 'bytes', 'string', []],
    ['long as int', 'int', 'long', [':TYPE_MISMATCH']],
    ['double as float', 'float', 'double', [':TYPE_MISMATCH']],
    ['an optional field added', record([field('a', 'int', { default: 0 })]), record([]), []],
    [
      'a field added without default',
      record([field('a', 'int')]),
      record([]),
      ['a:READER_FIELD_MISSING_DEFAULT_VALUE'],
    ],
    [
      'a null default counts',
      record([field('a', ['null', 'int'], { default: null })]),
      record([]),
      [],
    ],
    ['a field removed', record([]), record([field('a', 'int')]), []],
    [
      'a field renamed, with alias',
      record([field('b', 'int', { aliases: ['a'] })]),
      record([field('a', 'int')]),
      [],
    ],
    [
      'a field changed inside',
      record([field('p', record([field('q', 'int')], { name: 'P' }))]),
      record([field('p', record([field('q', 'string')], { name: 'P' }))]),
      ['p.q:TYPE_MISMATCH'],
    ],
    [
      'items and values changed',
      record([
        field('l', { type: 'array', items: 'int' }),
        field('m', { type: 'map', values: 'int' }),
      ]),
      record([
        field('l', { type: 'array', items: 'long' }),
        field('m', { type: 'map', values: 'boolean' }),
      ]),
      ['l[]:TYPE_MISMATCH', 'm{}:TYPE_MISMATCH'],
    ],
    ['a record renamed', record([], { name: 'S' }), record([]), [':NAME_MISMATCH']],
    ['a record renamed, with alias', record([], { name: 'S', aliases: ['R'] }), record([]), []],
    ['another namespace', record([], { namespace: 'other' }), record([]), []],
    [
      'an enum symbol removed',
      { type: 'enum', name: 'E', symbols: ['A'] },
      { type: 'enum', name: 'E', symbols: ['A', 'B'] },
      [':MISSING_ENUM_SYMBOLS'],
    ],
    [
      'an enum symbol removed, with default',
      { type: 'enum', name: 'E', symbols: ['A'], default: 'A' },
      { type: 'enum', name: 'E', symbols: ['A', 'B'] },
      [],
    ],
    [
      'another enum',
      { type: 'enum', name: 'E', symbols: ['A'] },
      { type: 'enum', name: 'F', symbols: ['A'] },
      [':NAME_MISMATCH'],
    ],
    [
      'a fixed of another size',
      { type: 'fixed', name: 'F', size: 4 },
      { type: 'fixed', name: 'F', size: 8 },
      [':FIXED_SIZE_MISMATCH'],
    ],
    [
      'another fixed',
      { type: 'fixed', name: 'G', size: 4 },
      { type: 'fixed', name: 'F', size: 4 },
      [':NAME_MISMATCH'],
    ],
    ['a value made optional', ['null', 'int'], 'int', []],
    ['an optional value made required', 'int', ['null', 'int'], [':TYPE_MISMATCH']],
    ['a branch promoted', ['null', 'double'], ['null', 'int'], []],
    ['a branch removed', ['null', 'int'], ['null', 'int', 'string'], [':MISSING_UNION_BRANCH']],
    [
      'a record in a union changed',
      ['null', record([field('a', 'int')])],
      ['null', record([])],
      ['a:READER_FIELD_MISSING_DEFAULT_VALUE'],
    ],
    [
      'an array as a map',
      { type: 'map', values: 'int' },
      { type: 'array', items: 'int' },
      [':TYPE_MISMATCH'],
    ],
  ])('%s', (_, reader, writer, expected) => {
    expect(rules(reader, writer)).toEqual(expected);
  });

  it('says what is wrong where', () => {
    const [issue] = readingIssues(
      record([field('amount', 'double')]),
      record([field('amount', 'string')]),
    );
    expect(issue).toEqual({
      field: 'amount',
      rule: 'TYPE_MISMATCH',
      message: 'written as string, read as double',
    });
  });

  it('ends on recursive types, also through unions, and finds what is wrong in them', () => {
    const list = (value: string): SchemaJson =>
      record([field('value', value), field('next', ['null', 'n.R'])]);
    expect(rules(list('long'), list('int'))).toEqual([]);
    expect(rules(list('int'), list('long'))).toEqual(['value:TYPE_MISMATCH']);
  });

  it('a branch that fails leaves no trace: a later one is judged by itself', () => {
    const inner = (type: string): SchemaJson => record([field('x', type)], { name: 'X' });
    const reader = record([field('a', ['null', inner('int')]), field('b', 'n.X')]);
    const writer = record([field('a', ['null', inner('string')]), field('b', 'n.X')]);
    expect(rules(reader, writer)).toEqual(['a.x:TYPE_MISMATCH', 'b.x:TYPE_MISMATCH']);
  });

  it('refuses to compare schemas that would take for ever (bound: 200,000 steps)', () => {
    let schema: SchemaJson = record([], { name: 'R0' });
    for (let depth = 1; depth < 40; depth += 1) {
      schema = record([field('a', schema), field('b', `n.R${depth - 1}`)], { name: `R${depth}` });
    }
    expect(() => readingIssues(schema, schema)).toThrow(UsageError);
  });
});

describe('levels', () => {
  const old = record([field('a', 'int')]);
  const grown = record([field('a', 'int'), field('b', 'int')]);
  const found = (level: (typeof COMPATIBILITY_LEVELS)[number]): readonly string[] =>
    compatibilityIssues(level, grown, { version: 3, schema: old }).map(
      (issue) => `${issue.version} ${issue.field}`,
    );

  it('BACKWARD reads the old data, FORWARD lets the old reader read the new, FULL asks both, NONE nothing', () => {
    expect(found('BACKWARD')).toEqual(['3 b']);
    expect(found('FORWARD')).toEqual([]);
    expect(found('FULL')).toEqual(['3 b']);
    expect(found('BACKWARD_TRANSITIVE')).toEqual(['3 b']);
    expect(found('NONE')).toEqual([]);
    expect(
      compatibilityIssues('FORWARD', old, { version: 1, schema: grown }).map((issue) => issue.rule),
    ).toEqual(['READER_FIELD_MISSING_DEFAULT_VALUE']);
  });

  it('TRANSITIVE looks at all versions, the others at the last', () => {
    expect(COMPATIBILITY_LEVELS.map((level) => [level, versionsChecked(level, [1, 2, 3])])).toEqual(
      [
        ['NONE', []],
        ['BACKWARD', [3]],
        ['BACKWARD_TRANSITIVE', [1, 2, 3]],
        ['FORWARD', [3]],
        ['FORWARD_TRANSITIVE', [1, 2, 3]],
        ['FULL', [3]],
        ['FULL_TRANSITIVE', [1, 2, 3]],
      ],
    );
  });
});

describe('what is no schema', () => {
  it.each<[SchemaJson, RegExp]>([
    ['nothing', /nothing is not defined/],
    [7, /neither a name/],
    [['int', 'int'], /int twice/],
    [['null', ['int']], /union directly inside/],
    [{ type: 'record', name: '1', fields: [] }, /is not a name/],
    [{ type: 'record', name: 'R' }, /fields of R must be a list/],
    [record([field('a', 'int'), field('a', 'int')]), /n\.R\.a is there twice/],
    [record([field('a', record([]))]), /n\.R is defined twice/],
    [{ type: 'enum', name: 'E', symbols: ['A', 'A'] }, /a symbol twice/],
    [{ type: 'enum', name: 'E', symbols: ['A'], default: 'B' }, /default of E/],
    [{ type: 'fixed', name: 'F', size: 1.5 }, /F has no size/],
  ])('%j', (schema, reason) => {
    expect(() => schemaModel(schema)).toThrow(reason);
  });
});

/** Small schemas that are likely to resemble one another. Names repeat only across, not inside, a pair. */
function schemas(depth: number, prefix: string): fc.Arbitrary<SchemaJson> {
  const primitive = fc.constantFrom<SchemaJson>(
    'null',
    'boolean',
    'int',
    'long',
    'float',
    'double',
    'bytes',
    'string',
  );
  if (depth === 0) return primitive;
  const inner = (at: string): fc.Arbitrary<SchemaJson> => schemas(depth - 1, prefix + at);
  const fields = fc
    .tuple(
      fc.option(fc.tuple(inner('a'), fc.boolean())),
      fc.option(fc.tuple(fc.constantFrom<SchemaJson>('int', 'long'), fc.boolean())),
    )
    .map(([a, b]) => [
      ...(a === null ? [] : [{ name: 'a', type: a[0] }]),
      ...(b === null ? [] : [{ name: b[1] ? 'b' : 'c', type: b[0], default: 1, aliases: ['d'] }]),
    ]);
  return fc.oneof(
    primitive,
    inner('i').map((items) => ({ type: 'array', items })),
    inner('v').map((values) => ({ type: 'map', values })),
    fc.subarray(['A', 'B', 'C'], { minLength: 1 }).chain((symbols) =>
      fc.boolean().map((preset) => ({
        type: 'enum',
        name: `${prefix}E`,
        symbols,
        ...(preset ? { default: symbols[0] } : {}),
      })),
    ),
    fc.constantFrom(4, 8).map((size) => ({ type: 'fixed', name: `${prefix}F`, size })),
    fc.tuple(fields, fc.constantFrom('x', 'y')).map(([list, namespace]) => ({
      type: 'record',
      name: `${prefix}R`,
      namespace,
      fields: list,
    })),
    fc
      .subarray<SchemaJson>(['null', 'int', 'string', 'double', 'boolean'], { minLength: 1 })
      .chain((branches) =>
        inner('u').map((last) => (isPlain(last) ? branches : [...branches, last])),
      ),
  );
}
const isPlain = (schema: SchemaJson): boolean =>
  typeof schema === 'string' || Array.isArray(schema);

describe('the rules and the decoder', () => {
  it('agree on random pairs of schemas: no issue if and only if a resolver can be built', () => {
    let compatible = 0;
    fc.assert(
      fc.property(schemas(3, 'N'), schemas(3, 'N'), fc.boolean(), (reader, other, same) => {
        const writer = same ? reader : other;
        let built = true;
        try {
          avro.Type.forSchema(reader as avro.Schema).createResolver(
            avro.Type.forSchema(writer as avro.Schema),
            { ignoreNamespaces: true },
          );
        } catch {
          built = false;
        }
        if (built) compatible += 1;
        expect(readingIssues(reader, writer).length === 0).toBe(built);
      }),
      { numRuns: 3000 },
    );
    expect(compatible).toBeGreaterThan(300);
  });
});
