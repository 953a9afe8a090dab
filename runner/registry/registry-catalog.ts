/**
 * The reading half of the embedded registry: synchronous answers from resident rows.
 *
 * Owns: what "live" means, which versions a compatibility level looks at, and when two schema texts
 * are the same one. Changes nothing; `registry-store.ts` writes. Errors: RegistryError only.
 *
 * Source: Confluent's REST contract; the levels' windows as it documents them (the plain levels look
 * at the latest version, the *_TRANSITIVE ones at all of them).
 */
import {
  compatibilityIssues,
  versionsChecked,
  type CompatibilityLevel,
} from '../../schemas/compatibility.js';
import { UsageError } from '../../schemas/errors.js';
import { refuse } from './registry-error.js';
import type {
  CompatibilityIssue,
  CompatibilityVerdict,
  RegisteredSchema,
  SchemaOptions,
  SchemaReference,
  SchemaText,
} from './registry.js';
import type { RegistryMode, RegistryRows, SchemaRow, VersionRow } from './registry-rows.js';
import {
  assertSchema,
  canonicalText,
  compactText,
  normalizedText,
  selfContained,
} from './schema-text.js';
import type { Json } from './schema-text.js';

export interface ListOptions {
  /** Also what is soft-deleted. */
  readonly deleted?: boolean;
}

/** A schema text that was parsed and resolved; nothing is registered without having been one. */
export interface PreparedSchema {
  readonly text: string;
  readonly references: readonly SchemaReference[];
  readonly identity: string;
  /** Without references, as the Avro parser and the compatibility rules take it. */
  readonly whole: Json;
}

export type VersionEntry = readonly [version: number, row: VersionRow];

const VERSION_MAX = 2 ** 31 - 1;
const DEFAULT_LEVEL: CompatibilityLevel = 'BACKWARD_TRANSITIVE';
const byText = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0);

const identityOf = (canonical: string, references: readonly SchemaReference[]): string =>
  references.length === 0
    ? canonical
    : JSON.stringify([
        canonical,
        references.map(({ name, subject, version }) => [name, subject, version]),
      ]);

/** Two schemas too entangled to compare are refused, not waved through. Errors: 42201. */
const issuesOf = (
  level: CompatibilityLevel,
  { whole }: PreparedSchema,
  earlier: { readonly version: number; readonly schema: Json },
): readonly CompatibilityIssue[] => {
  try {
    return compatibilityIssues(level, whole, earlier);
  } catch (error) {
    if (error instanceof UsageError) throw refuse.invalidSchema(error.message, error);
    throw error;
  }
};

export class RegistryCatalog {
  readonly #rows: RegistryRows;
  readonly #schemaBytesMax: number;

  constructor(rows: RegistryRows, schemaBytesMax: number) {
    this.#rows = rows;
    this.#schemaBytesMax = schemaBytesMax;
  }

  subjects(options: ListOptions = {}): readonly string[] {
    return [...this.#rows.subjects.keys()]
      .filter((subject) => this.entries(subject, options).length > 0)
      .sort(byText);
  }

  /** Versions of a subject, rising; empty when it does not exist. */
  entries(subject: string, options: ListOptions = {}): readonly VersionEntry[] {
    return [...(this.#rows.subjects.get(subject) ?? [])]
      .filter(([, row]) => options.deleted === true || !row.deleted)
      .sort(([left], [right]) => left - right);
  }

  /** Errors: 40401. */
  versions(subject: string, options: ListOptions = {}): readonly number[] {
    const entries = this.entries(subject, options);
    if (entries.length === 0) throw refuse.subjectNotFound(subject);
    return entries.map(([version]) => version);
  }

  /** Errors: 40401, 40402, 42202. */
  version(
    subject: string,
    version: number | 'latest',
    options: ListOptions = {},
  ): RegisteredSchema {
    if (version !== 'latest') assertVersion(version);
    const entries = this.entries(subject, options);
    if (entries.length === 0) throw refuse.subjectNotFound(subject);
    const found =
      version === 'latest' ? entries.at(-1) : entries.find(([number]) => number === version);
    if (found === undefined) throw refuse.versionNotFound(version);
    return this.registered(subject, found);
  }

  registered(subject: string, [version, { id }]: VersionEntry): RegisteredSchema {
    return { subject, version, id, ...this.schemaById(id) };
  }

  /** Errors: 40403. */
  schemaById(id: number): SchemaText {
    const { schema, references } = this.#row(id);
    return references.length === 0 ? { schema } : { schema, references };
  }

  /** The schema with its references filled in, as one Avro JSON value. Errors: 40403. */
  wholeById(id: number): Json {
    const { schema, references } = this.#row(id);
    return selfContained(schema, this.#referenced(references));
  }

  ids(): readonly number[] {
    return [...this.#rows.schemas.keys()].sort((left, right) => left - right);
  }

  /** Where an id is used, by subject and version. Errors: 40403. */
  uses(
    id: number,
    options: ListOptions = {},
  ): readonly { readonly subject: string; readonly version: number }[] {
    this.#row(id);
    return this.subjects(options).flatMap((subject) =>
      this.entries(subject, options)
        .filter(([, row]) => row.id === id)
        .map(([version]) => ({ subject, version })),
    );
  }

  /** Ids of live schemas (or soft-deleted ones too) that refer to this version. */
  referencedBy(subject: string, version: number, options: ListOptions = {}): readonly number[] {
    return [...this.#rows.schemas.values()]
      .filter((row) => row.references.some((r) => r.subject === subject && r.version === version))
      .filter((row) => this.uses(row.id, options).length > 0)
      .map((row) => row.id);
  }

  lookup(
    subject: string,
    prepared: PreparedSchema,
    options: SchemaOptions & ListOptions = {},
  ): RegisteredSchema | undefined {
    const found = this.entries(subject, options).findLast(([, row]) =>
      this.#same(row.id, prepared.identity, options),
    );
    return found === undefined ? undefined : this.registered(subject, found);
  }

  /** The level in force for a subject; '' is global. */
  level(subject = ''): CompatibilityLevel {
    return this.#rows.levels.get(subject) ?? this.#rows.levels.get('') ?? DEFAULT_LEVEL;
  }

  /** The level set for this very subject, if any. */
  ownLevel(subject: string): CompatibilityLevel | undefined {
    return this.#rows.levels.get(subject);
  }

  /** The mode in force for a subject; '' is global. */
  mode(subject = ''): RegistryMode {
    return this.#rows.modes.get(subject) ?? this.#rows.modes.get('') ?? 'READWRITE';
  }

  /** The mode set for this very subject, if any. */
  ownMode(subject: string): RegistryMode | undefined {
    return this.#rows.modes.get(subject);
  }

  /** Against every version the subject's level looks at. */
  check(subject: string, prepared: PreparedSchema): CompatibilityVerdict {
    const checked = versionsChecked(this.level(subject), this.entries(subject));
    return this.#verdict(subject, prepared, checked);
  }

  /** Against one version, in the direction of the subject's level. Errors: 40401, 40402. */
  checkAgainst(
    subject: string,
    version: number | 'latest',
    prepared: PreparedSchema,
  ): CompatibilityVerdict {
    const entries = this.entries(subject);
    if (version === 'latest') return this.#verdict(subject, prepared, entries.slice(-1));
    const { id } = this.version(subject, version);
    return this.#verdict(subject, prepared, [[version, { id, deleted: false }]]);
  }

  #verdict(
    subject: string,
    prepared: PreparedSchema,
    against: readonly VersionEntry[],
  ): CompatibilityVerdict {
    const level = this.level(subject);
    const issues = against.flatMap(([version, { id }]) =>
      issuesOf(level, prepared, { version, schema: this.wholeById(id) }),
    );
    return { compatible: issues.length === 0, level, issues };
  }

  /** Parses and resolves a text. Errors: 42201. */
  prepare(schema: SchemaText, options: SchemaOptions = {}): PreparedSchema {
    if (Buffer.byteLength(schema.schema, 'utf8') > this.#schemaBytesMax)
      throw refuse.invalidSchema(`longer than ${this.#schemaBytesMax} bytes`);
    const references = schema.references ?? [];
    const whole = selfContained(schema.schema, this.#referenced(references));
    assertSchema(whole);
    const normalize = options.normalize === true;
    const canonical = normalize ? normalizedText(schema.schema) : canonicalText(schema.schema);
    const text = normalize ? canonical : compactText(schema.schema);
    return { text, references, identity: identityOf(canonical, references), whole };
  }

  #same(id: number, identity: string, options: SchemaOptions): boolean {
    const row = this.#row(id);
    if (row.identity === identity) return true;
    return (
      options.normalize === true &&
      identityOf(normalizedText(row.schema), row.references) === identity
    );
  }

  #row(id: number): SchemaRow {
    const row = this.#rows.schemas.get(id);
    if (row === undefined) throw refuse.schemaNotFound(id);
    return row;
  }

  /** Every type the references reach, by full name, themselves self-contained. */
  #referenced(references: readonly SchemaReference[]): ReadonlyMap<string, string> {
    const found = new Map<string, string>();
    for (const { name, subject, version } of references) {
      const entry = this.entries(subject, { deleted: true }).find(([number]) => number === version);
      if (entry === undefined)
        throw refuse.invalidSchema(
          `the reference ${name} names subject '${subject}' version ${version}, which is not registered`,
        );
      found.set(name, normalizedText(JSON.stringify(this.wholeById(entry[1].id))));
    }
    return found;
  }
}

/** Errors: 42202. */
export const assertVersion = (version: number): void => {
  if (!Number.isInteger(version) || version < 1 || version > VERSION_MAX)
    throw refuse.invalidVersion(String(version));
};
