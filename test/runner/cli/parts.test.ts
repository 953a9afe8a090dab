/** The small parts under the commands: places, ranges, money, JSON both ways, original ids, pauses. */
import avro from 'avsc';
import { describe, expect, it } from 'vitest';
import { keyOf } from '../../../state/keys.js';
import { readImportMap } from '../../../runner/import/import-map.js';
import { originalId } from '../../../runner/import/original-ids.js';
import { openMemoryBus } from '../../../runner/bus/memory.js';
import { lastRound } from '../../../runner/last-round.js';
import { Pause } from '../../../runner/pause.js';
import { avroFromJson } from '../../../runner/cli/avro-from-json.js';
import { placeOf } from '../../../runner/cli/place.js';
import { jsonText, textOfBytes } from '../../../runner/cli/plain-json.js';
import { parseRange } from '../../../runner/cli/range.js';
import { keysOf } from '../../../runner/cli/state.js';
import { moneyText } from '../../../runner/cli/what-if.js';

describe('what people type', () => {
  it('a place is an offset or a time, in UTC when it names no zone', () => {
    expect(placeOf('--from', '120')).toBe(120n);
    expect(placeOf('--from', '2026-01-05')).toEqual({ timeMs: Date.UTC(2026, 0, 5) });
    expect(placeOf('--from', '2026-01-05T08:30:00')).toEqual({
      timeMs: Date.UTC(2026, 0, 5, 8, 30),
    });
    expect(placeOf('--from', '2026-01-05T08:30:00+02:00')).toEqual({
      timeMs: Date.UTC(2026, 0, 5, 6, 30),
    });
    expect(() => placeOf('--from', 'yesterday')).toThrow('--from is "yesterday"');
  });

  it('a range holds both of its ends', () => {
    const range = { topic: 'a/b', partition: 3, from: 5n, to: 10n };
    expect(parseRange('a/b/3:5-9')).toEqual(range);
    expect(() => parseRange('a/3:9-5')).toThrow('--range');
  });

  it('a key is found as text or number, with or without its empty run', () => {
    const keys = keysOf('7 / x');
    expect(keys).toContain(keyOf('7', 'x'));
    expect(keys).toContain(keyOf(7n, 'x'));
    expect(keys).toContain(keyOf('', '7', 'x'));
    expect(keysOf('0x01ff')).toEqual(['\x01\xff']);
  });

  it('money is minor units with two digits', () => {
    expect([0n, 5n, -5n, 123_456_789n].map(moneyText)).toEqual([
      '0.00',
      '0.05',
      '-0.05',
      '1 234 567.89',
    ]);
  });
});

describe('values as JSON', () => {
  it('keeps every digit of a bigint and shows bytes as hex', () => {
    const value = { big: 18446744073709551615n, raw: Uint8Array.of(0, 255), text: '\u00011\u0001' };
    expect(jsonText(value)).toBe(
      '{"big":18446744073709551615,"raw":"00ff","text":"\\u00011\\u0001"}',
    );
    expect(jsonText([new Map([['a', 1n]]), new Set([2])])).toBe('[{"a":1},[2]]');
    expect(textOfBytes(Buffer.from('plain'))).toBe('plain');
    expect(textOfBytes(Buffer.of(0, 200))).toBe('0x00c8');
  });

  const type = avro.Type.forSchema({
    type: 'record',
    name: 'R',
    fields: [
      { name: 'raw', type: 'bytes' },
      { name: 'maybe', type: ['null', 'bytes'] },
      { name: 'list', type: { type: 'array', items: { type: 'fixed', name: 'F', size: 2 } } },
      { name: 'kind', type: { type: 'enum', name: 'E', symbols: ['A', 'B'] }, default: 'A' },
    ],
  });

  it('goes back into Avro: bytes from hex, defaults filled in', () => {
    const json = { raw: '00ff', maybe: 'ab', list: ['0102'] };
    const bytes = type.toBuffer(avroFromJson(type, json));
    expect(type.fromBuffer(bytes)).toEqual({
      raw: Buffer.of(0, 255),
      maybe: Buffer.of(0xab),
      list: [Buffer.of(1, 2)],
      kind: 'A',
    });
  });

  it.each([
    [{ raw: 'xyz', maybe: null, list: [] }, 'raw is "xyz", expected bytes in hex'],
    [{ raw: '', maybe: null, list: ['01'] }, 'list.0'],
    [{ raw: '', maybe: null, list: [], kind: 'C' }, 'kind is "C"'],
    [{ raw: '', maybe: null, list: [], more: 1 }, 'more is no field of R'],
    [{ raw: '', list: [] }, 'maybe'],
    ['text', 'the value is "text"'],
  ])('names the field that does not fit: %j', (json, words) => {
    expect(() => avroFromJson(type, json)).toThrow(words);
  });
});

describe('ids of the imported file', () => {
  const map = readImportMap(
    `name: sample
transactions:
  flow: { column: ID }
  arrival_seq: { column: ID, add: 1 }
  time: { column: AT }
  account: { column: CUSTOMER, add: 5 }
  merchant: { column: SHOP, as: hashed }
  amount: { column: AMOUNT }
  party: { from: account, add: 100 }
  instrument: { from: account }
  device: { from: merchant }
  ip: { from: account }
  session: { from: flow, add: 1 }
`,
    'sample',
  );

  it('come back through every raise; hashed ones stay', () => {
    expect(originalId(map, 'flow', '17')).toBe('17');
    expect(originalId(map, 'account', '22')).toBe('17');
    expect(originalId(map, 'party', '122')).toBe('17');
    expect(originalId(map, 'session', '18')).toBe('17');
    expect(originalId(map, 'merchant', '99')).toBe('99');
    expect(originalId(map, 'device', '99')).toBe('99');
  });
});

describe('the last round of a task', () => {
  it.each([0, 1, 2, 3, 7, 8, 9])('is found among %i', async (rounds) => {
    const bus = await openMemoryBus({ clock: 'wall' });
    const [claim] = await bus.claim(['t/s/0'], 'test');
    for (let seq = 1; seq <= rounds; seq += 1) {
      const round = { task: 't/s/0', epoch: claim?.epoch ?? 0, seq, blob: [] };
      await bus.commit({ rounds: [{ ...round, header: Buffer.of(seq) }], outputs: [] });
    }
    const last = await lastRound(bus, 't/s/0');
    expect(last?.seq).toBe(rounds === 0 ? undefined : rounds);
    await bus.close();
  });
});

describe('a pause', () => {
  it('Z1. holds between steps and lets the next begin when released', async () => {
    const pause = new Pause();
    const seen: string[] = [];
    let finish: () => void = () => undefined;
    const step = pause.step(async () => {
      seen.push('step begins');
      await new Promise<void>((resolve) => (finish = resolve));
      seen.push('step ends');
    });
    const held = pause.hold().then((release) => {
      seen.push('reading');
      return release;
    });
    finish();
    await step;
    const release = await held;
    const second = pause.step(() => Promise.resolve(seen.push('second step')));
    await Promise.resolve();
    expect(seen).toEqual(['step begins', 'step ends', 'reading']);
    release();
    await second;
    expect(seen.at(-1)).toBe('second step');
  });
});
