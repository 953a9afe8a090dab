import { afterEach, describe, expect, it } from 'vitest';
import { startHttpServer, type HttpServer } from '../../../runner/http/server.js';
import { createLogger } from '../../../runner/log.js';
import { Metrics } from '../../../runner/metrics.js';
import { memoryMetaStore } from '../../../runner/registry/memory-meta-store.js';
import { RegistryStore } from '../../../runner/registry/registry-store.js';

const open: HttpServer[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()));
});

const lines: string[] = [];
const log = createLogger({ level: 'info', out: { write: (line) => lines.push(line) } });

const start = async (
  options: Partial<Parameters<typeof startHttpServer>[0]> = {},
): Promise<HttpServer> => {
  const server = await startHttpServer({
    port: 0,
    metrics: new Metrics({ processDefaults: false }),
    readiness: () => [],
    log,
    ...options,
  });
  open.push(server);
  return server;
};

const get = async (url: string): Promise<{ status: number; body: unknown }> => {
  const response = await fetch(url);
  const text = await response.text();
  const json = response.headers.get('content-type')?.includes('json') === true;
  return { status: response.status, body: json ? (JSON.parse(text) as unknown) : text };
};

describe('http server', () => {
  it('H1: listens on the loopback address alone unless told otherwise', async () => {
    const { url } = await start();
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  });

  it('serves the metrics of the object it was given', async () => {
    const metrics = new Metrics({ processDefaults: false });
    metrics.observePool(3);
    const { url } = await start({ metrics });
    const { status, body } = await get(`${url}/metrics`);
    expect(status).toBe(200);
    expect(body).toContain('weir_pool_queue 3');
  });

  it('H2: live at once, ready only when no reason is left, reasons in the body', async () => {
    let reasons = ['rtdl/join/0 is catching up'];
    const { url } = await start({ readiness: () => reasons });
    expect(await get(`${url}/health/live`)).toEqual({ status: 200, body: { live: true } });
    expect(await get(`${url}/health/ready`)).toEqual({
      status: 503,
      body: { ready: false, reasons },
    });
    reasons = [];
    expect(await get(`${url}/health/ready`)).toEqual({
      status: 200,
      body: { ready: true, reasons: [] },
    });
  });

  it('mounts the registry on the same port, or on its own', async () => {
    const registry = await RegistryStore.open(memoryMetaStore());
    const same = await start({ registry });
    expect(same.registryUrl).toBe(same.url);
    expect(await get(`${same.url}/subjects`)).toEqual({ status: 200, body: [] });
    const apart = await start({ registry, registryPort: 0 });
    expect(apart.registryUrl).not.toBe(apart.url);
    expect(await get(`${apart.registryUrl ?? ''}/subjects`)).toEqual({ status: 200, body: [] });
    expect((await get(`${apart.url}/subjects`)).status).toBe(404);
    expect((await get(`${apart.registryUrl ?? ''}/metrics`)).status).toBe(404);
  });

  it('adds the routes it is given; H3: an error body tells no stack, the log does', async () => {
    const { url } = await start({
      routes: [
        (app, _options, done) => {
          app.get('/v1/hello', () => ({ hello: 'weir' }));
          app.get('/v1/broken', () => {
            throw new Error('secret path /srv/data');
          });
          done();
        },
      ],
    });
    expect((await get(`${url}/v1/hello`)).body).toEqual({ hello: 'weir' });
    expect(await get(`${url}/v1/broken`)).toEqual({
      status: 500,
      body: { error_code: 500, message: 'Internal error' },
    });
    expect(lines.at(-1)).toContain('secret path');
    expect(await get(`${url}/nowhere`)).toEqual({
      status: 404,
      body: { error_code: 404, message: 'HTTP 404 Not Found' },
    });
  });

  it('a taken port is one clear usage error, and a half-started server is closed again', async () => {
    const { url } = await start();
    const port = Number(new URL(url).port);
    await expect(start({ port })).rejects.toMatchObject({
      code: 'USAGE',
      message: `http: 127.0.0.1:${port} is taken; choose another.`,
    });
    const registry = await RegistryStore.open(memoryMetaStore());
    await expect(start({ registry, registryPort: port })).rejects.toMatchObject({ code: 'USAGE' });
  });

  it('a body beyond 2 MiB is refused with 413', async () => {
    const registry = await RegistryStore.open(memoryMetaStore());
    const { url } = await start({ registry });
    const response = await fetch(`${url}/subjects/a/versions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ schema: 'x'.repeat(2 * 1024 * 1024) }),
    });
    expect(response.status).toBe(413);
    expect(await response.json()).toMatchObject({ error_code: 413 });
  });
});
