/**
 * Can data written with one schema be read with another? Avro's resolution rules, each broken one as
 * an issue that names the field and the rule.
 *
 * Rule names are those of Avro's own checker, so tools that know them know ours. Names are compared
 * without their namespaces, as the specification says, and through the reader's aliases; the codec
 * resolves the same way, which a test holds over random pairs of schemas.
 *
 * source: Avro 1.11 specification, "Schema Resolution"; Confluent's compatibility levels.
 */
import { UsageError } from './errors.js';
import {
  schemaModel,
  unqualified,
  type EnumModel,
  type FixedModel,
  type Primitive,
  type RecordModel,
  type SchemaJson,
  type SchemaModel,
} from './schema-model.js';

export const COMPATIBILITY_LEVELS = [
  'NONE',
  'BACKWARD',
  'BACKWARD_TRANSITIVE',
  'FORWARD',
  'FORWARD_TRANSITIVE',
  'FULL',
  'FULL_TRANSITIVE',
] as const;
export type CompatibilityLevel = (typeof COMPATIBILITY_LEVELS)[number];

export type CompatibilityRule =
  | 'TYPE_MISMATCH'
  | 'NAME_MISMATCH'
  | 'FIXED_SIZE_MISMATCH'
  | 'MISSING_ENUM_SYMBOLS'
  | 'MISSING_UNION_BRANCH'
  | 'READER_FIELD_MISSING_DEFAULT_VALUE';

export interface ReadingIssue {
  /** Field names from the root, dotted; `[]` for items, `{}` for map values; empty at the root. */
  readonly field: string;
  readonly rule: CompatibilityRule;
  readonly message: string;
}

export interface CompatibilityIssue extends ReadingIssue {
  /** Of the earlier schema. */
  readonly version: number;
}

/** Bounds the work a schema from outside can ask for. */
const STEPS_MAX = 200_000;

/** Primitives a reader's primitive also takes. */
const PROMOTIONS: Readonly<Record<Primitive, readonly Primitive[]>> = {
  null: [],
  boolean: [],
  int: [],
  long: ['int'],
  float: ['int', 'long'],
  double: ['int', 'long', 'float'],
  bytes: ['string'],
  string: ['bytes'],
};

type Named = RecordModel | EnumModel | FixedModel;
const describe = (model: SchemaModel): string =>
  'fullName' in model ? `${model.kind} ${model.fullName}` : model.kind;
const inside = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`);

function nameMatches(reader: Named, writer: Named): boolean {
  const written = unqualified(writer.fullName);
  return [reader.fullName, ...reader.aliases].some((name) => unqualified(name) === written);
}

class Resolution {
  /** Pairs of records under way: a recursive type meets itself and adds nothing new. */
  readonly #open: (readonly [RecordModel, RecordModel])[] = [];
  #steps = 0;

  issues(reader: SchemaModel, writer: SchemaModel, path: string): readonly ReadingIssue[] {
    this.#steps += 1;
    if (this.#steps > STEPS_MAX) {
      throw new UsageError(
        `the schemas nest one another too often to compare (${STEPS_MAX} steps)`,
      );
    }
    if (writer.kind === 'union') {
      return writer.branches.flatMap((branch) => this.#branch(reader, branch, path));
    }
    if (reader.kind === 'union') return this.#branch(reader, writer, path);
    if (reader.kind === 'record' && writer.kind === 'record')
      return this.#record(reader, writer, path);
    if (reader.kind === 'array' && writer.kind === 'array') {
      return this.issues(reader.items, writer.items, `${path}[]`);
    }
    if (reader.kind === 'map' && writer.kind === 'map') {
      return this.issues(reader.values, writer.values, `${path}{}`);
    }
    if (reader.kind === 'enum' && writer.kind === 'enum') return enumIssues(reader, writer, path);
    if (reader.kind === 'fixed' && writer.kind === 'fixed')
      return fixedIssues(reader, writer, path);
    const readable =
      reader.kind === writer.kind ||
      (reader.kind in PROMOTIONS &&
        PROMOTIONS[reader.kind as Primitive].some((kind) => kind === writer.kind));
    if (readable) return [];
    const message = `written as ${describe(writer)}, read as ${describe(reader)}`;
    return [{ field: path, rule: 'TYPE_MISMATCH', message }];
  }

  /** One writer branch (or a writer that is no union) against a reader that may be a union. */
  #branch(reader: SchemaModel, writer: SchemaModel, path: string): readonly ReadingIssue[] {
    if (reader.kind !== 'union') return this.issues(reader, writer, path);
    const tries = reader.branches.map((branch) => this.issues(branch, writer, path));
    if (tries.some((found) => found.length === 0)) return [];
    // A branch meant for this writer says more than "no branch": its issues lie deeper, or name symbols.
    const meant = reader.branches.findIndex(
      (branch) =>
        branch.kind === writer.kind &&
        (!isNamed(branch) || !isNamed(writer) || nameMatches(branch, writer)),
    );
    const deeper = meant < 0 ? undefined : tries[meant];
    if (deeper !== undefined) return deeper;
    return [
      {
        field: path,
        rule: 'MISSING_UNION_BRANCH',
        message: `written as ${describe(writer)}, which no branch of the reader's union takes`,
      },
    ];
  }

  #record(reader: RecordModel, writer: RecordModel, path: string): readonly ReadingIssue[] {
    if (!nameMatches(reader, writer)) return [nameIssue(reader, writer, path)];
    if (this.#open.some((pair) => pair[0] === reader && pair[1] === writer)) return [];
    this.#open.push([reader, writer]);
    const found = this.#fields(reader, writer, path);
    this.#open.pop();
    return found;
  }

  #fields(reader: RecordModel, writer: RecordModel, path: string): readonly ReadingIssue[] {
    return reader.fields.flatMap((field) => {
      const at = inside(path, field.name);
      const written =
        writer.fields.find((candidate) => candidate.name === field.name) ??
        writer.fields.find((candidate) => field.aliases.includes(candidate.name));
      if (written !== undefined) return this.issues(field.type, written.type, at);
      if (field.hasDefault) return [];
      const message = `the writer has no ${field.name} and the reader no default for it`;
      return [{ field: at, rule: 'READER_FIELD_MISSING_DEFAULT_VALUE' as const, message }];
    });
  }
}

const isNamed = (model: SchemaModel): model is Named => 'fullName' in model;

const nameIssue = (reader: Named, writer: Named, path: string): ReadingIssue => ({
  field: path,
  rule: 'NAME_MISMATCH',
  message: `written as ${writer.fullName}, read as ${reader.fullName}; an alias would join them`,
});

function enumIssues(reader: EnumModel, writer: EnumModel, path: string): readonly ReadingIssue[] {
  if (!nameMatches(reader, writer)) return [nameIssue(reader, writer, path)];
  const missing = writer.symbols.filter((symbol) => !reader.symbols.includes(symbol));
  if (missing.length === 0 || reader.hasDefault) return [];
  const message = `the writer's ${missing.join(', ')} is unknown to ${reader.fullName}, which has no default`;
  return [{ field: path, rule: 'MISSING_ENUM_SYMBOLS', message }];
}

function fixedIssues(
  reader: FixedModel,
  writer: FixedModel,
  path: string,
): readonly ReadingIssue[] {
  if (!nameMatches(reader, writer)) return [nameIssue(reader, writer, path)];
  if (reader.size === writer.size) return [];
  const message = `written with ${writer.size} bytes, read with ${reader.size}`;
  return [{ field: path, rule: 'FIXED_SIZE_MISMATCH', message }];
}

/** Why data of `writer` cannot be read with `reader`, both as parsed JSON; empty when it can. */
export function readingIssues(reader: SchemaJson, writer: SchemaJson): readonly ReadingIssue[] {
  return new Resolution().issues(schemaModel(reader), schemaModel(writer), '');
}

/**
 * What a candidate breaks against one earlier schema at a level: BACKWARD, the candidate reads old
 * data; FORWARD, the old schema reads the candidate's; FULL, both; NONE, nothing is asked. Which earlier
 * versions count (the last, or all when TRANSITIVE) is `versionsChecked`.
 */
export function compatibilityIssues(
  level: CompatibilityLevel,
  candidate: SchemaJson,
  earlier: { readonly version: number; readonly schema: SchemaJson },
): readonly CompatibilityIssue[] {
  const { version, schema } = earlier;
  const issues: ReadingIssue[] = [];
  if (level.startsWith('BACKWARD') || level.startsWith('FULL')) {
    issues.push(...readingIssues(candidate, schema));
  }
  if (level.startsWith('FORWARD') || level.startsWith('FULL')) {
    issues.push(...readingIssues(schema, candidate));
  }
  return issues.map((issue) => ({ version, ...issue }));
}

/** The versions a level looks at, of all that live, oldest first. */
export function versionsChecked<T>(
  level: CompatibilityLevel,
  versions: readonly T[],
): readonly T[] {
  if (level === 'NONE') return [];
  return level.endsWith('_TRANSITIVE') ? versions : versions.slice(-1);
}
