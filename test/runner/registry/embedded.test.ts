import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openEmbeddedBus } from '../../../runner/bus/embedded/open-embedded.js';
import type { MetaStore } from '../../../runner/bus/port.js';
import { memoryMetaStore } from '../../../runner/registry/memory-meta-store.js';
import { RegistryStore } from '../../../runner/registry/registry-store.js';
import { idField, noteField, payment, registrySuite } from './suite.js';

registrySuite('embedded', async () => {
  const registry = await RegistryStore.open(memoryMetaStore());
  return { registry, close: () => registry.close() };
});

registrySuite('embedded on the durable bus', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'weir-registry-'));
  const bus = await openEmbeddedBus({ dir, clock: 'wall' });
  const registry = await RegistryStore.open(bus.meta);
  const close = async (): Promise<void> => {
    await registry.close();
    await bus.close();
    await rm(dir, { recursive: true });
  };
  return { registry, close };
});

const v1 = { schema: payment(idField) };
const v2 = { schema: payment(idField, noteField) };

/** A meta store that fails from the n-th write on, as a process that dies there. */
const dyingAfter = (inner: MetaStore, writes: number): MetaStore => {
  let left = writes;
  const write = (run: () => Promise<void>): Promise<void> => {
    left -= 1;
    return left < 0 ? Promise.reject(new Error('gone')) : run();
  };
  return {
    get: (key) => inner.get(key),
    list: (prefix) => inner.list(prefix),
    put: (key, value) => write(() => inner.put(key, value)),
    delete: (key) => write(() => inner.delete(key)),
  };
};

describe('embedded registry rows', () => {
  it('W1: what was answered is there after a restart: versions, ids, level, mode, deletions', async () => {
    const meta = memoryMetaStore();
    const before = await RegistryStore.open(meta);
    await before.register('s/1', v1);
    const second = await before.register('s/1', v2);
    await before.register('t', v1);
    await before.deleteVersion('t', 1);
    await before.setCompatibilityLevel('FULL', 's/1');
    await before.setMode('READONLY', 's/1');
    const after = await RegistryStore.open(meta);
    expect(await after.version('s/1', 'latest')).toEqual(second);
    expect(await after.subjects()).toEqual(['s/1']);
    expect(await after.subjects({ deleted: true })).toEqual(['s/1', 't']);
    expect(await after.compatibilityLevel('s/1')).toBe('FULL');
    await expect(after.register('s/1', v2)).rejects.toMatchObject({ errorCode: 42205 });
  });

  it('W1: ids and versions are on disk when the bus is opened again', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'weir-registry-'));
    const first = await openEmbeddedBus({ dir, clock: 'wall' });
    const given = await (await RegistryStore.open(first.meta)).register('a/b', v2);
    await first.close();
    const second = await openEmbeddedBus({ dir, clock: 'wall' });
    const registry = await RegistryStore.open(second.meta);
    expect(await registry.version('a/b', 'latest')).toEqual(given);
    expect((await registry.register('c', v1)).id).toBe(given.id + 1);
    await second.close();
    await rm(dir, { recursive: true });
  });

  it('W2: a death at any write of a registration leaves no half version, and the id stays the same', async () => {
    for (let writes = 0; writes < 2; writes += 1) {
      const meta = memoryMetaStore();
      await (await RegistryStore.open(meta)).register('other', v2);
      const dying = await RegistryStore.open(dyingAfter(meta, writes));
      await expect(dying.register('s', v1)).rejects.toThrow('gone');
      expect(await dying.subjects()).toEqual(['other']);
      const next = await RegistryStore.open(meta);
      expect(await next.subjects()).toEqual(['other']);
      expect(await next.register('s', v1)).toMatchObject({ id: 2, version: 1 });
    }
  });

  it('W3: a death at any write of a removal never lets an id be given twice', async () => {
    for (let writes = 0; writes < 5; writes += 1) {
      const meta = memoryMetaStore();
      const first = await RegistryStore.open(meta);
      const { id } = await first.register('s', v1);
      await first.deleteSubject('s');
      const dying = await RegistryStore.open(dyingAfter(meta, writes));
      await dying.deleteSubject('s', { permanent: true }).catch(() => undefined);
      const next = await RegistryStore.open(meta);
      expect((await next.register('t', v2)).id, `after ${writes} writes`).toBeGreaterThan(id);
    }
  });

  it('G4: many registrations at once give one id per text and versions without holes', async () => {
    const registry = await RegistryStore.open(memoryMetaStore());
    const texts = Array.from({ length: 20 }, (_, at) =>
      payment(idField, { name: `f${at % 10}`, type: 'int', default: 0 }),
    );
    const answers = await Promise.all(texts.map((schema) => registry.register('s', { schema })));
    expect(new Set(answers.map(({ id }) => id)).size).toBe(10);
    expect(await registry.versions('s')).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  it('a failed change does not stop the next one', async () => {
    const registry = await RegistryStore.open(memoryMetaStore());
    const results = await Promise.allSettled([
      registry.register('s', { schema: '{' }),
      registry.register('s', v1),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
  });

  it('W4: beyond schemasMax the answer is 50001, a longer text is 42201', async () => {
    const options = { schemasMax: 1, schemaBytesMax: 200 };
    const registry = await RegistryStore.open(memoryMetaStore(), options);
    await registry.register('s', v1);
    await expect(registry.register('s', v2)).rejects.toMatchObject({ errorCode: 50001 });
    expect(await registry.register('t', v1)).toMatchObject({ id: 1 });
    const long = payment({ ...idField, doc: 'x'.repeat(200) });
    await expect(registry.register('s', { schema: long })).rejects.toMatchObject({
      errorCode: 42201,
    });
  });

  it('IMPORT takes ids and versions as they were elsewhere, and only then', async () => {
    const registry = await RegistryStore.open(memoryMetaStore());
    const at = { id: 77, version: 5 };
    await expect(registry.register('s', v1, at)).rejects.toMatchObject({ errorCode: 42205 });
    await registry.setMode('IMPORT', 's');
    expect(await registry.register('s', v1, at)).toMatchObject(at);
    await expect(registry.register('s', v2, at)).rejects.toMatchObject({ errorCode: 42205 });
    await registry.setMode('READWRITE', 's');
    expect(await registry.register('s', v2)).toMatchObject({ id: 78, version: 6 });
    await expect(registry.setMode('IMPORT', 's')).rejects.toMatchObject({ errorCode: 42205 });
  });

  it('a schema that refers to itself through a union is judged, and the judging ends', async () => {
    const list = (...fields: Readonly<Record<string, unknown>>[]): string =>
      payment({ name: 'next', type: ['null', 'weir.Payment'], default: null }, ...fields);
    const registry = await RegistryStore.open(memoryMetaStore());
    await registry.register('s', { schema: list() });
    await registry.register('s', { schema: list({ name: 'x', type: 'int', default: 0 }) });
    await expect(
      registry.register('s', { schema: list({ name: 'y', type: 'int' }) }),
    ).rejects.toMatchObject({
      errorCode: 409,
      issues: [
        { version: 1, field: 'y' },
        { version: 2, field: 'y' },
      ],
    });
  });

  it('schemas too entangled to compare are refused, not waved through', async () => {
    // Each record names the next one twice: 2^20 ways down, far more than are looked at.
    const record = (at: number): object => ({
      type: 'record',
      name: `R${at}`,
      fields:
        at === 20
          ? []
          : [
              { name: 'left', type: record(at + 1) },
              { name: 'right', type: `R${at + 1}` },
            ],
    });
    const registry = await RegistryStore.open(memoryMetaStore());
    const schema = record(0);
    await registry.register('s', { schema: JSON.stringify(schema) });
    const described = JSON.stringify({ ...schema, doc: 'the same, described' });
    await expect(registry.register('s', { schema: described })).rejects.toMatchObject({
      errorCode: 42201,
    });
    expect(await registry.versions('s')).toEqual([1]);
  });

  it('a subject without a name, or with control characters, is 42208', async () => {
    const registry = await RegistryStore.open(memoryMetaStore());
    for (const subject of ['', 'a\u0000b', '\ud800'])
      await expect(registry.register(subject, v1)).rejects.toMatchObject({ errorCode: 42208 });
  });
});
