import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startHttpServer, type HttpServer } from '../../../runner/http/server.js';
import { createLogger } from '../../../runner/log.js';
import { Metrics } from '../../../runner/metrics.js';
import { memoryMetaStore } from '../../../runner/registry/memory-meta-store.js';
import { RegistryStore } from '../../../runner/registry/registry-store.js';
import { amountField, idField, noteField, payment } from './suite.js';

/** Codes and shapes: Confluent's published contract, as issue 2 asks. */
const MEDIA_TYPE = 'application/vnd.schemaregistry.v1+json';
const v1 = payment(idField);
const v2 = payment(idField, noteField);
const breaking = payment(idField, amountField);

let server: HttpServer;
beforeAll(async () => {
  server = await startHttpServer({
    port: 0,
    metrics: new Metrics({ processDefaults: false }),
    readiness: () => [],
    registry: await RegistryStore.open(memoryMetaStore()),
    log: createLogger({ level: 'silent' }),
  });
});
afterAll(() => server.close());

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

const call = async (method: Method, path: string, body?: object) => {
  const response = await fetch(`${server.registryUrl ?? ''}${path}`, {
    method,
    headers: { 'content-type': MEDIA_TYPE },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  expect(response.headers.get('content-type')).toContain(MEDIA_TYPE);
  return { status: response.status, body: await response.json() };
};

const refusal = (error_code: number) => ({
  status: error_code < 1000 ? error_code : Math.floor(error_code / 100),
  body: { error_code, message: expect.any(String) as string },
});

describe("the registry's REST contract", () => {
  it('a life of a subject, step by step', async () => {
    const steps: readonly [Method, string, object | undefined, number, unknown][] = [
      ['GET', '/subjects', undefined, 200, []],
      ['GET', '/schemas/types', undefined, 200, ['AVRO']],
      ['POST', '/subjects/life/versions', { schema: v1 }, 200, { id: 1 }],
      ['POST', '/subjects/life/versions', { schema: v1, schemaType: 'AVRO' }, 200, { id: 1 }],
      ['POST', '/subjects/life/versions?normalize=true', { schema: v2 }, 200, { id: 2 }],
      ['GET', '/subjects/life/versions', undefined, 200, [1, 2]],
      ['GET', '/subjects/life/versions/1', undefined, 200, { id: 1, version: 1, schema: v1 }],
      ['GET', '/subjects/life/versions/latest', undefined, 200, { subject: 'life', version: 2 }],
      ['GET', '/subjects/life/versions/-1', undefined, 200, { version: 2 }],
      ['GET', '/subjects/life/versions/1/schema', undefined, 200, JSON.parse(v1)],
      ['GET', '/subjects/life/versions/1/referencedby', undefined, 200, []],
      ['POST', '/subjects/life', { schema: v1 }, 200, { subject: 'life', id: 1, version: 1 }],
      ['GET', '/schemas/ids/1', undefined, 200, { schema: v1 }],
      ['GET', '/schemas/ids/1?fetchMaxId=true&subject=life', undefined, 200, { maxId: 2 }],
      ['GET', '/schemas/ids/1/schema', undefined, 200, JSON.parse(v1)],
      ['GET', '/schemas/ids/1/subjects', undefined, 200, ['life']],
      ['GET', '/schemas/ids/1/versions', undefined, 200, [{ subject: 'life', version: 1 }]],
      ['GET', '/schemas?latestOnly=true', undefined, 200, [{ subject: 'life', version: 2 }]],
      ['DELETE', '/subjects/life/versions/1', undefined, 200, 1],
      ['GET', '/subjects/life/versions', undefined, 200, [2]],
      ['GET', '/subjects/life/versions?deleted=true', undefined, 200, [1, 2]],
      ['GET', '/subjects/life/versions/1?deleted=true', undefined, 200, { id: 1 }],
      ['DELETE', '/subjects/life/versions/1?permanent=true', undefined, 200, 1],
      ['DELETE', '/subjects/life', undefined, 200, [2]],
      ['GET', '/subjects', undefined, 200, []],
      ['GET', '/subjects?deleted=true', undefined, 200, ['life']],
      ['GET', '/subjects?deleted=true&subjectPrefix=x', undefined, 200, []],
      ['DELETE', '/subjects/life?permanent=true', undefined, 200, [2]],
      ['GET', '/subjects?deleted=true', undefined, 200, []],
    ];
    for (const [method, path, body, status, expected] of steps) {
      const answer = await call(method, path, body);
      expect(answer.status, `${method} ${path}`).toBe(status);
      if (Array.isArray(expected) || typeof expected !== 'object')
        expect(answer.body, `${method} ${path}`).toEqual(
          Array.isArray(expected) && typeof expected[0] === 'object'
            ? expected.map((part: unknown) => expect.objectContaining(part as object) as unknown)
            : expected,
        );
      else expect(answer.body, `${method} ${path}`).toMatchObject(expected as object);
    }
  });

  it('compatibility: yes or no, in words when verbose, against one version or all', async () => {
    await call('POST', '/subjects/c/versions', { schema: v1 });
    const path = '/compatibility/subjects/c/versions';
    expect(await call('POST', `${path}/latest`, { schema: v2 })).toEqual({
      status: 200,
      body: { is_compatible: true },
    });
    expect(await call('POST', `${path}/1`, { schema: breaking })).toEqual({
      status: 200,
      body: { is_compatible: false },
    });
    expect(await call('POST', `${path}?verbose=true`, { schema: breaking })).toMatchObject({
      body: { is_compatible: false, messages: [expect.stringContaining('amount')] },
    });
    expect(await call('POST', `${path}/latest?verbose=true`, { schema: v2 })).toMatchObject({
      body: { is_compatible: true, messages: [] },
    });
    const unknown = '/compatibility/subjects/nobody/versions/latest';
    expect(await call('POST', unknown, { schema: v1 })).toMatchObject({
      body: { is_compatible: true },
    });
    expect(await call('POST', '/subjects/c/versions', { schema: breaking })).toMatchObject(
      refusal(409),
    );
  });

  it('level and mode: global, by subject, and back', async () => {
    expect(await call('GET', '/config')).toMatchObject({
      body: { compatibilityLevel: 'BACKWARD_TRANSITIVE' },
    });
    expect(await call('GET', '/config/l')).toMatchObject(refusal(40408));
    expect(await call('GET', '/config/l?defaultToGlobal=true')).toMatchObject({
      body: { compatibilityLevel: 'BACKWARD_TRANSITIVE' },
    });
    expect(await call('PUT', '/config/l', { compatibility: 'full' })).toMatchObject({
      status: 200,
      body: { compatibility: 'FULL' },
    });
    expect(await call('GET', '/config/l')).toMatchObject({ body: { compatibilityLevel: 'FULL' } });
    expect(await call('DELETE', '/config/l')).toMatchObject({
      body: { compatibilityLevel: 'FULL' },
    });
    expect(await call('DELETE', '/config/l')).toMatchObject(refusal(40408));
    expect(await call('GET', '/mode')).toMatchObject({ body: { mode: 'READWRITE' } });
    expect(await call('GET', '/mode/l')).toMatchObject(refusal(40409));
    expect(await call('PUT', '/mode/l', { mode: 'READONLY' })).toMatchObject({
      body: { mode: 'READONLY' },
    });
    expect(await call('POST', '/subjects/l/versions', { schema: v1 })).toMatchObject(
      refusal(42205),
    );
    expect(await call('DELETE', '/mode/l')).toMatchObject({ body: { mode: 'READONLY' } });
    expect(await call('POST', '/subjects/l/versions', { schema: v1 })).toMatchObject({
      status: 200,
    });
  });

  const text = { schema: v1 };
  const refused: readonly (readonly [number, Method, string, object | undefined])[] = [
    [40401, 'GET', '/subjects/nobody/versions', undefined],
    [40401, 'POST', '/subjects/nobody', text],
    [40401, 'GET', '/subjects/nobody/versions/latest', undefined],
    [40401, 'DELETE', '/subjects/nobody', undefined],
    [40401, 'DELETE', '/subjects/nobody/versions/1', undefined],
    [40401, 'POST', '/compatibility/subjects/nobody/versions/3', text],
    [40402, 'GET', '/subjects/r/versions/9', undefined],
    [40402, 'DELETE', '/subjects/r/versions/9', undefined],
    [40402, 'POST', '/compatibility/subjects/r/versions/9', text],
    [40403, 'POST', '/subjects/r', { schema: v2 }],
    [40403, 'GET', '/schemas/ids/9999', undefined],
    [40403, 'GET', '/schemas/ids/9999/versions', undefined],
    [40403, 'GET', '/schemas/ids/x', undefined],
    [40404, 'DELETE', '/subjects/gone', undefined],
    [40405, 'DELETE', '/subjects/r?permanent=true', undefined],
    [40406, 'DELETE', '/subjects/gone/versions/1', undefined],
    [40407, 'DELETE', '/subjects/r/versions/1?permanent=true', undefined],
    [42201, 'POST', '/subjects/r/versions', {}],
    [42201, 'POST', '/subjects/r/versions', { schema: '{"type":"nothing"}' }],
    [42201, 'POST', '/subjects/r/versions', { schema: v1, schemaType: 'PROTOBUF' }],
    [42201, 'POST', '/subjects/r/versions', { schema: v1, references: [{ name: 'x' }] }],
    [42202, 'GET', '/subjects/r/versions/first', undefined],
    [42202, 'GET', '/subjects/r/versions/0', undefined],
    [42202, 'GET', '/subjects/r/versions/2147483648', undefined],
    [42203, 'PUT', '/config', { compatibility: 'SOMETIMES' }],
    [42203, 'PUT', '/config/r', {}],
    [42204, 'PUT', '/mode/r', { mode: 'SLOW' }],
    [42205, 'POST', '/subjects/r/versions', { schema: v2, id: 5 }],
  ];

  it.each(refused)('%i for %s %s', async (...[code, method, path, body]) => {
    await call('POST', '/subjects/r/versions', { schema: v1 });
    if (path.startsWith('/subjects/gone')) {
      await call('POST', '/subjects/gone/versions', { schema: v1 });
      await call('DELETE', '/subjects/gone');
    }
    expect(await call(method, path, body)).toMatchObject(refusal(code));
  });

  it('a body that is not JSON is 42201, another media type 415', async () => {
    const post = (type: string, body: string) =>
      fetch(`${server.registryUrl ?? ''}/subjects/r/versions`, {
        method: 'POST',
        headers: { 'content-type': type },
        body,
      });
    expect(await (await post(MEDIA_TYPE, '{')).json()).toMatchObject({ error_code: 42201 });
    expect(await (await post('text/plain', '{}')).json()).toMatchObject({ error_code: 415 });
    const octets = await post('application/octet-stream', JSON.stringify({ schema: v1 }));
    expect(octets.status).toBe(200);
  });
});
