/**
 * Faults of whole processes: a record that ends them, a stop in mid-work, a full store, a full disk.
 * Each runner is a process of its own.
 */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Cli, ended, jsonLines } from '../runner/cli/built-cli.js';

/** Counts payments per shop, each id once; one id ends the process, a fourth shop has no room. */
const TOPOLOGY = `
import { count, dedup, map, rekey, to, guardStore, keyedStore, topic, topology } from 'weir';
const record = (name, fields) => JSON.stringify({ type: 'record', name,
  fields: Object.entries(fields).map(([field, type]) => ({ name: field, type })) });
const pays = topic({ name: 'till.pays', key: (pay) => pay.shop,
  schema: record('Pay', { id: 'string', shop: 'string', note: 'string' }) });
const counts = topic({ name: 'till.counts', key: (one) => one.id,
  schema: record('Count', { id: 'string', shop: 'string', count: 'int' }) });
export const till = topology({
  name: 'till', sources: { pays }, sinks: { counts },
  stores: { seen: guardStore({ keepMs: 86400000, keysMax: 100000 }), shops: keyedStore({ keysMax: 3 }) },
  wire: ({ pays }, { seen, shops }, { counts }) => pays.pipe(
    dedup({ id: (pay) => pay.id, in: seen }),
    map((pay) => { if (pay.note === 'poison') process.kill(process.pid, 'SIGKILL'); return pay; }),
    rekey({ stage: 'shop', key: (pay) => pay.shop }), count({ in: shops }),
    map(({ value, count }) => ({ id: value.id, shop: value.shop, count })), to(counts)) });
`;

const folder = mkdtempSync(join(tmpdir(), 'weir-processes-'));
let cli: Cli;
let file: string;

beforeAll(() => {
  // Says when a round is committed.
  process.env['LOG_LEVEL'] = 'debug';
  cli = new Cli();
  file = join(cli.built, 'till.topology.js');
  writeFileSync(file, TOPOLOGY);
}, 120_000);
afterAll(async () => {
  await cli.endAll();
  if (mounted) execFileSync('umount', [disk]);
  rmSync(folder, { recursive: true, force: true });
});

const pay = (id: number | string, shop = 's1', note = ''): string =>
  JSON.stringify({ key: shop, value: { id: String(id), shop, note } });

const start = (data: string) => ['start', file, '--no-http', '--data', data];
const toTheEnd = (data: string) => cli.run([...start(data), '--until-end']);
const produce = (data: string, lines: readonly string[]) =>
  cli.run(['produce', 'till.pays', '--data', data], lines.join('\n'));

async function countsOf(data: string): Promise<readonly Record<string, unknown>[]> {
  const { out } = await cli.run(['read', 'till.counts', '--data', data]);
  return jsonLines(out).map(({ value }) => value as Record<string, unknown>);
}

async function quarantined(data: string): Promise<readonly Record<string, unknown>[]> {
  return jsonLines((await cli.run(['quarantine', 'list', '--json', '--data', data])).out);
}

async function verified(data: string): Promise<string> {
  const { out, err, code } = await cli.run(['replay', file, '--verify', '--data', data]);
  return code === 0 && out.includes('equal: every output') ? 'equal' : `${code} ${out}${err}`;
}

describe('a record that ends the process', { timeout: 180_000 }, () => {
  it('R7: is named after three times, released by a person, and quarantined with its bytes', async () => {
    const data = join(folder, 'poison');
    expect((await toTheEnd(data)).code).toBe(0);
    const lines = Array.from({ length: 9 }, (_, at) => pay(at, 's1', at === 5 ? 'poison' : ''));
    expect((await produce(data, lines)).code).toBe(0);
    let deaths = 0;
    let last = await toTheEnd(data);
    for (; last.code === null && deaths < 6; deaths += 1) last = await toTheEnd(data);
    expect(deaths).toBeGreaterThanOrEqual(3);
    expect(deaths).toBeLessThanOrEqual(4);
    expect(last.code).toBe(3);
    expect(last.err.trim().split('\n')).toHaveLength(1);
    expect(last.err).toMatch(/^POISON_FOUND \[till\.pays\/0\/5\]: Record till\.pays\/0\/5 ended/);
    // It stays stopped until somebody decides.
    expect((await toTheEnd(data)).code).toBe(3);

    const words = ['--by', 'A. Person', '--reason', 'ends the process', '--data', data];
    expect((await cli.run(['skip', 'till', 'till.pays/0/5', ...words])).code).toBe(0);
    expect((await toTheEnd(data)).code).toBe(0);
    const ids = (await countsOf(data)).map(({ id }) => id);
    expect(ids).toEqual(['0', '1', '2', '3', '4', '6', '7', '8']);
    const [entry, ...more] = await quarantined(data);
    expect(more).toEqual([]);
    expect(entry).toMatchObject({ code: 'POISON', topic: 'till.pays', offset: '5' });
    expect(Buffer.from(String(entry?.['value']), 'hex').toString()).toContain('poison');
    // Executing again takes the release from the round's header, and lives.
    expect(await verified(data)).toBe('equal');
  });
});

describe('a stop', { timeout: 180_000 }, () => {
  it('R3: SIGTERM in mid-work commits, exits 0, and the next start goes on where it was', async () => {
    const data = join(folder, 'stop');
    expect((await toTheEnd(data)).code).toBe(0);
    const lines = Array.from({ length: 6000 }, (_, at) => pay(at, `s${at % 3}`, 'x'.repeat(200)));
    expect((await produce(data, lines)).code).toBe(0);
    const running = cli.start(start(data));
    await cli.says(running, 'round committed');
    expect(await ended(running, 'SIGTERM')).toBe(0);
    const before = (await countsOf(data)).length;
    expect(before).toBeGreaterThan(0);
    const again = await toTheEnd(data);
    expect(again.code).toBe(0);
    // A clean stop left a checkpoint: nothing was applied from blobs.
    expect(again.err).toMatch(/"rounds":0,"msg":"topology recovered"/);
    const all = await countsOf(data);
    expect(new Set(all.map(({ id }) => id)).size).toBe(6000);
    expect(all).toHaveLength(6000);
    expect(await verified(data)).toBe('equal');
  });

  it('a start that cannot recover says so in one line and exits 3 at once', async () => {
    const data = join(folder, 'gone');
    expect((await toTheEnd(data)).code).toBe(0);
    expect((await produce(data, [pay(1)])).code).toBe(0);
    expect((await toTheEnd(data)).code).toBe(0);
    rmSync(join(data, 'state', 'till', 'shop', '0'), { recursive: true });
    const { code, err } = await toTheEnd(data);
    expect(code).toBe(3);
    expect(err.trim().split('\n')).toHaveLength(1);
    expect(err).toMatch(/^STATE_LOST \[till\/shop\/0\]/);
  });
});

describe('a full store', { timeout: 180_000 }, () => {
  it('R6: diverts what it has no room for, and counts the others on', async () => {
    const data = join(folder, 'store');
    expect((await toTheEnd(data)).code).toBe(0);
    const lines = Array.from({ length: 50 }, (_, at) => pay(at, `s${at % 5}`));
    expect((await produce(data, lines)).code).toBe(0);
    expect((await toTheEnd(data)).code).toBe(0);
    const counts = await countsOf(data);
    expect(counts).toHaveLength(30);
    expect(counts.at(-1)).toEqual({ id: '47', shop: 's2', count: 10 });
    const codes = (await quarantined(data)).map(({ code }) => code);
    expect(codes).toEqual(Array<string>(20).fill('STORE_FULL'));
    expect(await verified(data)).toBe('equal');
  });
});

/** Mounting takes a privilege that not every machine gives its tests. */
function smallDisk(at: string, mebibytes: number): boolean {
  try {
    mkdirSync(at, { recursive: true });
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'tmpfs', at], {
      stdio: 'ignore',
    });
    return true;
  } catch {
    return false;
  }
}

const disk = join(folder, 'disk');
const mounted = smallDisk(disk, 10);

describe.skipIf(!mounted)('a full disk', { timeout: 180_000 }, () => {
  it('halts with a line that says why, and once there is room nothing is lost or counted twice', async () => {
    const data = join(disk, 'data');
    const running = cli.start(start(data));
    let said = '';
    running.stderr?.on('data', (text: Buffer) => {
      said += text.toString();
    });
    running.stdout?.resume();
    const over = new Promise((resolve) => running.once('close', resolve));
    await cli.says(running, 'running till');
    const lines = Array.from({ length: 3500 }, (_, at) =>
      pay(at, `s${at % 3}`, randomBytes(2000).toString('hex')),
    );
    const produced = await produce(data, lines);
    expect(produced.code).toBe(3);
    expect(produced.err).toMatch(/BUS_FAILED|OWNER_GONE/);
    expect(await over).toBe(3);
    expect(said).toMatch(
      /till halted: .*(write to the bus failed|cannot be written).*No space left/,
    );
    expect(said).not.toMatch(/unexpected:|\n {4}at /);

    execFileSync('mount', ['-o', 'remount,size=64m', disk]);
    const again = await toTheEnd(data);
    expect(again.err).not.toMatch(/halted/);
    expect(again.code).toBe(0);
    const { out } = await cli.run(['read', 'till.pays', '--data', data]);
    const stored = jsonLines(out).length;
    expect(stored).toBeGreaterThan(500);
    const ids = (await countsOf(data)).map(({ id }) => id);
    expect(ids).toHaveLength(stored);
    expect(new Set(ids).size).toBe(stored);
    expect(await verified(data)).toBe('equal');
  });
});
