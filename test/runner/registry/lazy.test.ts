import { createRequire } from 'node:module';
import { expect, it } from 'vitest';
import { connectRegistry } from '../../../runner/registry/client.js';

const loaded = (): boolean =>
  Object.keys(createRequire(import.meta.url).cache).some((path) => path.includes('@confluentinc'));

it("Confluent's client, 2 s and 87 MB, is loaded only when a remote registry is asked for", async () => {
  expect(loaded()).toBe(false);
  await (await connectRegistry({ urls: ['http://127.0.0.1:1'] })).close();
  expect(loaded()).toBe(true);
});
