import {
  AvroDeserializer,
  AvroSerializer,
  SchemaRegistryClient,
  SerdeType,
} from '@confluentinc/schemaregistry';
import { afterEach, describe, expect, it } from 'vitest';
import { startHttpServer, type HttpServer } from '../../../runner/http/server.js';
import { createLogger } from '../../../runner/log.js';
import { Metrics } from '../../../runner/metrics.js';
import { connectRegistry } from '../../../runner/registry/client.js';
import { memoryMetaStore } from '../../../runner/registry/memory-meta-store.js';
import { RegistryStore } from '../../../runner/registry/registry-store.js';
import { ResidentLookup } from '../../../runner/registry/resident-lookup.js';
import { registerTopics } from '../../../runner/registry/register-topics.js';
import { topicCodec } from '../../../schemas/codec.js';
import { topic } from '../../../schemas/topic.js';
import { amountField, idField, noteField, payment, registrySuite } from './suite.js';

const serve = async (): Promise<{ readonly server: HttpServer; readonly store: RegistryStore }> => {
  const store = await RegistryStore.open(memoryMetaStore());
  const server = await startHttpServer({
    port: 0,
    metrics: new Metrics({ processDefaults: false }),
    readiness: () => [],
    registry: store,
    log: createLogger({ level: 'silent' }),
  });
  return { server, store };
};

registrySuite("embedded, through Confluent's client over HTTP,", async () => {
  const { server } = await serve();
  const registry = await connectRegistry({ urls: [server.registryUrl ?? ''], retriesMax: 0 });
  const close = async (): Promise<void> => {
    await registry.close();
    await server.close();
  };
  return { registry, close };
});

let running: HttpServer | undefined;
afterEach(() => running?.close());

interface Old {
  readonly id: string;
  readonly amount: number;
}
interface New extends Old {
  readonly note: string | null;
}
const oldSchema = payment(idField, amountField);
const newSchema = payment(idField, amountField, noteField);
const key = ({ id }: Old): string => id;
const oldTopic = topic<Old>({ name: 'payments', schema: oldSchema, key });
const newTopic = topic<New>({ name: 'payments', schema: newSchema, key });

describe("Confluent's own serializers against the embedded registry", () => {
  const start = async () => {
    const { server, store } = await serve();
    running = server;
    const client = new SchemaRegistryClient({ baseURLs: [server.registryUrl ?? ''] });
    const lookup = new ResidentLookup(store);
    return { client, store, lookup, url: server.registryUrl ?? '' };
  };
  // A new object each time: the client writes into the one it is given.
  const useLatest = () => ({ useLatestVersion: true, autoRegisterSchemas: false });

  it('a message of the client reads in weir, and one of weir in the client', async () => {
    const { client, store, lookup } = await start();
    await registerTopics(store, [newTopic], lookup);
    const codec = topicCodec(newTopic, lookup);
    const value = { id: 'a', amount: 12, note: 'hello' };
    const theirs = await new AvroSerializer(client, SerdeType.VALUE, useLatest()).serialize(
      'payments',
      value,
    );
    const ours = codec.encode(value);
    const deserializer = new AvroDeserializer(client, SerdeType.VALUE, {});
    expect(codec.decode(theirs)).toEqual(codec.decode(ours));
    expect(await deserializer.deserialize('payments', ours)).toEqual(
      await deserializer.deserialize('payments', theirs),
    );
    expect(theirs.equals(ours)).toBe(true);
  });

  it('old producer, new consumer: the added field reads as its default', async () => {
    const { client, store, lookup } = await start();
    const registered = await client.register('payments-value', { schema: oldSchema });
    const old = await new AvroSerializer(client, SerdeType.VALUE, useLatest()).serialize(
      'payments',
      {
        id: 'a',
        amount: 12,
      },
    );
    expect(old.readUInt32BE(1)).toBe(registered);
    await registerTopics(store, [newTopic], lookup);
    expect(topicCodec(newTopic, lookup).decode(old)).toEqual({ id: 'a', amount: 12, note: null });
    client.clearCaches();
    const reader = new AvroDeserializer(client, SerdeType.VALUE, { useLatestVersion: true });
    expect(await reader.deserialize('payments', old)).toEqual({ id: 'a', amount: 12, note: null });
  });

  it('new producer, old consumer: the field it does not know is skipped', async () => {
    const { client, store, lookup } = await start();
    await registerTopics(store, [oldTopic], lookup);
    const codec = topicCodec(oldTopic, lookup);
    // Registered by someone else, after this process started.
    await client.register('payments-value', { schema: newSchema });
    const message = await new AvroSerializer(client, SerdeType.VALUE, useLatest()).serialize(
      'payments',
      { id: 'a', amount: 12, note: 'unseen' },
    );
    expect(codec.decode(message)).toEqual({ id: 'a', amount: 12 });
  });

  it('over a remote registry a new writer id is unknown until `ensure`, then resident', async () => {
    const { client, url } = await start();
    const remote = await connectRegistry({ urls: [url], retriesMax: 0 });
    const lookup = new ResidentLookup(remote);
    await registerTopics(remote, [oldTopic], lookup);
    const id = await client.register('payments-value', { schema: newSchema });
    expect(lookup.byId(id)).toBeUndefined();
    await lookup.ensure([id, id, 4_000]);
    expect(lookup.byId(id)).toBe(newSchema);
    expect(lookup.byId(4_000)).toBeUndefined();
  });

  it('a name and password in the URL go as basic authentication, never into the path', async () => {
    const { url } = await start();
    const withUser = url.replace('http://', 'http://me:s%40cret@');
    const registry = await connectRegistry({ urls: [withUser], retriesMax: 0 });
    expect(await registry.subjects()).toEqual([]);
  });

  it('a registry that does not answer is REGISTRY_UNREACHABLE, to be asked again', async () => {
    const { server } = await serve();
    const url = server.registryUrl ?? '';
    await server.close();
    const registry = await connectRegistry({ urls: [url], retriesMax: 0 });
    await expect(registry.subjects()).rejects.toMatchObject({
      code: 'REGISTRY_UNREACHABLE',
      disposition: 'retry',
    });
  });
});
