/**
 * The process's HTTP face: metrics, health, the schema registry and whatever routes a topology adds.
 *
 * Owns: listening, closing, the shape of errors. Routes are fastify plugins given by the caller; the
 * registry's stand on the same port, or on one of their own when `registryPort` is given.
 * H1. Listens on 127.0.0.1 unless told otherwise. H2. `/health/live` answers while the event loop
 * turns; `/health/ready` is 200 only once every reason against it is gone, else 503 with the reasons.
 * H3. No stack, path or payload leaves in an error body.
 * bound: bodies 2 MiB, requests 30 s, 256 connections per port.
 */
import Fastify from 'fastify';
import type { FastifyInstance, FastifyPluginAsync, FastifyPluginCallback } from 'fastify';
import { UsageError } from '../../schemas/errors.js';
import type { Logger } from '../log.js';
import type { Metrics } from '../metrics.js';
import { registryRest } from '../registry/rest.js';
import type { RegistryStore } from '../registry/registry-store.js';

export type HttpRoutes = FastifyPluginCallback | FastifyPluginAsync;

/** Ready when there is no reason against it; a reason is a sentence, as "rtdl/join/0 is catching up". */
export type Readiness = () => readonly string[];

export interface HttpServerOptions {
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** A port of its own for the registry; absent or equal to `port`: the same one. */
  readonly registryPort?: number;
  /** A `Metrics`, or what refreshes its levels before it gives the text. */
  readonly metrics: Pick<Metrics, 'contentType' | 'text'>;
  /** Brings gauges up to date and gives the text; default: the text as it stands. */
  readonly scrape?: () => Promise<string>;
  readonly readiness: Readiness;
  readonly registry?: RegistryStore;
  readonly routes?: readonly HttpRoutes[];
  readonly log: Logger;
}

export interface HttpServer {
  /** As http://127.0.0.1:9090, without a slash at the end. */
  readonly url: string;
  /** Base URL for registry clients; undefined without a registry. */
  readonly registryUrl: string | undefined;
  close(): Promise<void>;
}

const BODY_BYTES_MAX = 2 * 1024 * 1024;
const REQUEST_MS_MAX = 30_000;
const CONNECTIONS_MAX = 256;
/** Topic names have up to 249 characters; percent-encoded subjects may be longer. */
const PARAM_LENGTH_MAX = 1024;

const newApp = (log: Logger): FastifyInstance => {
  const app = Fastify({
    bodyLimit: BODY_BYTES_MAX,
    requestTimeout: REQUEST_MS_MAX,
    routerOptions: { maxParamLength: PARAM_LENGTH_MAX },
    forceCloseConnections: true,
  });
  app.server.maxConnections = CONNECTIONS_MAX;
  app.setNotFoundHandler((_request, reply) =>
    reply.status(404).send({ error_code: 404, message: 'HTTP 404 Not Found' }),
  );
  app.setErrorHandler((error, request, reply) => {
    const given = (error as { statusCode?: number }).statusCode ?? 500;
    const status = given >= 400 && given < 500 ? given : 500;
    if (status === 500)
      log.error({ err: error, route: request.routeOptions.url }, 'http request failed');
    const message = status === 500 || !(error instanceof Error) ? 'Internal error' : error.message;
    return reply.status(status).send({ error_code: status, message });
  });
  return app;
};

const health =
  ({ metrics, readiness, scrape }: HttpServerOptions): FastifyPluginCallback =>
  (app, _options, done) => {
    app.get('/metrics', async (_request, reply) =>
      reply.header('content-type', metrics.contentType).send(await (scrape?.() ?? metrics.text())),
    );
    app.get('/health/live', () => ({ live: true }));
    app.get('/health/ready', (_request, reply) => {
      const reasons = readiness();
      const ready = reasons.length === 0;
      return reply.status(ready ? 200 : 503).send({ ready, reasons });
    });
    done();
  };

const listen = async (app: FastifyInstance, host: string, port: number): Promise<string> => {
  try {
    await app.listen({ host, port });
  } catch (cause) {
    await app.close();
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown error';
    const why = code === 'EADDRINUSE' ? 'is taken; choose another' : `cannot be used (${code})`;
    throw new UsageError(`http: ${host}:${port} ${why}.`, { cause });
  }
  const address = app.server.address();
  const bound = typeof address === 'object' && address !== null ? address.port : port;
  return `http://${host.includes(':') ? `[${host}]` : host}:${bound}`;
};

/** Starts listening. Errors: UsageError when a port cannot be had. */
export const startHttpServer = async (options: HttpServerOptions): Promise<HttpServer> => {
  const { host = '127.0.0.1', port, registryPort, registry, log } = options;
  const apart = registryPort !== undefined && (registryPort !== port || port === 0);
  const app = newApp(log);
  await app.register(health(options));
  for (const routes of options.routes ?? []) await app.register(routes);
  if (registry !== undefined && !apart) await app.register(registryRest(registry));
  const url = await listen(app, host, port);
  if (registry === undefined || !apart)
    return { url, registryUrl: registry && url, close: () => app.close() };
  const registryApp = newApp(log);
  await registryApp.register(registryRest(registry));
  try {
    const registryUrl = await listen(registryApp, host, registryPort);
    log.info({ url, registryUrl }, 'listening');
    const close = async (): Promise<void> => {
      await Promise.all([app.close(), registryApp.close()]);
    };
    return { url, registryUrl, close };
  } catch (error) {
    await app.close();
    throw error;
  }
};
