/**
 * The embedded schema registry: durable changes, and the registry port over the catalog.
 *
 * in: requests from this process and, through `rest.ts`, from any registry client.
 * state: `registry-rows.ts`; everything is resident, a row is durable before an answer names it.
 * bound: `schemasMax` schemas of at most `schemaBytesMax` bytes; beyond it 50001 and 42201.
 *
 * G1 to G3 of `registry.ts`. G4. Changes run one after another, so that two registrations of one
 * text get one id. G5. A version is soft-deleted first; only then can it be removed for good, and its
 * schema goes with its last version. A version that a live schema refers to is not deleted (42206).
 *
 * The default level is BACKWARD_TRANSITIVE (DESIGN section 7): a reader of today reads every record
 * ever written. Source: Confluent's REST contract.
 */
import type { CompatibilityLevel } from '../../schemas/compatibility.js';
import type { MetaStore } from '../bus/port.js';
import { RegistryCatalog, assertVersion } from './registry-catalog.js';
import type { ListOptions, PreparedSchema, VersionEntry } from './registry-catalog.js';
import { refuse } from './registry-error.js';
import { RegistryRows } from './registry-rows.js';
import type { RegistryMode, VersionRow } from './registry-rows.js';
import type {
  CompatibilityVerdict,
  DeleteOptions,
  RegisteredSchema,
  Registry,
  SchemaOptions,
  SchemaText,
} from './registry.js';

export interface RegistryStoreOptions {
  /** Most schemas ever held; default 10,000. */
  readonly schemasMax?: number;
  /** Longest schema text in bytes; default 1 MiB. */
  readonly schemaBytesMax?: number;
}

export interface RegisterOptions extends SchemaOptions {
  /** Fixed by the caller; only IMPORT mode allows it. */
  readonly id?: number;
  readonly version?: number;
}

/** Control characters and lone surrogates cannot stand in a row key or a URL. */
const assertSubject = (subject: string): void => {
  if (subject === '' || /[\p{Cc}\p{Cs}]/u.test(subject)) throw refuse.invalidSubject(subject);
};

export class RegistryStore implements Registry {
  readonly catalog: RegistryCatalog;
  readonly #rows: RegistryRows;
  readonly #schemasMax: number;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(rows: RegistryRows, options: RegistryStoreOptions) {
    this.#rows = rows;
    this.#schemasMax = options.schemasMax ?? 10_000;
    this.catalog = new RegistryCatalog(rows, options.schemaBytesMax ?? 1_048_576);
  }

  /** Reads the rows of `meta`; the caller keeps `meta` open while the store is used. */
  static async open(meta: MetaStore, options: RegistryStoreOptions = {}): Promise<RegistryStore> {
    return new RegistryStore(await RegistryRows.open(meta), options);
  }

  async subjects(options: ListOptions = {}): Promise<readonly string[]> {
    return Promise.resolve(this.catalog.subjects(options));
  }

  async versions(subject: string): Promise<readonly number[]> {
    return Promise.resolve(this.catalog.versions(subject));
  }

  async version(subject: string, version: number | 'latest'): Promise<RegisteredSchema> {
    return Promise.resolve(this.catalog.version(subject, version));
  }

  async schemaById(id: number): Promise<SchemaText> {
    return Promise.resolve(this.catalog.schemaById(id));
  }

  async wholeText(id: number): Promise<string> {
    return Promise.resolve(JSON.stringify(this.catalog.wholeById(id)));
  }

  /** The same at once, undefined for an unknown id; for `resident-lookup.ts`. */
  wholeTextNow(id: number): string | undefined {
    return this.#rows.schemas.has(id) ? JSON.stringify(this.catalog.wholeById(id)) : undefined;
  }

  async lookup(
    subject: string,
    schema: SchemaText,
    options: SchemaOptions & ListOptions = {},
  ): Promise<RegisteredSchema | undefined> {
    const prepared = this.catalog.prepare(schema, options);
    return Promise.resolve(this.catalog.lookup(subject, prepared, options));
  }

  async checkCompatibility(subject: string, schema: SchemaText): Promise<CompatibilityVerdict> {
    return Promise.resolve(this.catalog.check(subject, this.catalog.prepare(schema)));
  }

  async compatibilityLevel(subject = ''): Promise<CompatibilityLevel> {
    return Promise.resolve(this.catalog.level(subject));
  }

  register(
    subject: string,
    schema: SchemaText,
    options: RegisterOptions = {},
  ): Promise<RegisteredSchema> {
    return this.#alone(() => this.#register(subject, schema, options));
  }

  async #register(
    subject: string,
    schema: SchemaText,
    options: RegisterOptions,
  ): Promise<RegisteredSchema> {
    assertSubject(subject);
    this.#assertWritable(subject);
    const prepared = this.catalog.prepare(schema, options);
    if (this.catalog.mode(subject) === 'IMPORT') return this.#import(subject, prepared, options);
    const known = this.catalog.lookup(subject, prepared, options);
    if (known !== undefined && (options.id ?? known.id) === known.id) return known;
    if (options.id !== undefined)
      throw refuse.notPermitted(`Subject ${subject} is not in import mode`);
    const verdict = this.catalog.check(subject, prepared);
    if (!verdict.compatible) throw refuse.incompatible(subject, verdict.issues);
    const last = this.catalog.entries(subject, { deleted: true }).at(-1)?.[0] ?? 0;
    if ((options.version ?? last + 1) !== last + 1)
      throw refuse.notPermitted(`Version ${options.version ?? 0} is not the next one, ${last + 1}`);
    return this.#putVersion(subject, last + 1, await this.#idFor(prepared));
  }

  /** Takes the caller's id and version; nothing is checked against earlier versions. */
  async #import(
    subject: string,
    prepared: PreparedSchema,
    options: RegisterOptions,
  ): Promise<RegisteredSchema> {
    const held = this.catalog.entries(subject, { deleted: true });
    const version = options.version ?? (held.at(-1)?.[0] ?? 0) + 1;
    assertVersion(version);
    const id = await this.#idFor(prepared, options.id);
    const before = held.find(([number]) => number === version);
    if (before !== undefined && before[1].id !== id)
      throw refuse.notPermitted(`Subject ${subject} has another schema as version ${version}`);
    return this.#putVersion(subject, version, id);
  }

  async #putVersion(subject: string, version: number, id: number): Promise<RegisteredSchema> {
    const row: VersionRow = { id, deleted: false };
    await this.#rows.putVersion(subject, version, row);
    return this.catalog.registered(subject, [version, row]);
  }

  /** The id of a prepared schema, given now if it has none. */
  async #idFor(prepared: PreparedSchema, wanted?: number): Promise<number> {
    const known = this.#rows.idOfIdentity.get(prepared.identity);
    if (known !== undefined && (wanted ?? known) === known) return known;
    const id = wanted ?? this.#rows.nextId;
    if (known !== undefined || this.#rows.schemas.has(id))
      throw refuse.notPermitted(`Overwrite new schema with id ${id} is not permitted.`);
    if (this.#rows.schemas.size >= this.#schemasMax) throw refuse.full(this.#schemasMax);
    const { text: schema, references, identity } = prepared;
    await this.#rows.putSchema({ id, schema, references, identity });
    return id;
  }

  deleteSubject(subject: string, options: DeleteOptions = {}): Promise<readonly number[]> {
    return this.#alone(async () => {
      this.#assertWritable(subject);
      const all = this.catalog.entries(subject, { deleted: true });
      const live = this.catalog.entries(subject);
      const permanent = options.permanent === true;
      if (all.length === 0) throw refuse.subjectNotFound(subject);
      if (permanent && live.length > 0) throw refuse.subjectNotSoftDeleted(subject);
      if (!permanent && live.length === 0) throw refuse.subjectSoftDeleted(subject);
      const gone = permanent ? all : live;
      for (const [version] of gone) this.#assertUnreferenced(subject, version, permanent);
      for (const entry of gone) await this.#remove(subject, entry, permanent);
      if (permanent) {
        await this.#rows.setLevel(subject, null);
        await this.#rows.setMode(subject, null);
      }
      return gone.map(([version]) => version);
    });
  }

  deleteVersion(
    subject: string,
    version: number | 'latest',
    options: DeleteOptions = {},
  ): Promise<number> {
    return this.#alone(async () => {
      this.#assertWritable(subject);
      const all = this.catalog.entries(subject, { deleted: true });
      if (all.length === 0) throw refuse.subjectNotFound(subject);
      const permanent = options.permanent === true;
      const latest = this.catalog.entries(subject).at(-1);
      if (version !== 'latest') assertVersion(version);
      const entry = version === 'latest' ? latest : all.find(([number]) => number === version);
      if (entry === undefined) throw refuse.versionNotFound(version);
      const [number, row] = entry;
      if (permanent && !row.deleted) throw refuse.versionNotSoftDeleted(subject, number);
      if (!permanent && row.deleted) throw refuse.versionSoftDeleted(subject, number);
      this.#assertUnreferenced(subject, number, permanent);
      await this.#remove(subject, entry, permanent);
      return number;
    });
  }

  async #remove(subject: string, [version, row]: VersionEntry, permanent: boolean): Promise<void> {
    if (!permanent) return this.#rows.putVersion(subject, version, { id: row.id, deleted: true });
    await this.#rows.removeVersion(subject, version);
    if (this.catalog.uses(row.id, { deleted: true }).length === 0)
      await this.#rows.removeSchema(row.id);
  }

  setCompatibilityLevel(level: CompatibilityLevel, subject = ''): Promise<void> {
    return this.#alone(() => this.#rows.setLevel(subject, level));
  }

  /** Back to the global level, or for '' to the default; returns what stood there. Errors: 40408. */
  clearCompatibilityLevel(subject: string): Promise<CompatibilityLevel> {
    return this.#alone(async () => {
      if (subject !== '' && this.catalog.ownLevel(subject) === undefined)
        throw refuse.levelNotConfigured(subject);
      const before = this.catalog.level(subject);
      await this.#rows.setLevel(subject, null);
      return before;
    });
  }

  /** IMPORT only where nothing is registered yet, or with `force`. Errors: 42205. */
  setMode(mode: RegistryMode, subject = '', force = false): Promise<void> {
    return this.#alone(async () => {
      const filled =
        subject === '' ? this.#rows.subjects.size > 0 : this.#rows.subjects.has(subject);
      if (mode === 'IMPORT' && filled && !force)
        throw refuse.notPermitted('Cannot import since found existing subjects');
      await this.#rows.setMode(subject, mode);
    });
  }

  /** Errors: 40409. */
  clearMode(subject: string): Promise<RegistryMode> {
    return this.#alone(async () => {
      const before = this.catalog.ownMode(subject);
      if (before === undefined) throw refuse.modeNotConfigured(subject);
      await this.#rows.setMode(subject, null);
      return before;
    });
  }

  /** Waits for changes under way; the rows belong to the bus and stay open. */
  async close(): Promise<void> {
    await this.#last;
  }

  #assertWritable(subject: string): void {
    if (this.catalog.mode(subject) === 'READONLY')
      throw refuse.notPermitted(`Subject ${subject} is in read-only mode`);
  }

  /** Before a removal for good, soft-deleted referrers count too: their ids still stand in messages. */
  #assertUnreferenced(subject: string, version: number, permanent: boolean): void {
    if (this.catalog.referencedBy(subject, version, { deleted: permanent }).length > 0)
      throw refuse.referenced(subject, version);
  }

  /** Runs one change after all before it; its failure is its caller's alone (G4). */
  #alone<T>(change: () => Promise<T>): Promise<T> {
    const run = this.#last.then(change);
    this.#last = run.catch(() => undefined);
    return run;
  }
}
