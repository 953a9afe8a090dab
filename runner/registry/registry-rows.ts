/**
 * The embedded registry's rows: durable in a MetaStore, all resident (control data is small).
 *
 * Keys: `registry/next` next id; `registry/schema/<id>` {schema, references?, identity};
 * `registry/version/<subject>/<version>` {id, deleted}; `registry/level/<subject|>`,
 * `registry/mode/<subject|>` one word each. Subjects are percent-encoded, numbers padded to ten digits.
 *
 * W1. A row is durable before it is resident: what a caller was told survives kill -9.
 * W2. One row per step, schema before version: a crash in between leaves an unused schema row, which
 *     the same text finds again by its identity, so ids stay stable.
 * W3. `next` is raised before an id's row is removed, so that no id is given twice (G1).
 * W4. At most `schemasMax` schemas; the store answers 50001 beyond.
 */
import type { CompatibilityLevel } from '../../schemas/compatibility.js';
import type { MetaStore } from '../bus/port.js';
import type { SchemaReference } from './registry.js';

export interface SchemaRow {
  readonly id: number;
  readonly schema: string;
  readonly references: readonly SchemaReference[];
  /** Canonical text with references; equal identity, equal id. */
  readonly identity: string;
}

export interface VersionRow {
  readonly id: number;
  readonly deleted: boolean;
}

export type RegistryMode = 'READWRITE' | 'READONLY' | 'IMPORT';

const ROOT = 'registry/';
const padded = (value: number): string => String(value).padStart(10, '0');
const encode = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value), 'utf8');
const decode = (bytes: Uint8Array): unknown =>
  JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'));

export class RegistryRows {
  readonly schemas = new Map<number, SchemaRow>();
  readonly idOfIdentity = new Map<string, number>();
  readonly subjects = new Map<string, Map<number, VersionRow>>();
  /** By subject; '' is global. */
  readonly levels = new Map<string, CompatibilityLevel>();
  readonly modes = new Map<string, RegistryMode>();
  readonly #meta: MetaStore;
  #next = 1;

  private constructor(meta: MetaStore) {
    this.#meta = meta;
  }

  static async open(meta: MetaStore): Promise<RegistryRows> {
    const rows = new RegistryRows(meta);
    for (const [key, bytes] of await meta.list(ROOT)) rows.#load(key.slice(ROOT.length), bytes);
    return rows;
  }

  #load(key: string, bytes: Uint8Array): void {
    const [kind, first = '', second = ''] = key.split('/');
    const subject = kind === 'schema' ? '' : decodeURIComponent(first);
    const row = decode(bytes);
    if (kind === 'next') this.#next = Math.max(this.#next, row as number);
    else if (kind === 'schema') this.#keepSchema(row as SchemaRow);
    else if (kind === 'version') this.#keepVersion(subject, Number(second), row as VersionRow);
    else if (kind === 'level') this.levels.set(subject, row as CompatibilityLevel);
    else if (kind === 'mode') this.modes.set(subject, row as RegistryMode);
  }

  #keepSchema(row: SchemaRow): void {
    this.schemas.set(row.id, row);
    this.idOfIdentity.set(row.identity, row.id);
    this.#next = Math.max(this.#next, row.id + 1);
  }

  #keepVersion(subject: string, version: number, row: VersionRow): void {
    const versions = this.subjects.get(subject) ?? new Map<number, VersionRow>();
    versions.set(version, row);
    // Rows are loaded and written in rising order, so the map iterates oldest first.
    this.subjects.set(subject, versions);
  }

  /** The id the next new schema gets. */
  get nextId(): number {
    return this.#next;
  }

  async putSchema(row: SchemaRow): Promise<void> {
    await this.#meta.put(`${ROOT}schema/${padded(row.id)}`, encode(row));
    this.#keepSchema(row);
  }

  async putVersion(subject: string, version: number, row: VersionRow): Promise<void> {
    await this.#meta.put(this.#versionKey(subject, version), encode(row));
    this.#keepVersion(subject, version, row);
  }

  async removeVersion(subject: string, version: number): Promise<void> {
    await this.#meta.delete(this.#versionKey(subject, version));
    const versions = this.subjects.get(subject);
    versions?.delete(version);
    if (versions?.size === 0) this.subjects.delete(subject);
  }

  async removeSchema(id: number): Promise<void> {
    await this.#meta.put(`${ROOT}next`, encode(this.#next));
    await this.#meta.delete(`${ROOT}schema/${padded(id)}`);
    const row = this.schemas.get(id);
    if (row !== undefined) this.idOfIdentity.delete(row.identity);
    this.schemas.delete(id);
  }

  async setLevel(subject: string, level: CompatibilityLevel | null): Promise<void> {
    await this.#setWord('level', subject, level);
    if (level === null) this.levels.delete(subject);
    else this.levels.set(subject, level);
  }

  async setMode(subject: string, mode: RegistryMode | null): Promise<void> {
    await this.#setWord('mode', subject, mode);
    if (mode === null) this.modes.delete(subject);
    else this.modes.set(subject, mode);
  }

  async #setWord(kind: 'level' | 'mode', subject: string, word: string | null): Promise<void> {
    const key = `${ROOT}${kind}/${encodeURIComponent(subject)}`;
    await (word === null ? this.#meta.delete(key) : this.#meta.put(key, encode(word)));
  }

  #versionKey(subject: string, version: number): string {
    return `${ROOT}version/${encodeURIComponent(subject)}/${padded(version)}`;
  }
}
