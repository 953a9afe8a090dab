/**
 * What every schema registry must do, whatever it is made of: called by embedded.test.ts in-process
 * and by client.test.ts through Confluent's own client over HTTP.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Registry } from '../../../runner/registry/registry.js';

type Field = Readonly<Record<string, unknown>>;

/** The text of a record `weir.Payment` with these fields. */
export const payment = (...fields: readonly Field[]): string =>
  JSON.stringify({ type: 'record', name: 'Payment', namespace: 'weir', fields });

export const idField: Field = { name: 'id', type: 'string' };
export const amountField: Field = { name: 'amount', type: 'long' };
export const noteField: Field = { name: 'note', type: ['null', 'string'], default: null };

const v1 = payment(idField);
const v2 = payment(idField, noteField);
const v3 = payment(idField, noteField, { name: 'rank', type: 'int', default: 0 });

export interface OpenRegistry {
  readonly registry: Registry;
  close(): Promise<void>;
}

export const registrySuite = (name: string, open: () => Promise<OpenRegistry>): void => {
  describe(`${name} registry`, () => {
    let opened: OpenRegistry;
    let registry: Registry;
    beforeEach(async () => {
      opened = await open();
      ({ registry } = opened);
    });
    afterEach(() => opened.close());

    it('gives versions in order and finds each again by version, id and text', async () => {
      const first = await registry.register('payments-value', { schema: v1 });
      const second = await registry.register('payments-value', { schema: v2 });
      expect([first.version, second.version]).toEqual([1, 2]);
      expect(await registry.versions('payments-value')).toEqual([1, 2]);
      expect(await registry.version('payments-value', 1)).toEqual(first);
      expect(await registry.version('payments-value', 'latest')).toEqual(second);
      expect(await registry.schemaById(first.id)).toEqual({ schema: v1 });
      expect(await registry.lookup('payments-value', { schema: v1 })).toEqual(first);
      expect(await registry.lookup('payments-value', { schema: v3 })).toBeUndefined();
      expect(await registry.lookup('unknown', { schema: v1 })).toBeUndefined();
      expect(await registry.subjects()).toEqual(['payments-value']);
    });

    it('G1: spacing and attribute order make no new schema; one text has one id in every subject', async () => {
      const first = await registry.register('b', { schema: v1 });
      const parsed = JSON.parse(v1) as Record<string, unknown>;
      const reordered = Object.fromEntries(Object.entries(parsed).reverse());
      const schema = JSON.stringify(reordered, null, 2);
      expect(await registry.register('b', { schema })).toMatchObject({ id: first.id, version: 1 });
      expect(await registry.register('a', { schema })).toMatchObject({ id: first.id, version: 1 });
      expect(await registry.subjects()).toEqual(['a', 'b']);
    });

    it('normalize finds a schema written with other names for the same types', async () => {
      const first = await registry.register('n', { schema: v1 }, { normalize: true });
      const fields = [{ name: 'id', type: { type: 'string' } }];
      const other = JSON.stringify({ type: 'record', name: 'weir.Payment', fields });
      expect(await registry.lookup('n', { schema: other })).toBeUndefined();
      const found = await registry.lookup('n', { schema: other }, { normalize: true });
      expect(found?.id).toBe(first.id);
    });

    it('G3: an incompatible schema is refused with 409, naming field and rule, and leaves no trace', async () => {
      await registry.register('payments-value', { schema: v1 });
      const schema = payment(idField, amountField);
      const refusal = registry.register('payments-value', { schema });
      await expect(refusal).rejects.toMatchObject({
        code: 'REGISTRY_REFUSED',
        errorCode: 409,
        issues: [{ version: 1, field: 'amount', rule: 'READER_FIELD_MISSING_DEFAULT_VALUE' }],
      });
      expect(await registry.versions('payments-value')).toEqual([1]);
      const verdict = await registry.checkCompatibility('payments-value', { schema });
      expect(verdict).toMatchObject({ compatible: false, level: 'BACKWARD_TRANSITIVE' });
      expect(verdict.issues.map((issue) => issue.message).join()).toContain('amount');
    });

    it('the default level looks at every version, BACKWARD at the latest alone', async () => {
      await registry.register('payments-value', { schema: payment(idField) });
      await registry.register('payments-value', {
        schema: payment(idField, { name: 'amount', type: 'long', default: 0 }),
      });
      // Without its default, `amount` can be read from version 2 and not from version 1.
      const schema = payment(idField, amountField);
      const transitive = await registry.checkCompatibility('payments-value', { schema });
      expect(transitive.issues.map((issue) => issue.version)).toEqual([1]);
      await registry.setCompatibilityLevel('BACKWARD', 'payments-value');
      expect(await registry.compatibilityLevel('payments-value')).toBe('BACKWARD');
      expect(await registry.compatibilityLevel()).toBe('BACKWARD_TRANSITIVE');
      expect((await registry.register('payments-value', { schema })).version).toBe(3);
    });

    it('FORWARD judges the other direction, NONE nothing', async () => {
      await registry.setCompatibilityLevel('FORWARD_TRANSITIVE');
      await registry.register('s', { schema: payment(idField, amountField) });
      const fewer = { schema: payment(idField) };
      const verdict = await registry.checkCompatibility('s', fewer);
      expect(verdict).toMatchObject({ compatible: false, issues: [{ field: 'amount' }] });
      await registry.setCompatibilityLevel('NONE', 's');
      expect(await registry.checkCompatibility('s', fewer)).toMatchObject({ compatible: true });
      expect((await registry.register('s', fewer)).version).toBe(2);
    });

    it('a new subject is compatible with anything that is a schema', async () => {
      const verdict = await registry.checkCompatibility('new', { schema: v1 });
      expect(verdict).toMatchObject({ compatible: true, issues: [] });
      const broken = { schema: '{"type":"record","name":"X"}' };
      await expect(registry.register('new', broken)).rejects.toMatchObject({ errorCode: 42201 });
      await expect(registry.register('new', { schema: '{' })).rejects.toMatchObject({
        errorCode: 42201,
      });
    });

    it('unknown subject, version and id are 40401, 40402 and 40403', async () => {
      await registry.register('s', { schema: v1 });
      await expect(registry.versions('t')).rejects.toMatchObject({ errorCode: 40401 });
      await expect(registry.version('t', 1)).rejects.toMatchObject({ errorCode: 40401 });
      await expect(registry.version('s', 9)).rejects.toMatchObject({ errorCode: 40402 });
      await expect(registry.schemaById(999)).rejects.toMatchObject({ errorCode: 40403 });
    });

    it('G2, G5: a version goes in two steps; its number is not given again while it is remembered', async () => {
      await registry.register('s', { schema: v1 });
      const { id } = await registry.register('s', { schema: v2 });
      await expect(registry.deleteVersion('s', 2, { permanent: true })).rejects.toMatchObject({
        errorCode: 40407,
      });
      expect(await registry.deleteVersion('s', 2)).toBe(2);
      await expect(registry.deleteVersion('s', 2)).rejects.toMatchObject({ errorCode: 40406 });
      expect(await registry.versions('s')).toEqual([1]);
      // Records written with it can still be read.
      expect(await registry.schemaById(id)).toEqual({ schema: v2 });
      expect((await registry.register('s', { schema: v3 })).version).toBe(3);
      expect(await registry.deleteVersion('s', 2, { permanent: true })).toBe(2);
      await expect(registry.schemaById(id)).rejects.toMatchObject({ errorCode: 40403 });
    });

    it('G1, G5: a subject goes in two steps, and the id of a removed schema is never given again', async () => {
      const { id } = await registry.register('s', { schema: v1 });
      await expect(registry.deleteSubject('s', { permanent: true })).rejects.toMatchObject({
        errorCode: 40405,
      });
      expect(await registry.deleteSubject('s')).toEqual([1]);
      await expect(registry.deleteSubject('s')).rejects.toMatchObject({ errorCode: 40404 });
      await expect(registry.versions('s')).rejects.toMatchObject({ errorCode: 40401 });
      expect(await registry.subjects()).toEqual([]);
      expect(await registry.deleteSubject('s', { permanent: true })).toEqual([1]);
      const again = await registry.register('s', { schema: v2 });
      expect(again.version).toBe(1);
      expect(again.id).toBeGreaterThan(id);
    });

    it('a schema may refer to another subject; the reference is filled in, and guarded', async () => {
      const actor = { type: 'record', name: 'Actor', namespace: 'weir', fields: [idField] };
      const { version } = await registry.register('actor', { schema: JSON.stringify(actor) });
      const references = [{ name: 'weir.Actor', subject: 'actor', version }];
      const schema = payment(
        idField,
        { name: 'by', type: 'Actor' },
        { name: 'for', type: 'Actor' },
      );
      const found = await registry.register('payments-value', { schema, references });
      expect(await registry.schemaById(found.id)).toEqual({ schema, references });
      const whole = JSON.parse(await registry.wholeText(found.id)) as {
        fields: { type: unknown }[];
      };
      expect(whole.fields[1]?.type).toMatchObject({ type: 'record', name: 'weir.Actor' });
      expect(whole.fields[2]?.type).toBe('weir.Actor');
      await expect(registry.deleteSubject('actor')).rejects.toMatchObject({ errorCode: 42206 });
      // Once the referring subject is soft-deleted the other may be too, but its text must stay.
      await registry.deleteSubject('payments-value');
      await registry.deleteSubject('actor');
      await expect(registry.deleteSubject('actor', { permanent: true })).rejects.toMatchObject({
        errorCode: 42206,
      });
      expect(await registry.wholeText(found.id)).toContain('weir.Actor');
      const missing = [{ name: 'weir.Actor', subject: 'nobody', version: 1 }];
      await expect(
        registry.register('other', { schema, references: missing }),
      ).rejects.toMatchObject({ errorCode: 42201 });
    });

    it('subjects may hold slashes, spaces and 249 letters', async () => {
      for (const subject of ['a/b c?d%', 'x'.repeat(249), 'ü']) {
        await registry.register(subject, { schema: v1 });
        expect(await registry.versions(subject)).toEqual([1]);
        expect((await registry.version(subject, 'latest')).subject).toBe(subject);
      }
    });
  });
};
