/**
 * What `runner schemas list|check|register|diff` do, as data; the CLI prints it.
 *
 * in: a registry (embedded or remote) and the topics of schemas/topics.ts. out: rows in subject order.
 * `check` and `diff` change nothing; `register` registers all or nothing. Errors: UsageError for a
 * subject or version that is not there; RegistryError and RetryError pass through.
 */
import type { CompatibilityLevel } from '../../schemas/compatibility.js';
import { UsageError } from '../../schemas/errors.js';
import { registerTopics } from './register-topics.js';
import type { SchemaTopic } from './register-topics.js';
import { RegistryError } from './registry-error.js';
import type { CompatibilityIssue, Registry } from './registry.js';
import { schemaDiff } from './schema-diff.js';
import type { SchemaChange } from './schema-diff.js';
import type { Json } from './schema-text.js';

export interface SubjectRow {
  readonly subject: string;
  readonly versions: readonly number[];
  readonly latestId: number;
  readonly level: CompatibilityLevel;
}

export interface CheckRow {
  readonly subject: string;
  /** registered: this very schema is; new: the subject is not; else how it stands to what is. */
  readonly status: 'registered' | 'new' | 'compatible' | 'incompatible';
  /** The version that is this schema, when registered. */
  readonly version: number | undefined;
  readonly issues: readonly CompatibilityIssue[];
}

export interface RegisterRow {
  readonly subject: string;
  readonly version: number;
  readonly id: number;
  /** False when it was registered before. */
  readonly added: boolean;
}

export interface DiffResult {
  readonly subject: string;
  readonly from: number;
  readonly to: number;
  readonly changes: readonly SchemaChange[];
}

const bySubject = (topics: Iterable<SchemaTopic>): readonly SchemaTopic[] =>
  [...topics].sort((left, right) => (left.subject < right.subject ? -1 : 1));

export const listSchemas = async (registry: Registry): Promise<readonly SubjectRow[]> => {
  const rows: SubjectRow[] = [];
  for (const subject of await registry.subjects()) {
    const versions = await registry.versions(subject);
    const latest = await registry.version(subject, 'latest');
    const level = await registry.compatibilityLevel(subject);
    rows.push({ subject, versions, latestId: latest.id, level });
  }
  return rows;
};

/** Compares every topic's schema with what is registered; incompatible rows name field and rule. */
export const checkSchemas = async (
  registry: Registry,
  topics: Iterable<SchemaTopic>,
): Promise<readonly CheckRow[]> => {
  const known = new Set(await registry.subjects());
  const rows: CheckRow[] = [];
  for (const { subject, schema } of bySubject(topics)) {
    const found = await registry.lookup(subject, { schema });
    const verdict = await registry.checkCompatibility(subject, { schema });
    const { version } = found ?? { version: undefined };
    const standing = verdict.compatible ? 'compatible' : 'incompatible';
    const unregistered = known.has(subject) ? standing : 'new';
    const status = found === undefined ? unregistered : 'registered';
    rows.push({ subject, status, version, issues: found === undefined ? verdict.issues : [] });
  }
  return rows;
};

export const registerSchemas = async (
  registry: Registry,
  topics: Iterable<SchemaTopic>,
): Promise<readonly RegisterRow[]> => {
  const before = await checkSchemas(registry, topics);
  const added = new Set(before.filter((row) => row.status !== 'registered').map((r) => r.subject));
  const registered = await registerTopics(registry, bySubject(topics));
  return registered.map(({ subject, version, id }) => ({
    subject,
    version,
    id,
    added: added.has(subject),
  }));
};

/** From one version to another; by default from the one before the latest to the latest. */
export const diffSchemas = async (
  registry: Registry,
  subject: string,
  range: { readonly from?: number; readonly to?: number } = {},
): Promise<DiffResult> => {
  const versions = await versionsOf(registry, subject);
  const to = range.to ?? versions.at(-1) ?? 1;
  const from = range.from ?? versions.filter((version) => version < to).at(-1);
  for (const version of [from, to])
    if (version !== undefined && !versions.includes(version))
      throw new UsageError(`${subject} has no version ${version}; it has ${versions.join(', ')}.`);
  if (from === undefined)
    throw new UsageError(`${subject} has no version before ${to} to compare it with.`);
  const whole = async (version: number): Promise<Json> => {
    const { id } = await registry.version(subject, version);
    return JSON.parse(await registry.wholeText(id)) as Json;
  };
  return { subject, from, to, changes: schemaDiff(await whole(from), await whole(to)) };
};

const versionsOf = async (registry: Registry, subject: string): Promise<readonly number[]> => {
  try {
    return await registry.versions(subject);
  } catch (error) {
    if (!(error instanceof RegistryError) || error.errorCode !== 40401) throw error;
    const hint = 'see `runner schemas list`';
    throw new UsageError(`the registry has no subject ${subject}; ${hint}.`, { cause: error });
  }
};
