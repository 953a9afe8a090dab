/**
 * A remote schema registry as the registry port, by Confluent's own client. Control plane only: the
 * package takes 2 s and 87 MB to load, so this one file imports it, and only when a registry is named.
 *
 * in: the port's calls. out: the registry's answers; its refusals as RegistryError with the same code.
 * crash: the client caches answers for ever, "latest" included; every call here clears them first, so
 * a registration by someone else is seen. Incompatibility is judged by the registry and explained
 * here by weir's own rules, because the client passes on a yes or no only.
 * Errors: RegistryError; RetryError REGISTRY_UNREACHABLE when nothing answers or the server fails.
 *
 * Source: @confluentinc/schemaregistry 1.10; DESIGN section 7.
 */
import type { Client, SchemaInfo } from '@confluentinc/schemaregistry';
import {
  compatibilityIssues,
  versionsChecked,
  type CompatibilityLevel,
} from '../../schemas/compatibility.js';
import { RetryError } from '../../schemas/errors.js';
import { RegistryError, refuse } from './registry-error.js';
import { isCompatibilityLevel } from './registry.js';
import type {
  CompatibilityIssue,
  CompatibilityVerdict,
  DeleteOptions,
  RegisteredSchema,
  Registry,
  SchemaOptions,
  SchemaText,
} from './registry.js';
import { selfContained, normalizedText } from './schema-text.js';
import type { Json } from './schema-text.js';

export interface RemoteRegistryOptions {
  /** Base URLs, tried in order. A user and password in a URL are sent as basic authentication. */
  readonly urls: readonly string[];
  /** Per request; default 10,000. */
  readonly timeoutMs?: number;
  /** Tries after the first that failed; default 3, about 200 ms apart and growing. */
  readonly retriesMax?: number;
}

const infoOf = ({ schema, references }: SchemaText): SchemaInfo => ({
  schema,
  schemaType: 'AVRO',
  ...(references === undefined ? {} : { references: [...references] }),
});

const textOf = ({ schema, references }: SchemaInfo): SchemaText =>
  references === undefined || references.length === 0 ? { schema } : { schema, references };

/** The numbers a RestError carries; the class itself is not imported, to stay lazy. */
const restFailure = (error: unknown): { status: number; errorCode: number } | undefined => {
  if (!(error instanceof Error)) return undefined;
  const { status, errorCode } = error as { status?: unknown; errorCode?: unknown };
  return typeof status === 'number' && typeof errorCode === 'number'
    ? { status, errorCode }
    : undefined;
};

const translated = (error: unknown): Error => {
  if (error instanceof RegistryError) return error;
  const failure = restFailure(error);
  const message = error instanceof Error ? error.message : String(error);
  const mayPass = failure === undefined || failure.status >= 500 || failure.status === 429;
  if (mayPass)
    return new RetryError('REGISTRY_UNREACHABLE', `the schema registry: ${message}`, {
      cause: error,
    });
  const code = failure.errorCode > 0 ? failure.errorCode : failure.status;
  return new RegistryError(code, message.replace(/; Error code: -?\d+$/, ''), { cause: error });
};

class RemoteRegistry implements Registry {
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  async #ask<T>(question: (client: Client) => Promise<T>): Promise<T> {
    this.#client.clearCaches();
    try {
      return await question(this.#client);
    } catch (error) {
      throw translated(error);
    }
  }

  /** The answer, or undefined for one of the codes given. */
  async #unless<T>(codes: readonly number[], question: Promise<T>): Promise<T | undefined> {
    try {
      return await question;
    } catch (error) {
      if (error instanceof RegistryError && codes.includes(error.errorCode)) return undefined;
      throw error;
    }
  }

  async subjects(): Promise<readonly string[]> {
    const subjects = await this.#ask((client) => client.getAllSubjects());
    return [...subjects].sort();
  }

  versions(subject: string): Promise<readonly number[]> {
    // This call of the client alone does not encode the subject.
    return this.#ask((client) => client.getAllVersions(encodeURIComponent(subject)));
  }

  async version(subject: string, version: number | 'latest'): Promise<RegisteredSchema> {
    const found = await this.#ask((client) =>
      version === 'latest'
        ? client.getLatestSchemaMetadata(subject)
        : client.getSchemaMetadata(subject, version, false),
    );
    const { id, version: number } = found;
    if (id === undefined || number === undefined) throw refuse.versionNotFound(version);
    return { subject, version: number, id, ...textOf(found) };
  }

  async schemaById(id: number): Promise<SchemaText> {
    return textOf(await this.#ask((client) => client.getBySubjectAndId('', id)));
  }

  async wholeText(id: number): Promise<string> {
    return JSON.stringify(await this.#whole(await this.schemaById(id)));
  }

  async #whole({ schema, references = [] }: SchemaText): Promise<Json> {
    const texts = new Map<string, string>();
    for (const { name, subject, version } of references) {
      // A soft-deleted schema still stands in what refers to it.
      const referred = await this.#ask((client) =>
        client.getSchemaMetadata(subject, version, true),
      );
      const whole = await this.#whole(textOf(referred));
      texts.set(name, normalizedText(JSON.stringify(whole)));
    }
    return selfContained(schema, texts);
  }

  async lookup(
    subject: string,
    schema: SchemaText,
    options: SchemaOptions = {},
  ): Promise<RegisteredSchema | undefined> {
    const found = await this.#unless(
      [40401, 40403],
      this.#ask((client) =>
        client.getIdFullResponse(subject, infoOf(schema), options.normalize ?? false),
      ),
    );
    if (found?.id === undefined || found.version === undefined) return undefined;
    const text = found.schema === '' ? schema : textOf(found);
    return { subject, version: found.version, id: found.id, ...text };
  }

  async register(
    subject: string,
    schema: SchemaText,
    options: SchemaOptions = {},
  ): Promise<RegisteredSchema> {
    const normalize = options.normalize ?? false;
    try {
      await this.#ask((client) => client.register(subject, infoOf(schema), normalize));
    } catch (error) {
      if (!(error instanceof RegistryError) || error.errorCode !== 409) throw error;
      const { issues } = await this.checkCompatibility(subject, schema);
      throw new RegistryError(409, error.message, { issues, cause: error });
    }
    const found = await this.lookup(subject, schema, options);
    if (found === undefined) throw refuse.schemaNotFound();
    return found;
  }

  async checkCompatibility(subject: string, schema: SchemaText): Promise<CompatibilityVerdict> {
    const level = await this.compatibilityLevel(subject);
    const versions = (await this.#unless([40401], this.versions(subject))) ?? [];
    const issues: CompatibilityIssue[] = [];
    for (const version of versionsChecked(level, versions)) {
      const compatible = await this.#ask((client) =>
        client.testCompatibility(subject, version, infoOf(schema)),
      );
      if (!compatible) issues.push(...(await this.#explain(subject, version, { schema, level })));
    }
    return { compatible: issues.length === 0, level, issues };
  }

  async #explain(
    subject: string,
    version: number,
    asked: { readonly schema: SchemaText; readonly level: CompatibilityLevel },
  ): Promise<readonly CompatibilityIssue[]> {
    const earlier = await this.#whole(await this.version(subject, version));
    const against = { version, schema: earlier };
    const found = compatibilityIssues(asked.level, await this.#whole(asked.schema), against);
    if (found.length > 0) return found;
    const message = `the registry calls it incompatible with version ${version} and does not say why`;
    return [{ version, field: '', rule: 'REFUSED_BY_REGISTRY', message }];
  }

  async compatibilityLevel(subject?: string): Promise<CompatibilityLevel> {
    const own =
      subject === undefined
        ? undefined
        : await this.#unless(
            [40401, 40408],
            this.#ask((client) => client.getCompatibility(subject)),
          );
    const level: string = own ?? (await this.#ask((client) => client.getDefaultCompatibility()));
    if (!isCompatibilityLevel(level)) throw refuse.invalidLevel();
    return level;
  }

  async setCompatibilityLevel(level: CompatibilityLevel, subject?: string): Promise<void> {
    // The same seven words; the client types them as its own enum.
    const { Compatibility } = await import('@confluentinc/schemaregistry');
    const word = Compatibility[level];
    await this.#ask((client) =>
      subject === undefined
        ? client.updateDefaultCompatibility(word)
        : client.updateCompatibility(subject, word),
    );
  }

  deleteSubject(subject: string, options: DeleteOptions = {}): Promise<readonly number[]> {
    return this.#ask((client) => client.deleteSubject(subject, options.permanent ?? false));
  }

  deleteVersion(subject: string, version: number, options: DeleteOptions = {}): Promise<number> {
    return this.#ask((client) =>
      client.deleteSubjectVersion(subject, version, options.permanent ?? false),
    );
  }

  close(): Promise<void> {
    this.#client.close();
    return Promise.resolve();
  }
}

/** Loads the client (about 2 s) and points it at a registry; nothing is asked yet. */
export const connectRegistry = async (options: RemoteRegistryOptions): Promise<Registry> => {
  const { SchemaRegistryClient } = await import('@confluentinc/schemaregistry');
  const urls = options.urls.map((url) => new URL(url));
  const [first] = urls;
  const userInfo =
    first === undefined || first.username === ''
      ? undefined
      : `${decodeURIComponent(first.username)}:${decodeURIComponent(first.password)}`;
  const client = new SchemaRegistryClient({
    baseURLs: urls.map((url) => url.origin + url.pathname.replace(/\/$/, '')),
    createAxiosDefaults: { timeout: options.timeoutMs ?? 10_000 },
    maxRetries: options.retriesMax ?? 3,
    retriesWaitMs: 200,
    retriesMaxWaitMs: 5_000,
    ...(userInfo === undefined
      ? {}
      : { basicAuthCredentials: { credentialsSource: 'USER_INFO' as const, userInfo } }),
  });
  return new RemoteRegistry(client);
};
