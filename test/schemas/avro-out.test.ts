/** The generated writers of the hottest schemas write what avsc writes. */
import { describe, expect, it } from 'vitest';
import { AvroOut } from '../../schemas/avro-out.js';
import { avroType } from '../../schemas/codec.js';
import { auditRecordSchema } from '../../schemas/generated/audit-record.js';
import { writeAuditRecord } from '../../schemas/generated/audit-record-writer.js';
import { rtdlRecordSchema } from '../../schemas/generated/rtdl-record.js';
import { writeRtdlRecord } from '../../schemas/generated/rtdl-record-writer.js';
import { snapshotSchema } from '../../schemas/generated/snapshot.js';
import { writeSnapshot } from '../../schemas/generated/snapshot-writer.js';

const VALUES = 400;
const out = new AvroOut();

function bytesBeside(schema: string, write: (out: AvroOut, value: never) => void) {
  const type = avroType(schema);
  return Array.from({ length: VALUES }, () => {
    const value = type.random() as never;
    const want = type.toBuffer(value).toString('hex');
    write(out.begin(), value);
    const found = out.view().toString('hex');
    // Shared parts are written from memory the second time.
    write(out.begin(), value);
    return { want, found, again: out.view().toString('hex') };
  });
}

describe('generated Avro writers', () => {
  it('A1. write the bytes avsc writes, for random decisions, intents, audits and snapshots', () => {
    const all = [
      ...bytesBeside(rtdlRecordSchema, writeRtdlRecord),
      ...bytesBeside(auditRecordSchema, writeAuditRecord),
      ...bytesBeside(snapshotSchema, writeSnapshot),
    ];
    expect(all).toHaveLength(3 * VALUES);
    for (const { want, found, again } of all) {
      expect(found).toBe(want);
      expect(again).toBe(want);
    }
  });

  it.each([
    ['', '00'],
    ['a', '0261'],
    ['ü', '04c3bc'],
    ['😀', '08f09f9880'],
    ['x'.repeat(63), `7e${'78'.repeat(63)}`],
    ['x'.repeat(64), `8001${'78'.repeat(64)}`],
    [`${'x'.repeat(62)}ü`, `8001${'78'.repeat(62)}c3bc`],
  ])('A1. text %j', (text, hex) => {
    out.begin().text(text);
    expect(out.view().toString('hex')).toBe(hex);
  });

  it.each([
    0,
    -1,
    1,
    63,
    64,
    -64,
    -65,
    2 ** 30 - 1,
    2 ** 30,
    -(2 ** 30),
    -(2 ** 30) - 1,
    2 ** 52,
    -(2 ** 52),
    Number.MAX_SAFE_INTEGER - 1,
    -(Number.MAX_SAFE_INTEGER - 1),
  ])('A1. long %d', (value) => {
    out.begin().long(value);
    expect(out.view()).toEqual(avroType('"long"').toBuffer(value));
  });

  it('refuses what is no whole number, symbol or fixed of its size', () => {
    expect(() => {
      out.begin().long(2 ** 60);
    }).toThrow(TypeError);
    expect(() => {
      out.begin().long(Number.NaN);
    }).toThrow(TypeError);
    expect(() => {
      out.begin().symbol(['A'], 'B');
    }).toThrow('none of A');
    expect(() => {
      out.begin().fixed(Buffer.alloc(31), 32);
    }).toThrow('31 bytes, not 32');
  });

  it('grows', () => {
    out.begin();
    for (let at = 0; at < 5000; at += 1) out.text('0123456789');
    expect(out.view().length).toBe(55_000);
  });
});
