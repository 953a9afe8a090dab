/**
 * The registry port: what weir asks of a schema registry, embedded or remote.
 *
 * Owns: the words (subject, version, id, level). Implementations: `registry-store.ts` (embedded, rows in
 * the bus's meta store) and `client.ts` (any registry that speaks Confluent's REST contract). Both pass
 * `test/runner/registry/suite.ts`. This is control plane: nothing here runs per record.
 *
 * G1. An id names one canonical schema for ever; it is never given to another one.
 * G2. Version numbers of a subject rise; a version, once given, never changes its schema.
 * G3. A schema that breaks the subject's compatibility level is never registered.
 * Errors: RegistryError with the contract's numeric code; RetryError when a remote does not answer.
 * Source: Confluent's published REST contract; DESIGN section 7.
 */

import {
  COMPATIBILITY_LEVELS,
  type CompatibilityLevel,
  type CompatibilityRule,
} from '../../schemas/compatibility.js';

/** A schema by name and place; `name` is the full name of the type it defines. */
export interface SchemaReference {
  readonly name: string;
  readonly subject: string;
  readonly version: number;
}

/** A schema as people and producers hand it in: Avro JSON text, and what it refers to. */
export interface SchemaText {
  readonly schema: string;
  readonly references?: readonly SchemaReference[];
}

export interface RegisteredSchema extends SchemaText {
  readonly subject: string;
  /** 1, 2, 3... within the subject. */
  readonly version: number;
  /** Global; the four bytes after the magic byte of a message. */
  readonly id: number;
}

/** One broken rule: against which version, where in the schema, what is wrong. */
export interface CompatibilityIssue {
  readonly version: number;
  /** Path of field names from the root, dotted; empty at the root. */
  readonly field: string;
  /** REFUSED_BY_REGISTRY: a remote registry says no where our rules say yes. */
  readonly rule: CompatibilityRule | 'REFUSED_BY_REGISTRY';
  readonly message: string;
}

export interface CompatibilityVerdict {
  readonly compatible: boolean;
  readonly level: CompatibilityLevel;
  readonly issues: readonly CompatibilityIssue[];
}

export interface DeleteOptions {
  /** Second step of the contract: only what was soft-deleted before can be removed for good. */
  readonly permanent?: boolean;
}

export interface SchemaOptions {
  /** Compare and store the normalized form: full names, no redundant nesting, sorted attributes. */
  readonly normalize?: boolean;
}

export interface Registry {
  /** Subjects with at least one live version, in byte order. */
  subjects(): Promise<readonly string[]>;
  /** Live versions, rising. Errors: 40401. */
  versions(subject: string): Promise<readonly number[]>;
  /** Errors: 40401, 40402, 42202. */
  version(subject: string, version: number | 'latest'): Promise<RegisteredSchema>;
  /** Errors: 40403. */
  schemaById(id: number): Promise<SchemaText>;
  /** The schema as one JSON text with its references filled in, for a parser. Errors: 40403. */
  wholeText(id: number): Promise<string>;
  /** The live version of `subject` with this schema, if any; undefined also when no such subject. */
  lookup(
    subject: string,
    schema: SchemaText,
    options?: SchemaOptions,
  ): Promise<RegisteredSchema | undefined>;
  /** Idempotent by canonical schema. Errors: 409 incompatible, 42201 invalid, 42205 read-only. */
  register(subject: string, schema: SchemaText, options?: SchemaOptions): Promise<RegisteredSchema>;
  /** Against every version the subject's level looks at; a new subject is always compatible. */
  checkCompatibility(subject: string, schema: SchemaText): Promise<CompatibilityVerdict>;
  /** The level in force for a subject, or the global one. */
  compatibilityLevel(subject?: string): Promise<CompatibilityLevel>;
  setCompatibilityLevel(level: CompatibilityLevel, subject?: string): Promise<void>;
  /** Returns the versions deleted. Errors: 40401, 40404, 40405. */
  deleteSubject(subject: string, options?: DeleteOptions): Promise<readonly number[]>;
  /** Returns the version deleted. Errors: 40401, 40402, 40406, 40407. */
  deleteVersion(subject: string, version: number, options?: DeleteOptions): Promise<number>;
  close(): Promise<void>;
}

/** True for one of the seven names; callers fold case first. */
export const isCompatibilityLevel = (text: string): text is CompatibilityLevel =>
  COMPATIBILITY_LEVELS.some((level) => level === text);
