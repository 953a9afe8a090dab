import { describe, expect, it } from 'vitest';
import {
  checkSchemas,
  diffSchemas,
  listSchemas,
  registerSchemas,
} from '../../../runner/registry/commands.js';
import { memoryMetaStore } from '../../../runner/registry/memory-meta-store.js';
import { registerTopics } from '../../../runner/registry/register-topics.js';
import { RegistryStore } from '../../../runner/registry/registry-store.js';
import { ResidentLookup } from '../../../runner/registry/resident-lookup.js';
import { topics } from '../../../schemas/topics.js';
import { amountField, idField, noteField, payment } from './suite.js';

const topicOf = (name: string, schema: string) => ({ name, subject: `${name}-value`, schema });
const open = (): Promise<RegistryStore> => RegistryStore.open(memoryMetaStore());
const v1 = payment(idField);

describe('runner schemas', () => {
  it('check, register, check: every topic of the platform, once', async () => {
    const registry = await open();
    const all = Object.values(topics);
    const before = await checkSchemas(registry, all);
    expect(before.every((row) => row.status === 'new')).toBe(true);
    const rows = await registerSchemas(registry, all);
    expect(rows).toHaveLength(all.length);
    expect(rows.every((row) => row.added && row.version === 1)).toBe(true);
    expect((await registerSchemas(registry, all)).some((row) => row.added)).toBe(false);
    const after = await checkSchemas(registry, all);
    expect(after.every((row) => row.status === 'registered' && row.version === 1)).toBe(true);
    const listed = await listSchemas(registry);
    expect(listed.map((row) => row.subject)).toEqual(all.map((one) => one.subject).sort());
    expect(listed[0]).toMatchObject({ versions: [1], level: 'BACKWARD_TRANSITIVE' });
  });

  it('check names subject, field and rule of what does not fit', async () => {
    const registry = await open();
    await registerSchemas(registry, [topicOf('a', v1), topicOf('b', v1)]);
    const rows = await checkSchemas(registry, [
      topicOf('b', payment(idField, noteField)),
      topicOf('a', payment(idField, amountField)),
      topicOf('c', v1),
    ]);
    expect(rows).toMatchObject([
      {
        subject: 'a-value',
        status: 'incompatible',
        issues: [{ field: 'amount', rule: 'READER_FIELD_MISSING_DEFAULT_VALUE', version: 1 }],
      },
      { subject: 'b-value', status: 'compatible', issues: [] },
      { subject: 'c-value', status: 'new' },
    ]);
  });

  it('diff tells every change in words, field by field', async () => {
    const registry = await open();
    await registry.setCompatibilityLevel('NONE');
    const colour = (...symbols: string[]) => ({ type: 'enum', name: 'Colour', symbols });
    const inner = (...fields: object[]) => ({ type: 'record', name: 'Inner', fields });
    const first = payment(
      idField,
      { name: 'amount', type: 'int' },
      { name: 'gone', type: ['null', 'string'], default: null },
      { name: 'colour', type: colour('RED', 'BLUE') },
      { name: 'inner', type: { type: 'array', items: inner({ name: 'x', type: 'long' }) } },
      { name: 'when', type: 'long' },
      { name: 'rank', type: 'int', default: 0 },
      { name: 'key', type: { type: 'fixed', name: 'Key', size: 16 } },
      { name: 'tags', type: { type: 'map', values: 'string' } },
    );
    const second = payment(
      { ...idField, doc: 'who' },
      { name: 'amount', type: 'double' },
      { name: 'colour', type: colour('RED', 'GREEN') },
      {
        name: 'inner',
        type: {
          type: 'array',
          items: inner({ name: 'x', type: ['null', 'long'] }, { name: 'y', type: 'Colour' }),
        },
      },
      { name: 'when', type: { type: 'long', logicalType: 'timestamp-micros' } },
      { name: 'rank', type: 'int', default: 1, aliases: ['place'] },
      { name: 'key', type: { type: 'fixed', name: 'Key', size: 32 } },
      { name: 'tags', type: { type: 'map', values: ['string', 'long'] } },
      noteField,
    );
    await registry.register('s', { schema: first });
    await registry.register('s', { schema: second });
    const { from, to, changes } = await diffSchemas(registry, 's');
    expect([from, to]).toEqual([1, 2]);
    expect(changes.map(({ path, words }) => `${path}: ${words}`)).toEqual([
      'id: described differently',
      'amount: was int, is double',
      'colour: symbol GREEN added',
      'colour: symbol BLUE removed',
      'inner[].x: was long, is long or null',
      'inner[].y: added: Colour, without a default',
      'when: was long, is long (timestamp-micros)',
      'rank: default was 0, is 1',
      'rank: alias place added',
      'key: was 16 bytes, is 32',
      'tags{}: was string, is string or long',
      'note: added: string or null, default null',
      'gone: removed; was string or null',
    ]);
    expect((await diffSchemas(registry, 's', { from: 2, to: 2 })).changes).toEqual([]);
  });

  it('diff of what is not there is a usage error that says what is', async () => {
    const registry = await open();
    await registry.register('s', { schema: v1 });
    await expect(diffSchemas(registry, 'nobody')).rejects.toThrow(/no subject nobody/);
    await expect(diffSchemas(registry, 's')).rejects.toThrow(/no version before 1/);
    await expect(diffSchemas(registry, 's', { from: 1, to: 7 })).rejects.toThrow(
      /s has no version 7; it has 1/,
    );
  });
});

describe('registering before a start', () => {
  it('an incompatible topology refuses to start, naming subject, field and rule, and registers nothing', async () => {
    const registry = await open();
    await registerTopics(registry, [topicOf('a', v1)]);
    const start = registerTopics(registry, [
      topicOf('new', v1),
      topicOf('a', payment(idField, amountField)),
    ]);
    await expect(start).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringMatching(
        /a-value: field amount: READER_FIELD_MISSING_DEFAULT_VALUE \(against version 1\)/,
      ) as string,
    });
    expect(await registry.subjects()).toEqual(['a-value']);
  });

  it('an older topology starts beside a newer one: its schema is there already', async () => {
    const registry = await open();
    const lookup = new ResidentLookup(registry);
    await registerTopics(registry, [topicOf('a', v1)]);
    await registerTopics(registry, [topicOf('a', payment(idField, noteField))]);
    const [again] = await registerTopics(registry, [topicOf('a', v1)], lookup);
    expect(again).toMatchObject({ version: 1, id: 1 });
    expect(lookup.idOf('a-value', v1)).toBe(1);
  });

  it('a producer of an older schema starts again, though that schema could not be registered today', async () => {
    const registry = await open();
    const older = payment(idField, amountField);
    await registerTopics(registry, [topicOf('a', older)]);
    await registerTopics(registry, [topicOf('a', v1)]);
    const verdict = await registry.checkCompatibility('a-value', { schema: older });
    expect(verdict.compatible).toBe(false);
    expect(await registerTopics(registry, [topicOf('a', older)])).toMatchObject([{ version: 1 }]);
  });

  it('a schema nobody registered has no id: the lookup halts instead of guessing', async () => {
    const lookup = new ResidentLookup(await open());
    expect(() => lookup.idOf('a-value', v1)).toThrow(/a-value was not registered/);
    expect(lookup.byId(1)).toBeUndefined();
  });

  it('the lookup holds its bound and fetches again what it let go', async () => {
    const registry = await open();
    const lookup = new ResidentLookup({ wholeText: (id) => registry.wholeText(id) }, 2);
    for (const field of ['x', 'y', 'z'])
      await registry.register(field, { schema: payment({ name: field, type: 'int' }) });
    await lookup.ensure([1, 2, 3]);
    expect([1, 2, 3].map((id) => lookup.byId(id) !== undefined)).toEqual([false, true, true]);
    await lookup.ensure([1]);
    expect(lookup.byId(1)).toContain('"x"');
  });
});
