/**
 * The commands around a running topology, in child processes: exit codes, one-line errors, pipes,
 * producing and reading while it runs, kill -9 and starting again.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync, existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Cli, ended, heard, jsonLines } from './built-cli.js';

/** Its own file, because the package must be the built one. */
const TOPOLOGY = `
import { count, dedup, map, rekey, to, guardStore, keyedStore, topic, topology } from 'weir';
const record = (name, fields) => JSON.stringify({ type: 'record', name,
  fields: Object.entries(fields).map(([field, type]) => ({ name: field, type })) });
const pays = topic({ name: 'shop.pays', partitions: 2, key: (pay) => pay.card,
  schema: record('Pay', { id: 'string', card: 'string', shop: 'string', big: 'long', raw: 'bytes' }) });
const counts = topic({ name: 'shop.counts', partitions: 2, key: (one) => one.id,
  schema: record('Count', { id: 'string', shop: 'string', count: 'int' }) });
export const shopCounts = topology({
  name: 'shop-counts', sources: { pays }, sinks: { counts },
  stores: { seen: guardStore({ keepMs: 86400000, keysMax: 1000 }), shops: keyedStore({ keysMax: 1000 }) },
  wire: ({ pays }, { seen, shops }, { counts }) => pays.pipe(
    dedup({ id: (pay) => pay.id, in: seen }),
    map((pay) => { if (pay.id === 'bad') throw new Error('no such payment'); return pay; }),
    rekey({ stage: 'shop', key: (pay) => pay.shop }), count({ in: shops }),
    map(({ value, count }) => ({ id: value.id, shop: value.shop, count })), to(counts)) });
`;

const folder = mkdtempSync(join(tmpdir(), 'weir-cli-'));
const data = join(folder, 'data');
let cli: Cli;
let file: string;

const pay = (id: string, more: object = {}): string =>
  JSON.stringify({
    key: `card-${id}`,
    value: { id, card: `card-${id}`, shop: 's1', big: 9007199254740990, raw: '00ff', ...more },
  });

/** Polls until as many records are there as expected. */
async function counted(expected: number): Promise<readonly Record<string, unknown>[]> {
  for (let attempt = 0; attempt < 40; attempt += 1) {
    const { out } = await cli.run(['read', 'shop.counts', '--data', data]);
    const lines = jsonLines(out);
    if (lines.length >= expected) return lines;
  }
  throw new Error(`never ${expected} records on shop.counts`);
}

beforeAll(() => {
  cli = new Cli();
  file = join(cli.built, 'shop.topology.js');
  writeFileSync(file, TOPOLOGY);
}, 60_000);

afterAll(async () => {
  await cli.endAll();
  rmSync(folder, { recursive: true, force: true });
});

describe('what a person did wrong', { timeout: 60_000 }, () => {
  const cases: readonly (readonly [string, readonly string[], RegExp])[] = [
    ['an unknown command', ['raed'], /^runner has no command "raed"; it has .*read/],
    ['a missing argument', ['read'], /^missing required argument 'topic'/],
    ['an unknown option', ['topics', '--sideways'], /^unknown option '--sideways'/],
    ['a group without a command', ['state'], /^runner state needs one of: get, scan/],
    [
      'a missing data directory',
      ['topics', '--data', '/nowhere/at/all'],
      /^There is no data in \/nowhere\/at\/all; make some with "runner start NAME/,
    ],
    ['a wrong level', ['prove', 'a'.repeat(32), '--level', '4'], /^--level is "4"/],
    ['an id that is none', ['prove', 'xyz'], /^"xyz" is no decision id/],
    ['neither verify nor with', ['replay', 'rtdl'], /^Give either --verify or --with FILE/],
    [
      'an import map that is not there',
      ['import', 'transactions', '--file', 'a.csv', '--map', 'b'],
      /^--map is "b"/,
    ],
    ['an attribution left out', ['skip', 'rtdl', 't/0/1'], /^required option '--by <name>'/],
    [
      'a topology that is not shipped',
      ['describe', 'nothing'],
      /^There is no topology named "nothing"/,
    ],
  ];
  it.each(cases)('%s ends with exit code 2 and one line', async (_, args, line) => {
    const { code, out, err } = await cli.run(args);
    expect(err).toMatch(line);
    expect(err.trim().split('\n')).toHaveLength(1);
    expect(out).toBe('');
    expect(code).toBe(2);
  });

  it('no command creates a folder by being asked about it', async () => {
    const nowhere = join(folder, 'nowhere');
    const commands = ['topics', 'lag', 'read traffic', 'produce traffic', 'quarantine list'];
    const codes = await Promise.all(
      commands.map((one) => cli.run([...one.split(' '), '--data', nowhere])),
    );
    expect(codes.map(({ code }) => code)).toEqual(commands.map(() => 2));
    expect(existsSync(nowhere)).toBe(false);
  });
});

describe('help and completion', { timeout: 60_000 }, () => {
  it('every command has help with exit code 0', async () => {
    const { out, code } = await cli.run(['read', '--help']);
    expect(out).toContain('Examples:');
    expect(code).toBe(0);
  });

  it('completion scripts name every command and load in bash', async () => {
    const { out } = await cli.run(['completion', 'bash']);
    expect(out).toContain("'state get'");
    const asked = 'COMP_WORDS=(runner qua); COMP_CWORD=1; _runner; echo "${COMPREPLY[*]}"';
    const bash = spawnSync('bash', ['-c', `${out}\n${asked}`], { encoding: 'utf8' });
    expect(bash.stdout.trim()).toBe('quarantine');
    const deeper = 'COMP_WORDS=(runner state s); COMP_CWORD=2; _runner; echo "${COMPREPLY[*]}"';
    const state = spawnSync('bash', ['-c', `${out}\n${deeper}`], { encoding: 'utf8' });
    expect(state.stdout.trim()).toBe('scan');
    const fish = await cli.run(['completion', 'fish']);
    expect(fish.out).toContain('-a prove');
  });
});

describe('a topology of one’s own', { timeout: 180_000 }, () => {
  it('is started, produced to, read, looked into, killed and started again', async () => {
    const first = cli.start(['start', file, '--data', data, '--no-http']);
    await cli.says(first, 'running shop-counts');

    // While it runs: produce, with bad lines named and counted.
    const lines = [pay('1'), pay('2'), 'nonsense', pay('3', { big: 1.5 }), pay('4', { extra: 1 })];
    const made = await cli.run(['produce', 'shop.pays', '--data', data], lines.join('\n'));
    expect(made.code).toBe(1);
    expect(made.err).toContain('line 3: not JSON');
    expect(made.err).toContain('line 4: big is 1.5, expected long');
    expect(made.err).toContain('line 5: extra is no field of Pay');
    expect(made.err).toContain('2 records produced to shop.pays, 3 bad lines');

    // And read: exact numbers, bytes as hex, what came in goes out again.
    expect((await counted(2)).map(({ value }) => value)).toEqual([
      { id: '1', shop: 's1', count: 1 },
      { id: '2', shop: 's1', count: 2 },
    ]);
    const pays = await cli.run(['read', 'shop.pays', '--data', data, '--limit', '1']);
    expect(pays.out).toContain('"big":9007199254740990,"raw":"00ff"');

    const state = await cli.run(['state', 'get', 'shop-counts', 'shops', 's1', '--data', data]);
    expect(jsonLines(state.out)[0]?.['value']).toBe(2);
    const lag = await cli.run(['lag', '--data', data, '--json']);
    expect(jsonLines(lag.out).map(({ records }) => records)).toEqual([0, 0]);

    const second = await cli.run(['start', file, '--data', data]);
    expect(second.code).toBe(2);
    expect(second.err).toMatch(/is in use by pid \d+/);

    await ended(first, 'SIGKILL');

    // Killed: everything is there, from disk now.
    const disk = await cli.run(['state', 'get', file, 'shops', 's1', '--data', data]);
    expect(disk.out).toBe(state.out);
    const more = await cli.run(
      ['produce', 'shop.pays', '--data', data],
      `${pay('2')}\n${pay('5')}\n${pay('bad')}\n`,
    );
    expect(more.code).toBe(0);
    const behind = jsonLines((await cli.run(['lag', '--data', data, '--json'])).out);
    expect(behind.reduce((sum, { records }) => sum + Number(records), 0)).toBe(3);

    // Started again: the duplicate stays one, the bad one is quarantined.
    const again = await cli.run(['start', file, '--data', data, '--no-http', '--until-end']);
    expect(again.code).toBe(0);
    expect((await counted(3)).map(({ value }) => value)).toEqual([
      { id: '1', shop: 's1', count: 1 },
      { id: '2', shop: 's1', count: 2 },
      { id: '5', shop: 's1', count: 3 },
    ]);
    const quarantined = await cli.run(['quarantine', 'list', '--data', data]);
    expect(quarantined.out).toContain('no such payment');
    const [entry] = jsonLines(
      (await cli.run(['quarantine', 'list', '--json', '--data', data])).out,
    );
    const shown = await cli.run([
      'quarantine',
      'show',
      String(entry?.['quarantine_id']),
      '--data',
      data,
    ]);
    expect(shown.out).toContain('"id":"bad"');

    const verified = await cli.run(['replay', file, '--verify', '--data', data]);
    expect(verified.out).toContain('equal: every output');
    expect(verified.code).toBe(0);
    const rebuilt = await cli.run(['rebuild', file, '--data', data]);
    expect(rebuilt.out).toContain('rebuilt state equals the live one');
  });

  it('read ends quietly when its reader has had enough, and follows what is appended', async () => {
    const runner = join(cli.built, 'runner/main.js');
    const piped = spawnSync(
      'bash',
      [
        '-c',
        `"${process.execPath}" "${runner}" read shop.pays --data "${data}" | head -1; echo "\${PIPESTATUS[0]}"`,
      ],
      { encoding: 'utf8' },
    );
    const [line = '', code] = piped.stdout.trim().split('\n');
    expect(JSON.parse(line)).toMatchObject({ topic: 'shop.pays' });
    expect(code).toBe('0');
    expect(piped.stderr).toBe('');

    const owner = cli.start(['start', file, '--data', data, '--no-http']);
    await cli.says(owner, 'running');
    const following = cli.start([
      'read',
      'shop.pays',
      '--data',
      data,
      '--follow',
      '--format',
      'text',
    ]);
    const seen = heard(following.stdout, '"id":"6"');
    await cli.run(['produce', 'shop.pays', '--data', data], pay('6'));
    await seen;
    expect(await ended(following, 'SIGINT')).toBe(0);
    expect(await ended(owner, 'SIGTERM')).toBe(0);
  });

  it('schemas are listed, compared and refused by field and rule', async () => {
    const schema = join(folder, 'pay.avsc');
    writeFileSync(
      schema,
      JSON.stringify({ type: 'record', name: 'Pay', fields: [{ name: 'id', type: 'int' }] }),
    );
    const subject = ['--subject', 'shop.pays-value', '--data', data];
    const checked = await cli.run(['schemas', 'check', schema, ...subject]);
    expect(checked.out).toMatch(/incompatible +shop\.pays-value/);
    expect(checked.out).toContain('field id');
    expect(checked.code).toBe(1);
    const refused = await cli.run(['schemas', 'register', schema, ...subject]);
    expect(refused.code).toBe(2);
    const listed = await cli.run(['schemas', 'list', '--data', data]);
    expect(listed.out).toContain('BACKWARD_TRANSITIVE');
  });

  it('a record is released only with a name, a reason and a place that exists', async () => {
    const asked = ['--by', 'A. Person', '--reason', 'it crashes us', '--data', data];
    const wrong = await cli.run(['skip', 'shop-counts', 'shop.pays/0/999', ...asked]);
    expect(wrong.code).toBe(2);
    expect(wrong.err).toContain('There is no record shop.pays/0/999');
    const [record] = jsonLines((await cli.run(['read', 'shop.pays', '--data', data])).out);
    const place = `shop.pays/${String(record?.['partition'])}/${String(record?.['offset'])}`;
    const skipped = await cli.run(['skip', 'shop-counts/main/0', place, ...asked]);
    expect(skipped.out).toContain(`${place} is released for shop-counts by A. Person`);
    expect(skipped.code).toBe(0);
  });
});
