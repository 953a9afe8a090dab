/**
 * Confluent's schema registry REST contract over the embedded store, as a fastify plugin.
 *
 * in: HTTP requests of any registry client; bodies are JSON whatever registry media type they name.
 * out: the contract's bodies; failures as `{error_code, message}` with the status of the code.
 * bound: bodies up to the server's bodyLimit; the store bounds schemas. No request runs per record.
 * Mount it on a server whose `routerOptions.maxParamLength` admits long subjects (`http/server.ts`).
 *
 * Source: Confluent's published REST contract. Left out, because weir has no use for them: contexts,
 * data-contract rules and metadata, associations, exporters, key encryption.
 */
import type { FastifyInstance, FastifyPluginCallback, FastifyRequest } from 'fastify';
import { RegistryError, refuse } from './registry-error.js';
import type { RegistryStore, RegisterOptions } from './registry-store.js';
import type { SchemaReference, SchemaText } from './registry.js';
import { restSettings } from './rest-settings.js';
import { flag, parsedId, parsedVersion, recordOf } from './rest-request.js';

interface Named {
  readonly Params: { readonly subject: string; readonly version: string; readonly id: string };
  readonly Querystring: Readonly<Record<string, string | undefined>>;
}
type Request = FastifyRequest<Named>;

const MEDIA_TYPE = 'application/vnd.schemaregistry.v1+json';

const referenceOf = (value: unknown): SchemaReference => {
  const { name, subject, version } = recordOf(value);
  if (typeof name !== 'string' || typeof subject !== 'string' || typeof version !== 'number')
    throw refuse.invalidSchema('a reference needs name, subject and version');
  return { name, subject, version };
};

const schemaOf = (body: unknown): SchemaText => {
  const { schema, schemaType, references } = recordOf(body);
  if (schemaType !== undefined && schemaType !== null && schemaType !== 'AVRO')
    throw refuse.invalidSchema(`schema type ${JSON.stringify(schemaType)}; only AVRO is supported`);
  if (typeof schema !== 'string' || schema === '') throw refuse.invalidSchema('empty schema');
  if (references === undefined || references === null) return { schema };
  if (!Array.isArray(references)) throw refuse.invalidSchema('references is no list');
  return { schema, references: references.map(referenceOf) };
};

const registerOptionsOf = (request: Request): RegisterOptions => {
  const { id, version } = recordOf(request.body);
  return {
    normalize: flag(request.query['normalize']),
    ...(typeof id === 'number' && id >= 0 ? { id } : {}),
    ...(typeof version === 'number' && version >= 1 ? { version } : {}),
  };
};

const subjectsAndVersions = (app: FastifyInstance, store: RegistryStore): void => {
  const { catalog } = store;
  const deleted = (request: Request) => ({ deleted: flag(request.query['deleted']) });
  const permanent = (request: Request) => ({ permanent: flag(request.query['permanent']) });

  app.get<Named>('/subjects', (request) => {
    const prefix = request.query['subjectPrefix'] ?? '';
    return catalog.subjects(deleted(request)).filter((subject) => subject.startsWith(prefix));
  });
  app.post<Named>('/subjects/:subject', (request) => {
    const { subject } = request.params;
    const options = { normalize: flag(request.query['normalize']), ...deleted(request) };
    if (catalog.entries(subject, options).length === 0) throw refuse.subjectNotFound(subject);
    const found = catalog.lookup(
      subject,
      catalog.prepare(schemaOf(request.body), options),
      options,
    );
    if (found === undefined) throw refuse.schemaNotFound();
    return found;
  });
  app.delete<Named>('/subjects/:subject', (request) =>
    store.deleteSubject(request.params.subject, permanent(request)),
  );
  app.get<Named>('/subjects/:subject/versions', (request) =>
    catalog.versions(request.params.subject, deleted(request)),
  );
  app.post<Named>('/subjects/:subject/versions', (request) =>
    store.register(request.params.subject, schemaOf(request.body), registerOptionsOf(request)),
  );
  const versionOf = (request: Request) =>
    catalog.version(
      request.params.subject,
      parsedVersion(request.params.version),
      deleted(request),
    );
  app.get<Named>('/subjects/:subject/versions/:version', versionOf);
  app.get<Named>('/subjects/:subject/versions/:version/schema', (request, reply) =>
    reply.send(versionOf(request).schema),
  );
  app.get<Named>('/subjects/:subject/versions/:version/referencedby', (request) => {
    const { subject, version } = versionOf(request);
    return catalog.referencedBy(subject, version, deleted(request));
  });
  app.delete<Named>('/subjects/:subject/versions/:version', (request) =>
    store.deleteVersion(
      request.params.subject,
      parsedVersion(request.params.version),
      permanent(request),
    ),
  );
};

const schemasById = (app: FastifyInstance, store: RegistryStore): void => {
  const { catalog } = store;
  app.get('/schemas/types', () => ['AVRO']);
  app.get<Named>('/schemas', (request) => {
    const { deleted, latestOnly, subjectPrefix = '' } = request.query;
    const options = { deleted: flag(deleted) };
    return catalog
      .subjects(options)
      .filter((subject) => subject.startsWith(subjectPrefix))
      .flatMap((subject) => {
        const entries = catalog.entries(subject, options);
        const kept = flag(latestOnly) ? entries.slice(-1) : entries;
        return kept.map((entry) => catalog.registered(subject, entry));
      });
  });
  app.get<Named>('/schemas/ids/:id', (request) => {
    const found = catalog.schemaById(parsedId(request.params.id));
    return flag(request.query['fetchMaxId'])
      ? { ...found, maxId: catalog.ids().at(-1) ?? 0 }
      : found;
  });
  app.get<Named>('/schemas/ids/:id/schema', (request, reply) =>
    reply.send(catalog.schemaById(parsedId(request.params.id)).schema),
  );
  const usesOf = (request: Request) =>
    catalog.uses(parsedId(request.params.id), { deleted: flag(request.query['deleted']) });
  app.get<Named>('/schemas/ids/:id/subjects', (request) => [
    ...new Set(usesOf(request).map(({ subject }) => subject)),
  ]);
  app.get<Named>('/schemas/ids/:id/versions', usesOf);
};

const compatibility = (app: FastifyInstance, store: RegistryStore): void => {
  const { catalog } = store;
  const check = (request: Request, version?: string) => {
    const { subject } = request.params;
    const prepared = catalog.prepare(schemaOf(request.body), {
      normalize: flag(request.query['normalize']),
    });
    const verdict =
      version === undefined
        ? catalog.check(subject, prepared)
        : catalog.checkAgainst(subject, parsedVersion(version), prepared);
    const answer = { is_compatible: verdict.compatible };
    if (!flag(request.query['verbose'])) return answer;
    return { ...answer, messages: verdict.issues.map((issue) => issue.message) };
  };
  app.post<Named>('/compatibility/subjects/:subject/versions', (request) => check(request));
  app.post<Named>('/compatibility/subjects/:subject/versions/:version', (request) =>
    check(request, request.params.version),
  );
};

/** The contract's routes over `store`. */
export const registryRest =
  (store: RegistryStore): FastifyPluginCallback =>
  (app, _options, done) => {
    app.removeAllContentTypeParsers();
    app.addContentTypeParser(
      /^application\/(json|octet-stream|vnd\.schemaregistry(\.v1)?\+json)/,
      { parseAs: 'string' },
      (_request, body, parsed) => {
        try {
          parsed(null, body === '' ? undefined : JSON.parse(String(body)));
        } catch (cause) {
          parsed(refuse.invalidSchema('the request body is not JSON', cause));
        }
      },
    );
    app.addHook('onSend', (_request, reply, _payload, next) => {
      reply.header('content-type', MEDIA_TYPE);
      next();
    });
    app.setErrorHandler((error, request, reply) => {
      if (error instanceof RegistryError)
        return reply
          .status(error.status)
          .send({ error_code: error.errorCode, message: error.message });
      const status = (error as { statusCode?: number }).statusCode ?? 500;
      if (status >= 500) request.log.error({ err: error }, 'registry request failed');
      const message = status >= 500 ? 'Error in the backend data store' : String(error);
      return reply.status(status).send({ error_code: status >= 500 ? 50001 : status, message });
    });
    subjectsAndVersions(app, store);
    schemasById(app, store);
    compatibility(app, store);
    restSettings(app, store);
    done();
  };
